using Dst.Foundations;

namespace Dst.Images;

/// <summary>What a folder and the folders below it hold, by name. What file managers and systems leave behind is passed over.</summary>
/// <param name="Images">Paths of image files.</param>
/// <param name="Others">Paths of files of other kinds.</param>
/// <param name="Links">Paths of links to folders, which are not followed.</param>
public sealed record FolderContent(IReadOnlyList<string> Images, IReadOnlyList<string> Others, IReadOnlyList<string> Links);

/// <summary>Lists folders and image files in an order that does not depend on the file system.</summary>
/// <example>
/// <code>
/// foreach (var path in ImageFolder.Images("photos", Console.WriteLine))
///     Console.WriteLine($"{path}: {Image.Read(path).Width} pixels wide");
/// </code>
/// </example>
public static class ImageFolder
{
    private const int MaxDepth = 256; // a path of a zip archive may be deeper than the stack

    // Left behind by macOS, Windows, Synology, QNAP and Jupyter. Names that start with a dot are passed over too.
    private static readonly string[] Junk =
    [
        "@eaDir", "@__thumb", "#recycle", "@Recycle", "__MACOSX", "$RECYCLE.BIN", "System Volume Information", "lost+found", "Thumbs.db",
        "ehthumbs.db", "desktop.ini", "Icon\r",
    ];

    /// <summary>Whether a path is a folder, on disk or in an archive that is open (<see cref="ImageArchive"/>).</summary>
    public static bool Exists(string path) => Directory.Exists(path) || ImageArchive.HasFolder(path);

    /// <summary>Paths of the folders in a folder, by name.</summary>
    /// <exception cref="InputException">The path is not a folder that may be read.</exception>
    public static IReadOnlyList<string> Subfolders(string folder)
    {
        if (!Exists(folder)) throw new InputException($"'{folder}' is not a folder; one folder a class was expected in it");
        return [.. Entries(folder).Where(entry => entry.IsFolder).Select(entry => entry.Path)];
    }

    /// <summary>Paths of the files in a folder, by name, without those in the folders below it.</summary>
    /// <exception cref="InputException">The path is not a folder that may be read.</exception>
    public static IReadOnlyList<string> Files(string folder) =>
        [.. Entries(folder).Where(entry => !entry.IsFolder).Select(entry => entry.Path)];

    /// <summary>Paths of the files in a folder itself that are no images, by name.</summary>
    /// <exception cref="InputException">The path is not a folder that may be read.</exception>
    public static IEnumerable<string> OtherFiles(string folder) =>
        Files(folder).Where(file => !ImageFile.HasImageName(Path.GetFileName(file)));

    /// <summary>
    /// All files in a folder and in the folders below it. Links to folders are not followed below the first: they may lead in circles.
    /// </summary>
    /// <exception cref="InputException">A folder may not be read, or lies too deep.</exception>
    public static FolderContent Find(string folder)
    {
        var (images, others, links) = (new List<string>(), new List<string>(), new List<string>());
        Add(folder, 0);
        return new(images, others, links);

        void Add(string path, int depth)
        {
            if (depth > MaxDepth)
                throw new InputException(
                    $"folder '{folder}' holds folders in one another that are {depth} deep; at most {MaxDepth} were expected");
            foreach (var entry in Entries(path))
            {
                if (!entry.IsFolder) (ImageFile.HasImageName(entry.Name) ? images : others).Add(entry.Path);
                else if (entry.IsLink) links.Add(entry.Path);
                else Add(entry.Path, depth + 1);
            }
        }
    }

    /// <summary>
    /// The images in a folder and in the folders below it. Lines count the files of other kinds and the links to folders.
    /// </summary>
    /// <exception cref="InputException">There is none, or a folder may not be read.</exception>
    public static IReadOnlyList<string> Images(string folder, Action<string> log)
    {
        ArgumentNullException.ThrowIfNull(log);
        var content = Find(folder);
        if (Describe(content.Others) is { } line) log(line);
        if (DescribeLinks(content.Links) is { } links) log(links);
        return content.Images.Count > 0
            ? content.Images
            : throw new InputException($"folder '{folder}' has no image files; {Phrases.Choice(ImageFile.Formats)} files were expected");
    }

    /// <summary>
    /// What was passed over, in a line such as <c>12 files of other kinds are not read: 10 .txt, 2 .doc, such as 'a/notes.txt'</c>; null if
    /// nothing was.
    /// </summary>
    public static string? Describe(IReadOnlyList<string> others)
    {
        if (others.Count == 0) return null;
        var kinds = others.GroupBy(path => Path.GetExtension(path) is { Length: > 0 } extension ? extension : "without extension")
            .OrderByDescending(kind => kind.Count()).ThenBy(kind => kind.Key, StringComparer.Ordinal)
            .Select(kind => $"{kind.Count()} {kind.Key}");
        return $"{Phrases.Count(others.Count, "file")} of other kinds, not read: {string.Join(", ", kinds)}, such as '{others[0]}'";
    }

    /// <summary>
    /// What was not followed, in a line such as <c>2 links to folders, not followed, such as 'a/more'</c>; null if nothing was.
    /// </summary>
    public static string? DescribeLinks(IReadOnlyList<string> links) =>
        links.Count == 0
            ? null
            : $"{Phrases.Count(links.Count, "link to a folder", "links to folders")}, not followed, such as '{links[0]}'";

    /// <summary>Whether a name is of what file managers and systems leave behind.</summary>
    internal static bool IsJunk(string name) => name.StartsWith('.') || Junk.Contains(name, StringComparer.OrdinalIgnoreCase);

    private static List<FolderEntry> Entries(string folder)
    {
        var entries = ImageArchive.EntriesOf(folder) ?? InputFile.Guard(folder, () => new DirectoryInfo(folder).GetFileSystemInfos())
            .Select(entry => new FolderEntry(entry.Name, entry.FullName, entry is DirectoryInfo, entry.LinkTarget is not null));
        return [.. entries.Where(entry => !IsJunk(entry.Name)).OrderBy(entry => entry.Name, StringComparer.Ordinal)];
    }
}

/// <summary>A file or a folder in a folder.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">Its path.</param>
/// <param name="IsFolder">Whether it is a folder.</param>
/// <param name="IsLink">Whether it leads elsewhere.</param>
internal readonly record struct FolderEntry(string Name, string Path, bool IsFolder, bool IsLink);
