using System.Text;

namespace Dst.Interop.CSource;

/// <summary>Writes a model as C99 source: <c>dst export --format c</c>, docs/embedded.md.</summary>
/// <example>
/// <code>
/// var report = CSourceExport.Write(Model.Load("dst.safetensors"), "board", "net", CSourceCheck.None);
/// var sizes = report.Sizes;
/// Console.WriteLine($"{sizes.FlashBytes} bytes of flash, {sizes.ArenaBytes} of RAM, and {sizes.ImageBytes} of the image");
/// </code>
/// </example>
public static class CSourceExport
{
    // A compiler takes a minute for 20,000 operations, and its time grows faster than their number.
    private const int MostMeasured = 5000;

    /// <summary>Sizes of the constants and the arena of a model's source. Code and stack are not known without a compiler.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="model"/> is null.</exception>
    /// <exception cref="InputException">C source cannot express the model.</exception>
    public static CSourceSizes SizesOf(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new CSourceFiles(model, "network").Sizes;
    }

    /// <summary>The name for the source of a model file: what the file is called, as a C identifier.</summary>
    public static string NameFor(string path) => CText.ToName(Path.GetFileNameWithoutExtension(path));

    /// <summary>
    /// Writes the files of a model into a folder. A new folder appears with all of them. An earlier export in it is replaced, file by file,
    /// when all are written and checked.
    /// </summary>
    /// <param name="model">Network, weights and masks; not changed.</param>
    /// <param name="folder">Folder that does not exist, is empty or holds an earlier export alone.</param>
    /// <param name="name">Prefix of file names and C names: a C identifier.</param>
    /// <param name="check">Which tests to compile and run before the folder gets the files.</param>
    /// <param name="place">Where the weights go.</param>
    /// <param name="cancellation">Ends the work and the compiler, and leaves the folder as it is.</param>
    /// <returns>Sizes of the source, and of the source of the same network without masks.</returns>
    /// <exception cref="ArgumentException">The model, folder, name or check is null, or the folder is empty.</exception>
    /// <exception cref="InputException">
    /// The folder has other files or cannot be written, the name is not an identifier, C source cannot express the model, or an array
    /// of the check does not fit it.
    /// </exception>
    /// <exception cref="CSourceCheckException">The check failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static CSourceReport Write(
        Model model, string folder, string name, CSourceCheck check, WeightsPlace place = WeightsPlace.Source,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(check);
        CheckName(name);
        var target = new CSourceFolder(folder);
        var files = new CSourceFiles(model, name, place);
        var (sizes, problem) = Measure(files, name, cancellation);
        var dense = model.Masks.Count == 0 ? sizes : Measure(new(model, name, place, dense: true), name, cancellation).Sizes;
        try
        {
            WriteFiles(target.Temporary, files.All(sizes));
            if (files.Weights is { } weights) File.WriteAllBytes(Path.Combine(target.Temporary, $"{name}.bin"), weights);
            var output = check.Run(target.Temporary, files.Input, files.Outputs, cancellation);
            cancellation.ThrowIfCancellationRequested();
            target.TakeTemporary();
            return new(sizes, dense, output, problem, target.HasEarlier);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"folder {folder} cannot be written ({e.Message.TrimEnd('.')}); "
                    + "a name in a writable folder with enough free space was expected",
                e);
        }
        finally
        {
            if (Directory.Exists(target.Temporary)) Directory.Delete(target.Temporary, recursive: true);
        }
    }

    private static void CheckName(string name)
    {
        if (CText.IsName(name)) return;
        throw new InputException(
            $"name '{name}' is not a C identifier that is free; 1 to {CText.LongestName} letters, digits and '_', a letter first, were "
            + "expected, but neither main, a keyword of C nor the name of a header of its library");
    }

    private static void WriteFiles(string folder, IReadOnlyDictionary<string, Action<TextWriter>> files)
    {
        Directory.CreateDirectory(folder);
        foreach (var (file, write) in files)
        {
            using var stream = new FileStream(Path.Combine(folder, file), FileMode.Create);
            using (var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true)) write(writer);
            stream.Flush(flushToDisk: true);
        }
    }

    private static (CSourceSizes Sizes, string? Problem) Measure(CSourceFiles files, string name, CancellationToken cancellation)
    {
        if (files.Operations > MostMeasured)
            return (files.Sizes, $"it has {files.Operations} operations, and they are measured of up to {MostMeasured}");
        var folder = Directory.CreateTempSubdirectory("dst-code-").FullName;
        try
        {
            WriteFiles(folder, files.CodeOnly);
            var code = HostCompiler.Measure(folder, name, cancellation);
            return (files.Sizes with { CodeBytes = code.CodeBytes, StackBytes = code.StackBytes }, code.Problem);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

/// <summary>What was exported.</summary>
/// <param name="Sizes">Sizes of the source.</param>
/// <param name="Dense">Sizes of the source of the same network without masks.</param>
/// <param name="CheckOutput">What the tests said, a line each; empty if none ran.</param>
/// <param name="Problem">Why the sizes of code and stack are not known, or null.</param>
/// <param name="ReplacesEarlier">Whether the folder had the files of an earlier export, which are gone.</param>
public sealed record CSourceReport(
    CSourceSizes Sizes, CSourceSizes Dense, IReadOnlyList<string> CheckOutput, string? Problem, bool ReplacesEarlier);
