using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Folders of the splits of a data set, found by their names.</summary>
/// <param name="Training">Folder of the training images.</param>
/// <param name="Validation">Folder of the validation images, or null.</param>
/// <param name="Test">Folder of the test images, or null.</param>
internal sealed record SplitFolders(string? Training, string? Validation, string? Test)
{
    private static readonly string[] TrainingWords = ["train", "training"];
    private static readonly string[] ValidationWords = ["val", "valid", "validation"];
    private static readonly string[] TestWords = ["test", "testing"];
    private static readonly string[] AllWords = [.. TrainingWords, .. ValidationWords, .. TestWords];

    // What may follow a word: train_set, test-images, validationdata.
    private static readonly string[] Additions = ["dataset", "set", "data", "images", "imgs", "folder", "split"];

    /// <summary>
    /// The splits of a folder, or null if its folders are classes. A folder is a split if it holds folders of images and its name is one of
    /// the words, alone or with an addition behind it. Warns of what lies beside the splits, which is not read, and of classes that look
    /// like splits.
    /// </summary>
    /// <exception cref="InputException">A split is there twice, or none for training.</exception>
    public static SplitFolders? Find(string path, Action<string> log)
    {
        var folders = ImageFolder.Subfolders(path);
        var splits = new SplitFolders(
            One(path, folders, TrainingWords), One(path, folders, ValidationWords), One(path, folders, TestWords));
        string[] found = [.. new[] { splits.Training, splits.Validation, splits.Test }.OfType<string>()];
        if (found.Length == 0)
        {
            WarnOfOthers(path, folders, log);
            return null;
        }

        if (splits.Training is null)
            throw new InputException(
                $"folder '{path}' has a folder '{Path.GetFileName(found[0])}' but no folder 'train'; both or neither were expected");
        ClassFolders.WarnOfImages(path, log);
        if (ImageFolder.Describe([.. ImageFolder.OtherFiles(path)]) is { } line) log($"data: {line}");
        if (folders.Except(found).Select(Path.GetFileName).ToList() is { Count: > 0 } rest)
            log($"warning: beside the splits of '{path}' are folders that are not read: {string.Join(", ", rest)}");
        return splits;
    }

    private static string? One(string path, IReadOnlyList<string> folders, string[] words)
    {
        var found = folders.Where(folder => words.Contains(WordOf(folder))).Where(HoldsClasses).ToList();
        return found.Count <= 1
            ? found.FirstOrDefault()
            : throw new InputException(
                $"folder '{path}' has the folders '{Path.GetFileName(found[0])}' and '{Path.GetFileName(found[1])}', which mean the same; "
                + "one of them was expected");
    }

    private static string WordOf(string folder)
    {
        var name = Path.GetFileName(folder).ToLowerInvariant();
        var addition = Array.Find(Additions, addition => name.EndsWith(addition, StringComparison.Ordinal)) ?? "";
        return name[..^addition.Length].TrimEnd('_', '-', ' ', '.');
    }

    // Splits below the classes, and folders such as seg_train, are read as classes: their images are taken together.
    private static void WarnOfOthers(string path, IReadOnlyList<string> folders, Action<string> log)
    {
        var named = folders.Where(folder => Path.GetFileName(folder).ToLowerInvariant().Split('_', '-', ' ', '.').Intersect(AllWords).Any())
            .Where(HoldsClasses).Select(Path.GetFileName).ToList();
        if (named.Count > 0)
            log(
                $"warning: folders of '{path}' are read as classes, though their names are those of splits: {string.Join(", ", named)}; "
                + "if they are, the names train, val and test were expected");
        var inner = folders.SelectMany(ImageFolder.Subfolders).Where(folder => AllWords.Contains(WordOf(folder))).ToList();
        if (inner.DistinctBy(WordOf).Count() > 1)
            log(
                $"warning: the classes of '{path}' hold folders of splits, such as '{Path.GetRelativePath(path, inner[0])}', whose images "
                + "are taken together; to keep the splits, train/CLASS and test/CLASS were expected");
    }

    private static bool HoldsClasses(string folder) =>
        ImageFolder.Subfolders(folder).Any(inner => ImageFolder.Find(inner).Images.Count > 0);
}
