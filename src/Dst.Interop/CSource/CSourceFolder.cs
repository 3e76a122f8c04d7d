using Dst.Foundations;

namespace Dst.Interop.CSource;

/// <summary>The folder of an export: new, empty, or with an earlier export, whose files it then loses.</summary>
internal sealed class CSourceFolder
{
    /// <summary>What the beginning of each text says of its origin.</summary>
    private const string Origin = "dst export --format c";

    private const int OriginLength = 400; // of the beginning, in characters

    private static readonly string[] Texts = [".c", ".h", "_test.c", "_classes.h"];

    // What the Makefile leaves.
    private static readonly string[] Built = [".o", "_test", "_test.exe"];

    private readonly string _path;
    private readonly string[] _earlier;

    /// <summary>Looks at a folder before the work.</summary>
    /// <exception cref="InputException">It is a file, or has a file that no export wrote.</exception>
    public CSourceFolder(string path)
    {
        const string expected = "a folder that does not exist, is empty or holds an earlier export alone was expected";
        _path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        Temporary = AtomicFile.TemporaryBeside(_path);
        if (!Directory.Exists(_path))
        {
            if (new FileInfo(_path).LinkTarget is { } target)
                throw new InputException($"'{path}' is a link to {target}, which is no folder; {expected}");
            if (File.Exists(_path)) throw new InputException($"'{path}' is a file; {expected}");
            _earlier = [];
            return;
        }

        var entries = InputFile.Guard(path, () => Directory.GetFileSystemEntries(_path));
        _earlier = [.. entries.SelectMany(ExportWith).Distinct()];
        if (entries.Except(_earlier).Order(StringComparer.Ordinal).FirstOrDefault() is { } other)
            throw new InputException(
                $"folder '{path}' is not empty: it has '{Path.GetFileName(other)}', which no earlier export wrote; {expected}");
    }

    /// <summary>Whether it has the files of an earlier export.</summary>
    public bool HasEarlier => _earlier.Length > 0;

    /// <summary>A folder beside it that does not exist yet.</summary>
    public string Temporary { get; }

    /// <summary>Puts the files of the temporary folder in place of its own. The folder itself stays: it may be a link, or in use.</summary>
    public void TakeTemporary()
    {
        if (!Directory.Exists(_path))
        {
            Directory.Move(Temporary, _path);
            return;
        }

        var written = Array.ConvertAll(Directory.GetFiles(Temporary), file => Path.Combine(_path, Path.GetFileName(file)));
        foreach (var file in written) File.Move(Path.Combine(Temporary, Path.GetFileName(file)), file, overwrite: true);
        foreach (var file in _earlier.Except(written)) File.Delete(file);
    }

    /// <summary>The files of the export that a file is the source of; none if it is no source of ours.</summary>
    private static IEnumerable<string> ExportWith(string source)
    {
        if (Path.GetExtension(source) != ".c" || !HasOrigin(source)) return [];
        var (folder, name) = (Path.GetDirectoryName(source)!, Path.GetFileNameWithoutExtension(source));
        var texts = PathsOf([.. Texts.Select(ending => name + ending), "README.md"]).Where(HasOrigin);
        var weights = PathsOf([$"{name}.bin"]).Where(CWeights.IsFile);
        var makefile = PathsOf(["Makefile"]).Where(path => IsMakefile(path, name));
        return [.. texts, .. weights, .. makefile, .. PathsOf([.. Built.Select(ending => name + ending)]).Where(File.Exists)];

        IEnumerable<string> PathsOf(string[] names) => names.Select(file => Path.Combine(folder, file));
    }

    // One that was changed, for a board or a compiler, is not lost.
    private static bool IsMakefile(string path, string name) => File.Exists(path) && InputFile.ReadText(path) is var text
        && (text == CSourceFiles.MakefileOf(name, needsMath: false) || text == CSourceFiles.MakefileOf(name, needsMath: true));

    private static bool HasOrigin(string text) => File.Exists(text) && InputFile.Guard(text, () =>
    {
        using var reader = new StreamReader(text);
        var beginning = new char[OriginLength];
        return new string(beginning, 0, reader.ReadBlock(beginning)).Contains(Origin, StringComparison.Ordinal);
    });
}
