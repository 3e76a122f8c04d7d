using Dst.Foundations;
using Dst.Images.Decoding;

namespace Dst.Training.Data;

/// <summary>Simulated chips as files, which serve as a data set of the kind <c>folder</c> or as unlabelled images.</summary>
/// <example>
/// <code>
/// SimulatedFolder.Write(new SimulatedOptions(), "chips", CancellationToken.None);
/// </code>
/// </example>
public static class SimulatedFolder
{
    /// <summary>Writes each chip to <c>train/CLASS/NUMBER.png</c> or <c>test/CLASS/NUMBER.png</c>.</summary>
    /// <param name="options">What is simulated.</param>
    /// <param name="folder">A folder that does not exist yet, or is empty.</param>
    /// <param name="cancellation">Checked before each chip.</param>
    /// <returns>Number of files.</returns>
    /// <exception cref="InputException">The folder has files, or one cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static int Write(SimulatedOptions options, string folder, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (File.Exists(folder) || Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new InputException($"folder '{folder}' exists and is not empty; a new folder was expected");
        var chips = SimulatedSource.Generate(options, cancellation).Labelled.ToList();
        // Half of the chips would pass for a data set: the folder appears with all of them or not at all.
        var part = AtomicFile.TemporaryBeside(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        try
        {
            foreach (var chip in chips)
            {
                cancellation.ThrowIfCancellationRequested();
                Write(chip, part);
            }

            ChangeFolder(folder, () =>
            {
                if (Directory.Exists(folder)) Directory.Delete(folder);
                Directory.Move(part, folder);
            });
        }
        finally
        {
            if (Directory.Exists(part)) Directory.Delete(part, recursive: true);
        }

        return chips.Count;
    }

    private static void Write(SourceSample chip, string folder)
    {
        var (image, path) = (chip.Read(), Path.Combine(folder, $"{chip.Name}.png"));
        var file = PngFile.Encode(image.Channels, image.Height, image.Width, image.Data.ToArray());
        var parent = Path.GetDirectoryName(path)!;
        ChangeFolder(parent, () => Directory.CreateDirectory(parent));
        AtomicFile.Write(path, stream => stream.Write(file));
    }

    private static void ChangeFolder(string folder, Action change)
    {
        try
        {
            change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"folder '{folder}' cannot be made ({e.Message.TrimEnd('.')}); expected a writable place", e);
        }
    }
}
