using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Finds out what kind of data a path holds.</summary>
/// <seealso cref="DataSet"/>
public static class DataKinds
{
    /// <summary>What to do with a list of labels.</summary>
    public const string NoLists = "lists of labels are not read: put the images of each class into a folder of its own";

    // Keys that only some kinds have. Values are compared by content.
    private static readonly (string Key, DataKind[] Kinds, Func<DataOptions, object> Value)[] KeysOfKinds =
    [
        ("data.level", [DataKind.Fusar], options => options.Level),
        ("data.min_samples", [DataKind.Fusar, DataKind.Opensarship], options => options.MinSamples),
        ("data.patch", [DataKind.Opensarship], options => options.Patch),
        ("data.bands", [DataKind.Opensarship], options => OpenSarShipSource.List(options.Bands)),
        ("data.simulated", [DataKind.Simulated], options => options.Simulated),
    ];

    /// <summary>
    /// Whether a path is a folder, a zip archive of images, a CIFAR archive or an IDX file of images, so that it can be <c>data.path</c>.
    /// </summary>
    /// <exception cref="InputException">A file is damaged.</exception>
    public static bool IsData(string path) =>
        Directory.Exists(path)
        || File.Exists(path) && (IdxSource.IsImages(path) || ImageArchive.IsArchive(path) || CifarSource.KindOfArchive(path) is not null);

    /// <summary>Whether a file is a list, such as one of labels, by its name.</summary>
    public static bool IsList(string path) => Path.GetExtension(path).ToLowerInvariant() is ".csv" or ".tsv";

    /// <summary>Whether a kind of data has a key that only some kinds have.</summary>
    internal static bool Has(DataKind kind, string key) => KeysOfKinds.Any(row => row.Key == key && row.Kinds.Contains(kind));

    /// <summary>The options with a kind in place of <see cref="DataKind.Auto"/>.</summary>
    /// <exception cref="InputException">
    /// The path does not exist or is of no known kind, simulated data has a path, or a key is of another kind.
    /// </exception>
    internal static DataOptions Resolve(DataOptions options, Action<string> log)
    {
        if (options.Kind == DataKind.Simulated && options.Path.Length > 0)
            throw new InputException(
                $"data.kind is simulated and data.path is '{options.Path}'; one of them was expected, because without data.kind the path "
                + "tells what it holds");
        var resolved = options.Kind == DataKind.Auto ? options with { Kind = Find(options, log) } : options;
        CheckKeys(resolved);
        if (resolved.Kind is DataKind.Idx or DataKind.Cifar10 or DataKind.Cifar100
            && ImageArchive.HasFolder(SourceData.FullPath(options.Path)))
            throw new InputException(
                $"data.path '{options.Path}' is a zip archive and data.kind {EnumWords.Of(resolved.Kind)}; a zip archive of image files, "
                + "or the files unpacked, were expected");
        return resolved;
    }

    /// <summary>The data set in a folder that only wraps it, up to eight folders deep, or null.</summary>
    internal static string? FindInside(string folder)
    {
        const int deepest = 8;
        for (var depth = 0; depth < deepest; depth++)
        {
            var folders = ImageFolder.Subfolders(folder);
            var withImages = folders.Where(inner => ImageFolder.Find(inner).Images.Count > 0).ToList();
            if (withImages.Count > 1 || depth > 0 && OfFolder(folder) != DataKind.Folder) return depth > 0 ? folder : null;
            if (withImages.Count == 0 && folders.Count != 1) return null;
            folder = withImages.Count == 1 ? withImages[0] : folders[0];
        }

        return null;
    }

    private static DataKind Find(DataOptions options, Action<string> log)
    {
        if (options.Path.Length == 0)
        {
            log("data: simulated chips, as data.path is empty");
            return DataKind.Simulated;
        }

        var path = SourceData.PathOf(options);
        var kind = ImageFolder.Exists(path) ? OfFolder(path) : OfFile(path);
        var inside = Path.GetRelativePath(SourceData.FullPath(options.Path), path);
        log($"data: '{options.Path}'{(inside == "." ? "" : $", folder '{inside}',")} is read as data.kind {EnumWords.Of(kind)}");
        return kind;
    }

    private static void CheckKeys(DataOptions options)
    {
        var defaults = new DataOptions();
        foreach (var (key, kinds, value) in KeysOfKinds)
        {
            if (kinds.Contains(options.Kind) || value(options).Equals(value(defaults))) continue;
            var owners = string.Join(" and ", kinds.Select(kind => EnumWords.Of(kind)));
            throw new InputException(
                $"{key} is set and data.kind is {EnumWords.Of(options.Kind)}; {key} was expected with {owners} alone, so leave it out");
        }
    }

    private static DataKind OfFile(string path)
    {
        if (IdxSource.IsImages(path)) return DataKind.Idx;
        if (Path.GetFileName(path).Contains("idx1", StringComparison.OrdinalIgnoreCase))
            throw new InputException(
                $"data.path '{path}' is a file of labels; the file of images beside it was expected, such as train-images-idx3-ubyte");
        if (IsList(path)) throw new InputException($"data.path '{path}' is a list; {NoLists}, and name the folder around them");
        return CifarSource.KindOfArchive(path) ?? throw new InputException(
            $"data.path '{path}' is {FileKind.NameOf(path) ?? "a file of an unknown kind"}; a folder or a zip archive of images, a CIFAR "
            + "archive (.tar.gz) or an IDX file of images was expected");
    }

    private static DataKind OfFolder(string path)
    {
        if (CifarSource.KindOfFolder(path) is { } cifar) return cifar;
        if (IdxSource.Find(path).Count > 0) return DataKind.Idx;
        if (FusarSource.IsFusar(path)) return DataKind.Fusar;
        if (OpenSarShipSource.Scenes(path).Count > 0) return DataKind.Opensarship;
        return FolderSource.IsMstar(path) ? DataKind.Mstar : DataKind.Folder;
    }
}
