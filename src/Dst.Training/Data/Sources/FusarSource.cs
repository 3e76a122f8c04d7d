using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>
/// Reads FUSAR-Ship: <c>category/subcategory/Ship_*.tiff</c> and <c>meta.csv</c>, whose column <c>mmsi</c> tells which images show
/// the same ship. There is no official split.
/// </summary>
/// <remarks>Hou et al., "FUSAR-Ship: building a high-resolution SAR-AIS matchup dataset of Gaofen-3", Science China 2020.</remarks>
internal static class FusarSource
{
    private const string MetaName = "meta.csv"; // tells which ship an image shows
    private const int LargestMeta = 64 << 20;
    private const int LongestHeader = 4096;
    private const string Separators = ",;\t";

    /// <summary>
    /// Lists the images. Classes are categories or <c>category/subcategory</c>. A class of fewer images than
    /// <see cref="DataOptions.MinSamples"/> is dropped.
    /// </summary>
    public static SourceData Open(string path, DataOptions options, Action<string> log)
    {
        var ships = ReadShips(Path.Combine(path, MetaName));
        var classes = options.Level == FusarLevel.Category ? Categories(path, log) : Subcategories(path, log);
        var kept = ClassFolders.DropSmall(path, classes, options, log);
        var samples = new List<SourceSample>();
        var unknown = 0;
        for (var label = 0; label < kept.Count; label++)
        {
            foreach (var file in kept[label].Images)
            {
                if (!ships.TryGetValue(Path.GetFileName(file), out var ship)) unknown++;
                samples.Add(SourceSample.OfFile(file, label, ship ?? ""));
            }
        }

        if (unknown > 0) log($"data: {unknown} of {samples.Count} images are not in {MetaName}, so it is not known which ship they show");
        return new([.. kept.Select(c => c.Name)], samples, []);
    }

    /// <summary>Whether a folder has <c>meta.csv</c>, and its first line the columns of FUSAR-Ship.</summary>
    /// <exception cref="InputException">The file may not be read.</exception>
    public static bool IsFusar(string path)
    {
        var meta = Path.Combine(path, MetaName);
        if (!ImageFolder.Files(path).Contains(meta)) return false;
        var start = new char[LongestHeader];
        var count = InputFile.Guard(meta, () =>
        {
            using var reader = new StreamReader(ImageArchive.OpenFile(meta));
            return reader.ReadBlock(start);
        });
        using var text = new StringReader(new(start, 0, count));
        return Header(text.ReadLine() ?? "") is { Path: >= 0, Ship: >= 0 };
    }

    private static IEnumerable<(string Name, string[] Files)> Categories(string path, Action<string> log) =>
        ClassFolders.Read(path, log).Select(c => (c.Key, c.Value.ToArray()));

    private static IEnumerable<(string Name, string[] Files)> Subcategories(string path, Action<string> log) =>
        ImageFolder.Subfolders(path).SelectMany(
            category => ClassFolders.Read(category, log)
                .Select(c => ($"{ClassFolders.NameOf(category)}/{c.Key}", c.Value.ToArray())));

    // The MMSI number of the ship by image file name.
    private static Dictionary<string, string> ReadShips(string metaPath)
    {
        using var reader = new StringReader(InputFile.TextOf(metaPath, ImageArchive.ReadAllBytes(metaPath, LargestMeta)));
        var first = reader.ReadLine() ?? "";
        var (columns, pathColumn, shipColumn, separator) = Header(first);
        if (pathColumn < 0 || shipColumn < 0)
            throw new InputException(
                $"file '{metaPath}' has no column '{(pathColumn < 0 ? "path" : "mmsi")}' in its first line, '{Phrases.Shorten(first)}'; "
                + "the columns path and mmsi were expected, with commas, semicolons or tabs between columns");
        var ships = new Dictionary<string, string>();
        for (var number = 2; reader.ReadLine() is { } line; number++)
        {
            if (line.Length == 0) continue;
            var fields = Fields(line, separator);
            if (fields.Count != columns)
                throw new InputException($"file '{metaPath}' has {fields.Count} fields in line {number}; {columns} were expected");
            ships[Path.GetFileName(fields[pathColumn].Trim().Replace('\\', '/'))] = fields[shipColumn].Trim();
        }

        return ships;
    }

    // The number of columns, which of them has the image's path and which its ship, or -1, and what is between columns. Spreadsheets of
    // some countries write semicolons.
    private static (int Count, int Path, int Ship, char Separator) Header(string line)
    {
        var headers = Separators.Select(separator => Header(line, separator)).ToList();
        return headers.Find(header => header is { Path: >= 0, Ship: >= 0 }) is { Count: > 0 } whole ? whole : headers[0];
    }

    private static (int Count, int Path, int Ship, char Separator) Header(string line, char separator)
    {
        var names = Fields(line, separator).ConvertAll(name => name.Trim().ToUpperInvariant());
        return (names.Count, names.IndexOf("PATH"), names.IndexOf("MMSI"), separator);
    }

    // Separators inside double quotes belong to their field.
    private static List<string> Fields(string line, char separator)
    {
        var fields = new List<string>();
        var (start, quoted) = (0, false);
        for (var i = 0; i <= line.Length; i++)
        {
            if (i < line.Length && line[i] == '"') quoted = !quoted;
            if (i < line.Length && (quoted || line[i] != separator)) continue;
            fields.Add(line[start..i].Trim('"'));
            start = i + 1;
        }

        return fields;
    }
}
