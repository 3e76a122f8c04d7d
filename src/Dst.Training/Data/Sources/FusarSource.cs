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
    private const string MetaName = "meta.csv";
    private const int LargestMeta = 64 << 20;

    /// <summary>
    /// Lists the images. Classes are categories or <c>category/subcategory</c>. A class of fewer than <paramref name="minSamples"/>
    /// images is dropped.
    /// </summary>
    public static SourceData Open(string path, FusarLevel level, int minSamples, Action<string> log)
    {
        var ships = ReadShips(Path.Combine(path, MetaName));
        var classes = new List<(string Name, List<string> Files)>();
        foreach (var category in ImageFolder.Subfolders(path))
        {
            var name = Path.GetFileName(category);
            if (level == FusarLevel.Category)
            {
                classes.Add((name, [.. ImageFolder.ImageFiles(category)]));
                continue;
            }

            foreach (var folder in ImageFolder.Subfolders(category))
                classes.Add(($"{name}/{Path.GetFileName(folder)}", [.. ImageFolder.ImageFiles(folder)]));
        }

        var dropped = classes.Where(c => c.Files.Count < minSamples).ToList();
        if (dropped.Count > 0)
        {
            var names = string.Join(", ", dropped.Select(c => $"{c.Name} ({c.Files.Count})"));
            log($"data: dropped {dropped.Count} classes of fewer than {minSamples} images: {names}");
        }

        var kept = classes.Except(dropped).Where(c => c.Files.Count > 0).ToList();
        if (kept.Count < 2)
            throw new InputException(
                $"folder '{path}' has {kept.Count} classes of at least {minSamples} images at the level '{Words.Of(level)}'; "
                + "at least 2 were expected");

        var samples = new List<SourceSample>();
        var unknown = 0;
        for (var label = 0; label < kept.Count; label++)
        {
            foreach (var file in kept[label].Files)
            {
                if (!ships.TryGetValue(Path.GetFileName(file), out var ship)) unknown++;
                samples.Add(new(file, label, () => ImageFile.Read(file), ship ?? ""));
            }
        }

        if (unknown > 0) log($"data: {unknown} of {samples.Count} images are not in {MetaName}, so it is not known which ship they show");
        return new([.. kept.Select(c => c.Name)], samples, []);
    }

    // The MMSI number of the ship by image file name.
    private static Dictionary<string, string> ReadShips(string metaPath)
    {
        var bytes = InputFile.ReadAllBytes(metaPath);
        if (bytes.Length > LargestMeta)
            throw new InputException($"file '{metaPath}' has {bytes.Length} bytes; at most {LargestMeta} were expected");
        using var reader = new StreamReader(new MemoryStream(bytes));
        var header = Fields(reader.ReadLine() ?? "").ConvertAll(name => name.Trim().ToUpperInvariant());
        int pathColumn = header.IndexOf("PATH"), shipColumn = header.IndexOf("MMSI");
        if (pathColumn < 0 || shipColumn < 0)
            throw new InputException($"file '{metaPath}' has no column '{(pathColumn < 0 ? "path" : "mmsi")}' in its first line");
        var ships = new Dictionary<string, string>();
        for (var number = 2; reader.ReadLine() is { } line; number++)
        {
            if (line.Length == 0) continue;
            var fields = Fields(line);
            if (fields.Count != header.Count)
                throw new InputException($"file '{metaPath}' has {fields.Count} fields in line {number}; {header.Count} were expected");
            ships[Path.GetFileName(fields[pathColumn].Trim().Replace('\\', '/'))] = fields[shipColumn].Trim();
        }

        return ships;
    }

    // Commas inside double quotes belong to their field.
    private static List<string> Fields(string line)
    {
        var fields = new List<string>();
        var (start, quoted) = (0, false);
        for (var i = 0; i <= line.Length; i++)
        {
            if (i < line.Length && line[i] == '"') quoted = !quoted;
            if (i < line.Length && (quoted || line[i] != ',')) continue;
            fields.Add(line[start..i].Trim('"'));
            start = i + 1;
        }

        return fields;
    }
}
