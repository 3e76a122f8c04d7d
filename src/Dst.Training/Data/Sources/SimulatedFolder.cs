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
        foreach (var chip in chips)
        {
            cancellation.ThrowIfCancellationRequested();
            var (image, path) = (chip.Read(), Path.Combine(folder, $"{chip.Name}.png"));
            var file = PngFile.Encode(image.Channels, image.Height, image.Width, image.Data.ToArray());
            MakeFolder(Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, stream => stream.Write(file));
        }

        return chips.Count;
    }

    private static void MakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"folder '{folder}' cannot be made ({e.Message.TrimEnd('.')}); expected a writable place", e);
        }
    }
}
