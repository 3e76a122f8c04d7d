using Dst.Foundations;

namespace Dst.Training.Data;

/// <summary>Finds out what kind of data a path holds.</summary>
internal static class DataKinds
{
    /// <summary>The options with a kind in place of <see cref="DataKind.Auto"/>.</summary>
    /// <exception cref="InputException">The path does not exist or is of no known kind, or simulated data has a path.</exception>
    public static DataOptions Resolve(DataOptions options, string baseFolder, Action<string> log)
    {
        if (options.Kind == DataKind.Simulated && options.Path.Length > 0)
            throw new InputException(
                $"data.kind is simulated and data.path is '{options.Path}'; one of them was expected, because without data.kind the path "
                + "tells what it holds");
        if (options.Kind != DataKind.Auto) return options;
        if (options.Path.Length == 0) return options with { Kind = DataKind.Simulated };
        var path = SourceData.PathOf(options, baseFolder);
        var kind = Directory.Exists(path) ? OfFolder(path) : OfFile(path);
        log($"data: '{options.Path}' is read as data.kind {Words.Of(kind)}");
        return options with { Kind = kind };
    }

    private static DataKind OfFile(string path) => IdxSource.IsImages(path) ? DataKind.Idx
        : CifarSource.KindOfArchive(path) ?? throw new InputException(
            $"data.path '{path}' is a file of an unknown kind; a folder of images, a CIFAR archive or an IDX file of images was expected");

    private static DataKind OfFolder(string path)
    {
        if (CifarSource.KindOfFolder(path) is { } cifar) return cifar;
        if (IdxSource.Find(path).Count > 0) return DataKind.Idx;
        if (File.Exists(Path.Combine(path, FusarSource.MetaName))) return DataKind.Fusar;
        if (OpenSarShipSource.Scenes(path).Count > 0) return DataKind.Opensarship;
        return FolderSource.IsMstar(path) ? DataKind.Mstar : DataKind.Folder;
    }
}
