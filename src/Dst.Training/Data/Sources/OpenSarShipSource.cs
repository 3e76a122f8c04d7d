using System.Text.RegularExpressions;
using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>
/// Reads OpenSARShip: <c>scene/Patch_Cal/Class_x1_y2.tif</c>, or <c>Patch_Uint8</c>, where a name may start with <c>Visual_</c>. A file of
/// one band has VV, a file of two has VH, then VV. A file whose name ends in <c>_vv</c> or <c>_vh</c> has that band alone. There is no
/// official split.
/// </summary>
/// <remarks>
/// Huang et al., "OpenSARShip: A Dataset Dedicated to Sentinel-1 Ship Interpretation", IEEE JSTARS 2018.
/// </remarks>
internal static partial class OpenSarShipSource
{
    private static readonly Polarisation[] OneBand = [Polarisation.Vv];
    private static readonly Polarisation[] TwoBands = [Polarisation.Vh, Polarisation.Vv];

    /// <summary>Lists the chips that have every band that is asked for.</summary>
    /// <exception cref="InputException">There are no such chips, or fewer classes than data may have.</exception>
    public static SourceData Open(string path, DataOptions options, Action<string> log)
    {
        if (options.Bands.Count == 0 || options.Bands.Distinct().Count() < options.Bands.Count)
            throw new InputException($"data.bands is [{List(options.Bands)}]; one or both of vv and vh were expected, each once");
        var chips = Chips(path, options.Patch, log);
        var kept = chips.Where(chip => options.Bands.All(chip.Bands.ContainsKey)).ToList();
        if (kept.Count < chips.Count)
            log($"data: {chips.Count - kept.Count} of {chips.Count} chips are left out, because they lack a band of data.bands "
                + $"[{List(options.Bands)}]");
        var classes = kept.GroupBy(chip => chip.Class).OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => (group.Key, group.ToArray()));
        var named = ClassFolders.DropSmall(path, classes, options, log);
        var samples = named.SelectMany((c, label) => c.Images.Select(chip => ToSample(chip, label, options.Bands)));
        return new([.. named.Select(c => c.Name)], [.. samples], []);
    }

    /// <summary>The scenes in a folder, or the folder itself if it is one.</summary>
    public static IReadOnlyList<string> Scenes(string path) =>
        IsScene(path) ? [path] : [.. ImageFolder.Subfolders(path).Where(IsScene)];

    /// <summary>Polarisations as a recipe has them.</summary>
    public static string List(IEnumerable<Polarisation> bands) => string.Join(", ", bands.Select(band => EnumWords.Of(band)));

    private static bool IsScene(string folder) =>
        Enum.GetValues<OpenSarShipPatch>().Any(patch => ImageFolder.Exists(Path.Combine(folder, FolderOf(patch))));

    private static string FolderOf(OpenSarShipPatch patch) => $"Patch_{patch}";

    private static List<Chip> Chips(string path, OpenSarShipPatch patch, Action<string> log)
    {
        var scenes = Scenes(path);
        var folders = scenes.Select(scene => Path.Combine(scene, FolderOf(patch))).Where(ImageFolder.Exists).ToList();
        if (folders.Count == 0)
            throw new InputException($"folder '{path}' has no scene with a folder {FolderOf(patch)}, which was expected");
        if (folders.Count < scenes.Count) log($"warning: {scenes.Count - folders.Count} scenes of '{path}' have no {FolderOf(patch)}");
        var (chips, others) = (new Dictionary<string, Chip>(), new List<string>());
        foreach (var file in folders.Select(ImageFolder.Find).SelectMany(content => content.Images.Concat(content.Others)))
        {
            var match = Name().Match(Path.GetFileName(file));
            if (!match.Success)
            {
                others.Add(file);
                continue;
            }

            var key = Path.Combine(Path.GetDirectoryName(file)!, match.Groups["chip"].Value);
            if (!chips.TryGetValue(key, out var chip)) chips.Add(key, chip = new(ComposedText.Of(match.Groups["class"].Value), []));
            foreach (var (index, band) in BandsOf(file, match.Groups["band"].Value).Index()) chip.Bands[band] = (file, index);
        }

        if (ImageFolder.Describe(others) is { } line) log($"data: {line}");
        return [.. chips.Values];
    }

    private static Polarisation[] BandsOf(string file, string suffix)
    {
        if (suffix.Length > 0) return [EnumWords.Find<Polarisation>(suffix.ToLowerInvariant())!.Value];
        return ImageFile.Measure(file).Channels switch
        {
            1 => OneBand,
            2 => TwoBands,
            var channels => throw new InputException($"file '{file}' has {channels} bands; VV, or VH and VV were expected"),
        };
    }

    private static SourceSample ToSample(Chip chip, int label, IReadOnlyList<Polarisation> bands)
    {
        var (file, _) = chip.Bands[bands[0]];
        return new(file, label, () => Read(chip, bands))
        {
            Measure = () => ImageFile.Measure(file) with { Channels = bands.Count },
            IsFile = chip.BandsIn(file).SequenceEqual(bands),
        };
    }

    private static Image Read(Chip chip, IReadOnlyList<Polarisation> bands)
    {
        var files = bands.Select(band => chip.Bands[band].File).Distinct().ToDictionary(file => file, ImageFile.Read);
        return Image.Stack([.. bands.Select(band => files[chip.Bands[band].File].Select([chip.Bands[band].Index]))]);
    }

    [GeneratedRegex(@"^(?:Visual_)?(?<chip>(?<class>.+?)_x-?\d+_y-?\d+)(?:_(?<band>vv|vh))?\.tiff?$", RegexOptions.IgnoreCase)]
    private static partial Regex Name();

    // A chip, and for each of its bands the file that has it and its place there.
    private sealed record Chip(string Class, Dictionary<Polarisation, (string File, int Index)> Bands)
    {
        public IEnumerable<Polarisation> BandsIn(string file) =>
            Bands.Where(band => band.Value.File == file).OrderBy(band => band.Value.Index).Select(band => band.Key);
    }
}
