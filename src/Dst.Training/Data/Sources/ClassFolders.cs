using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Reads folders of classes. Names are compared and shown in Unicode NFC, whatever the file system keeps.</summary>
internal static class ClassFolders
{
    /// <summary>The name of a folder.</summary>
    public static string NameOf(string folder) => ComposedText.Of(Path.GetFileName(folder));

    /// <summary>
    /// The images of each class folder in a folder, by class name. A folder without images is no class, and images beside the class folders
    /// are not read, with a warning.
    /// </summary>
    /// <exception cref="InputException">Two folders have one name, or the path is not a folder.</exception>
    public static SortedDictionary<string, IReadOnlyList<string>> Read(string path, Action<string> log)
    {
        var classes = new SortedDictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        var (others, links, nested) = (new List<string>(), new List<string>(), new List<string>());
        foreach (var folder in ImageFolder.Subfolders(path))
        {
            var content = ImageFolder.Find(folder);
            others.AddRange(content.Others);
            links.AddRange(content.Links);
            if (FoldersIn(folder, content.Images) is { Count: > 1 } folders) nested.Add($"'{NameOf(folder)}' ({Phrases.First(folders)})");
            if (content.Images.Count == 0) log($"warning: folder '{folder}' holds no image file, so it is no class");
            else if (!classes.TryAdd(NameOf(folder), content.Images))
                throw new InputException(
                    $"'{folder}' and another folder have the name '{NameOf(folder)}'; one folder a class was expected");
        }

        others.AddRange(ImageFolder.OtherFiles(path));
        if (ImageFolder.Describe(others) is { } line) log($"data: {line}");
        if (ImageFolder.DescribeLinks(links) is { } linked) log($"data: {linked}");
        if (nested.Count > 0)
            log(
                $"data: images of several folders are taken together in {Phrases.Count(nested.Count, "class", "classes")}, such as "
                + nested[0]);
        WarnOfImages(path, log);
        return classes;
    }

    /// <summary>Names of the folders of a folder that hold these images.</summary>
    private static List<string> FoldersIn(string folder, IReadOnlyList<string> images) =>
    [
        .. from image in images
           let parts = Path.GetRelativePath(folder, image).Split(Path.DirectorySeparatorChar, '/')
           where parts.Length > 1
           group image by parts[0] into inner
           select inner.Key,
    ];

    /// <summary>Warns of images that lie in a folder itself, where folders were expected.</summary>
    public static void WarnOfImages(string path, Action<string> log)
    {
        var images = ImageFolder.Files(path).Select(file => Path.GetFileName(file)).Where(ImageFile.HasImageName).ToList();
        if (images.Count > 0)
            log(
                $"warning: folder '{path}' holds {Phrases.Count(images.Count, "image")} beside its folders, not read, "
                + $"such as '{images[0]}'");
    }

    /// <summary>Drops classes of fewer images than <see cref="DataOptions.MinSamples"/>, with a line.</summary>
    /// <exception cref="InputException">Fewer are left than data may have.</exception>
    public static List<(string Name, T[] Images)> DropSmall<T>(
        string path, IEnumerable<(string Name, T[] Images)> classes, DataOptions options, Action<string> log)
    {
        var minSamples = options.MinSamples;
        var (kept, dropped) = (new List<(string Name, T[] Images)>(), new List<string>());
        foreach (var (name, images) in classes.Where(c => c.Images.Length > 0))
        {
            if (images.Length >= minSamples) kept.Add((name, images));
            else dropped.Add($"{name} ({images.Length})");
        }

        if (dropped.Count > 0)
            log(
                $"data: dropped {Phrases.Count(dropped.Count, "class", "classes")} of fewer than {minSamples} images: "
                + string.Join(", ", dropped));
        List<string> names = [.. kept.Select(c => c.Name)];
        return SourceData.IsEnough(names, options)
            ? kept
            : throw new InputException(
                $"folder '{path}' has {Phrases.Count(kept.Count, "class", "classes")} of at least {Phrases.Count(minSamples, "image")}; "
                + $"at least 2 were expected{SourceData.AdviceFor(names, options)}");
    }
}
