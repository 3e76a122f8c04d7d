using Dst.Runtime;

namespace Dst.Training.Data;

/// <summary>Lists folders and image files in an order that does not depend on the file system. Hidden entries are passed over.</summary>
internal static class ImageFolder
{
    private const int MaxDepth = 8;

    /// <summary>Paths of the folders in a folder, by name.</summary>
    /// <exception cref="InputException">The path is not a folder that may be read.</exception>
    public static string[] Subfolders(string folder)
    {
        if (!Directory.Exists(folder)) throw new InputException($"'{folder}' is not a folder; one folder a class was expected in it");
        return List(folder, options => Directory.GetDirectories(folder, "*", options), depth: 0);
    }

    /// <summary>Paths of all image files in a folder and in the folders below it, by name.</summary>
    public static string[] ImageFiles(string folder) =>
        Array.FindAll(List(folder, options => Directory.GetFiles(folder, "*", options), MaxDepth), ImageFile.HasImageName);

    /// <summary>Adds every image file below a class's folder to <paramref name="samples"/>.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static void AddClass(string folder, int label, List<SourceSample> samples)
    {
        var files = ImageFiles(folder);
        if (files.Length == 0) throw new InputException($"class folder '{folder}' holds no image file (.jpeg, .jpg, .png, .tif, .tiff or MSTAR's .000 to .999)");
        foreach (var file in files) samples.Add(new(file, label, () => ImageFile.Read(file)));
    }

    private static string[] List(string folder, Func<EnumerationOptions, string[]> list, int depth)
    {
        var options = new EnumerationOptions { IgnoreInaccessible = false, AttributesToSkip = FileAttributes.Hidden, RecurseSubdirectories = depth > 0, MaxRecursionDepth = depth };
        var paths = InputFile.Guard(folder, () => list(options));
        Array.Sort(paths, StringComparer.Ordinal);
        return paths;
    }
}
