using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Reads a folder for each class, with image files at any depth. The folders' names are the classes' names.</summary>
internal static class FolderSource
{
    private static readonly string[] TrainingNames = ["train", "train/17_DEG", "17_DEG"];
    private static readonly string[] TestNames = ["test", "test/15_DEG", "15_DEG"];

    /// <summary><c>path/split/class/*</c>, or <c>path/class/*</c> without splits.</summary>
    public static SourceData Open(string path, DataOptions options, Action<string> log) =>
        SplitFolders.Find(path, log) is { } splits
            ? Open(splits.Training!, splits.Validation, splits.Test, options, log)
            : Open(path, null, null, options, log);

    /// <summary>Training and test chips, both required. MSTAR data also names them 17_DEG and 15_DEG, after the depression angle.</summary>
    public static SourceData OpenMstar(string path, DataOptions options, Action<string> log)
    {
        var training = LastFound(path, TrainingNames);
        var test = LastFound(path, TestNames);
        if (training is null || test is null)
        {
            var missing = training is null ? "'train' or '17_DEG'" : "'test' or '15_DEG'";
            throw new InputException(
                $"folder '{path}' has no folder {missing}; MSTAR's training and test chips were expected in such folders");
        }

        return Open(training, null, test, options, log);
    }

    /// <summary>Whether a folder has MSTAR's folders of depression angles.</summary>
    public static bool IsMstar(string path) =>
        LastFound(path, TrainingNames[1..]) is not null && LastFound(path, TestNames[1..]) is not null;

    /// <summary>The images in and below the folder <c>data.unlabelled</c>, whatever its folders are called; none without it.</summary>
    /// <exception cref="InputException">It is not a folder, or holds no image.</exception>
    public static IReadOnlyList<SourceSample> OpenUnlabelled(DataOptions options, Action<string> log, CancellationToken cancellation)
    {
        if (options.Unlabelled.Length == 0) return [];
        var folder = SourceData.FullPath(options.Unlabelled);
        if (!ImageFolder.Exists(folder))
            throw new InputException(
                $"data.unlabelled '{folder}' is not a folder; a folder or a zip archive of images without labels was expected");
        var files = ImageFolder.Images(folder, line => log($"data: {line}"));
        SourceSample[] images = [.. files.Select(file => SourceSample.OfFile(file, label: null))];
        return options.Unreadable == UnreadableImages.Skip ? ParallelRead.Readable(images, log, cancellation) : images;
    }

    private static SourceData Open(
        string trainingFolder, string? validationFolder, string? testFolder, DataOptions options, Action<string> log)
    {
        var classes = ClassFolders.Read(trainingFolder, log);
        if (!SourceData.IsEnough(classes.Keys, options))
            throw new InputException(
                $"folder '{trainingFolder}' holds {Phrases.Count(classes.Count, "class folder")}; at least 2 were expected"
                + SourceData.AdviceFor(classes.Keys, options) + AdviceFor(ImageFolder.Files(trainingFolder))
                + (DataKinds.FindInside(trainingFolder) is { } inner ? $", and if '{inner}' is the data set, data.path {inner}" : ""));
        string[] names = [.. classes.Keys];
        var training = classes.Values.SelectMany((files, label) => files.Select(file => SourceSample.OfFile(file, label)));
        return new(names, [.. training], ReadSplit(testFolder, trainingFolder, names, log))
        {
            Validation = ReadSplit(validationFolder, trainingFolder, names, log),
        };
    }

    private static string AdviceFor(IReadOnlyList<string> files)
    {
        if (files.FirstOrDefault(DataKinds.IsList) is { } list) return $"; it holds '{Path.GetFileName(list)}', and {DataKinds.NoLists}";
        var images = files.Count(ImageFile.HasImageName);
        return images > 0 ? $"; it holds {Phrases.Count(images, "image")}: put those of each class into a folder of its own" : "";
    }

    private static List<SourceSample> ReadSplit(string? folder, string trainingFolder, string[] names, Action<string> log)
    {
        if (folder is null) return [];
        var samples = new List<SourceSample>();
        foreach (var (name, files) in ClassFolders.Read(folder, log))
        {
            var label = Array.IndexOf(names, name);
            if (label < 0)
                throw new InputException(
                    $"folder '{Path.Combine(folder, name)}' has no training images: there is no such class in '{trainingFolder}'");
            samples.AddRange(files.Select(file => SourceSample.OfFile(file, label)));
        }

        return samples.Count > 0 ? samples : throw new InputException($"folder '{folder}' holds no class folders with images");
    }

    // The last name that exists, so that train/17_DEG is preferred to train.
    private static string? LastFound(string path, string[] names)
    {
        string? found = null;
        foreach (var name in names)
        {
            var folder = path;
            foreach (var part in name.Split('/')) folder = folder is null ? null : FindFolder(folder, part);
            found = folder ?? found;
        }

        return found;
    }

    private static string? FindFolder(string path, string name) =>
        ImageFolder.Subfolders(path).FirstOrDefault(folder => Path.GetFileName(folder).Equals(name, StringComparison.OrdinalIgnoreCase));
}
