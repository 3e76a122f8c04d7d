using System.Text;

namespace Dst.Interop.CSource;

/// <summary>Writes a model as C99 source: <c>dst export --format c</c>, docs/embedded.md.</summary>
/// <example>
/// <code>
/// var report = CSourceExport.Write(Model.Load("dst.safetensors"), "board", "net", CSourceCheck.None);
/// Console.WriteLine($"{report.Sizes.FlashBytes} bytes of flash, {report.Sizes.ArenaBytes} of RAM");
/// </code>
/// </example>
public static class CSourceExport
{
    // A compiler takes a minute for 20,000, more than in proportion.
    private const int MostMeasured = 5000;

    /// <summary>Sizes of the constants and the arena of a model's source. Code and stack are not known without a compiler.</summary>
    /// <exception cref="InputException">C source cannot express the model.</exception>
    public static CSourceSizes SizesOf(Model model) => new CSourceFiles(model, "network").Sizes;

    /// <summary>Writes the files of a model into a new folder. The folder appears with all files or not at all.</summary>
    /// <param name="model">Network, weights and masks; not changed.</param>
    /// <param name="folder">Folder that does not exist or is empty.</param>
    /// <param name="name">Prefix of file names and C names: a C identifier.</param>
    /// <param name="check">Which tests to compile and run before the folder appears.</param>
    /// <param name="place">Where the weights go.</param>
    /// <returns>Sizes of the source, and of the source of the same network without masks.</returns>
    /// <exception cref="InputException">
    /// The folder has files or cannot be written, the name is not an identifier, C source cannot express the model, or an array
    /// of the check does not fit it.
    /// </exception>
    /// <exception cref="CSourceCheckException">The check failed.</exception>
    public static CSourceReport Write(
        Model model, string folder, string name, CSourceCheck check, WeightsPlace place = WeightsPlace.Source)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(check);
        CheckName(name);
        CheckFolder(folder);
        var files = new CSourceFiles(model, name, place);
        var (sizes, problem) = Measure(files, name);
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var temporary = Path.Combine(Path.GetDirectoryName(target) ?? "", $".{Path.GetFileName(target)}.{Environment.ProcessId}.tmp");
        try
        {
            WriteFiles(temporary, files.All(sizes));
            if (files.Weights is { } weights) File.WriteAllBytes(Path.Combine(temporary, $"{name}.bin"), weights);
            var output = check.Run(temporary, files.Input, files.Outputs);
            if (Directory.Exists(target)) Directory.Delete(target);
            Directory.Move(temporary, target);
            var dense = model.Masks.Count == 0 ? sizes : Measure(new CSourceFiles(model, name, place, dense: true), name).Sizes;
            return new(sizes, dense, output, problem);
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
            if (Directory.Exists(temporary)) Directory.Delete(temporary, recursive: true);
        }
    }

    private static void CheckName(string name)
    {
        if (CText.IsName(name)) return;
        throw new InputException(
            $"name '{name}' is not a C identifier; 1 to 40 letters, digits and '_', a letter first and no keyword, were expected");
    }

    private static void CheckFolder(string folder)
    {
        if (File.Exists(folder)) throw new InputException($"'{folder}' is a file; a folder that does not exist or is empty was expected");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())
            throw new InputException($"folder '{folder}' is not empty; one that does not exist or is empty was expected");
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

    private static (CSourceSizes Sizes, string? Problem) Measure(CSourceFiles files, string name)
    {
        if (files.Operations > MostMeasured)
            return (files.Sizes, $"it has {files.Operations} operations, and they are measured of up to {MostMeasured}");
        var folder = Directory.CreateTempSubdirectory("dst-code-").FullName;
        try
        {
            WriteFiles(folder, files.CodeOnly);
            var code = HostCompiler.Measure(folder, name);
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
public sealed record CSourceReport(CSourceSizes Sizes, CSourceSizes Dense, IReadOnlyList<string> CheckOutput, string? Problem);
