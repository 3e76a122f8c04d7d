using System.IO.Enumeration;
using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>Lists folders and image files in an order that does not depend on the file system. Hidden entries are skipped.</summary>
internal static class ImageFolder
{
    private const int MaxDepth = 8;

    /// <summary>Paths of the folders in a folder, by name.</summary>
    /// <exception cref="InputException">The path is not a folder that may be read.</exception>
    public static string[] Subfolders(string folder)
    {
        if (!Directory.Exists(folder)) throw new InputException($"'{folder}' is not a folder; one folder a class was expected in it");
        return List(folder, options => Directory.GetDirectories(folder, "*", options));
    }

    /// <summary>
    /// Paths of all image files in a folder and in the folders below it, by name. Links to folders are not followed: they may lead in
    /// circles.
    /// </summary>
    public static string[] ImageFiles(string folder)
    {
        return List(folder, Find, recurse: true);

        IEnumerable<string> Find(EnumerationOptions options) =>
            new FileSystemEnumerable<string>(folder, (ref FileSystemEntry entry) => entry.ToSpecifiedFullPath(), options)
            {
                ShouldIncludePredicate = IsImage,
                ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
            };
    }

    /// <summary>Adds every image file below a folder to <paramref name="samples"/>.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="label">Their class, or null without one.</param>
    /// <param name="samples">Added to.</param>
    /// <exception cref="InputException">There is none.</exception>
    public static void AddImages(string folder, int? label, List<SourceSample> samples)
    {
        var files = ImageFiles(folder);
        if (files.Length == 0)
            throw new InputException(
                $"{(label is null ? "data.unlabelled" : "class folder")} '{folder}' holds no image file; "
                + $"{Words.Choice(ImageFile.Formats)} files were expected");
        foreach (var file in files) samples.Add(new(file, label, () => ImageFile.Read(file)));
    }

    private static bool IsImage(ref FileSystemEntry entry) =>
        !entry.IsDirectory && ImageFile.HasImageName(entry.FileName.ToString());

    private static string[] List(string folder, Func<EnumerationOptions, IEnumerable<string>> list, bool recurse = false)
    {
        var options = new EnumerationOptions
        {
            IgnoreInaccessible = false,
            AttributesToSkip = FileAttributes.Hidden,
            RecurseSubdirectories = recurse,
            MaxRecursionDepth = MaxDepth,
        };
        var paths = InputFile.Guard(folder, () => list(options).ToArray());
        Array.Sort(paths, StringComparer.Ordinal);
        return paths;
    }
}
