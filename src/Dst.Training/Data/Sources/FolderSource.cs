namespace Dst.Training.Data;

/// <summary>Reads a folder for each class, with image files at any depth. The folders' names are the classes' names.</summary>
internal static class FolderSource
{
    private static readonly string[] TrainingNames = ["train", "train/17_DEG", "17_DEG"];
    private static readonly string[] TestNames = ["test", "test/15_DEG", "15_DEG"];

    /// <summary><c>path/{train,test}/class/*</c>, or <c>path/class/*</c> without a test split.</summary>
    public static SourceData Open(string path)
    {
        var training = FindFolder(path, "train");
        var test = FindFolder(path, "test");
        if (training is null && test is null) return Open(path, null);
        if (training is null || test is null)
        {
            var (found, missing) = training is null ? ("test", "train") : ("train", "test");
            throw new InputException($"folder '{path}' has a folder '{found}' but no folder '{missing}'; both or neither were expected");
        }

        return Open(training, test);
    }

    /// <summary>The same, with both splits required. MSTAR data also names them 17_DEG and 15_DEG, after the depression angle.</summary>
    public static SourceData OpenMstar(string path)
    {
        var training = LastFound(path, TrainingNames);
        var test = LastFound(path, TestNames);
        if (training is null || test is null)
        {
            var missing = training is null ? "'train' or '17_DEG'" : "'test' or '15_DEG'";
            throw new InputException(
                $"folder '{path}' has no folder {missing}; MSTAR's training and test chips were expected in such folders");
        }

        return Open(training, test);
    }

    /// <summary>The images in and below the folder <c>data.unlabelled</c>, whatever its folders are called; none without it.</summary>
    /// <exception cref="InputException">It is not a folder, or holds no image.</exception>
    public static IReadOnlyList<SourceSample> OpenUnlabelled(DataOptions options, string baseFolder)
    {
        if (options.Unlabelled.Length == 0) return [];
        var folder = Path.GetFullPath(Path.Combine(baseFolder, options.Unlabelled));
        if (!Directory.Exists(folder))
            throw new InputException($"data.unlabelled '{folder}' is not a folder; a folder of images without labels was expected");
        var samples = new List<SourceSample>();
        ImageFolder.AddImages(folder, label: null, samples);
        return samples;
    }

    private static SourceData Open(string trainingFolder, string? testFolder)
    {
        var folders = ImageFolder.Subfolders(trainingFolder);
        if (folders.Length < 2)
            throw new InputException($"folder '{trainingFolder}' holds {folders.Length} class folders; at least 2 were expected");
        var names = Array.ConvertAll(folders, folder => Path.GetFileName(folder)!);
        var training = new List<SourceSample>();
        for (var label = 0; label < folders.Length; label++) ImageFolder.AddImages(folders[label], label, training);

        var test = new List<SourceSample>();
        foreach (var folder in testFolder is null ? [] : ImageFolder.Subfolders(testFolder))
        {
            var label = Array.IndexOf(names, Path.GetFileName(folder));
            if (label < 0)
                throw new InputException($"test folder '{folder}' has no training images: there is no such class in '{trainingFolder}'");
            ImageFolder.AddImages(folder, label, test);
        }

        if (testFolder is not null && test.Count == 0) throw new InputException($"test folder '{testFolder}' holds no class folders");
        return new(names, training, test);
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
        Array.Find(ImageFolder.Subfolders(path), folder => Path.GetFileName(folder).Equals(name, StringComparison.OrdinalIgnoreCase));
}
