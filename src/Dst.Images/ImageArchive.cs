using System.IO.Compression;
using System.IO.Hashing;
using Dst.Foundations;

namespace Dst.Images;

/// <summary>
/// A zip archive that is read as a folder: while it is open, <c>photos.zip/cats/1.jpg</c> is the path of a file for
/// <see cref="ImageFolder"/> and <see cref="ImageFile"/>. Files are unpacked into memory one by one as they are read, never to disk.
/// </summary>
/// <example><code>
/// using var archive = ImageArchive.OpenIfAny("photos.zip");
/// var image = Image.Read(ImageFolder.Find("photos.zip").Images[0]);
/// </code></example>
public sealed class ImageArchive : IDisposable
{
    // Archives are open for the code that opened them and what it calls, on any thread.
    private static readonly AsyncLocal<ImageArchive?> Innermost = new();

    private readonly ImageArchive? _outer = Innermost.Value;
    private readonly string _path;
    private readonly FileStream _file;
    private readonly ZipArchive _zip;
    private readonly Node _root = new(null);
    private volatile bool _isOpen = true;

    private ImageArchive(string path)
    {
        _path = path;
        _file = InputFile.Open(path);
        try
        {
            _zip = InputFile.Guard(path, () =>
            {
                var zip = new ZipArchive(_file, ZipArchiveMode.Read);
                foreach (var entry in zip.Entries) Add(entry);
                return zip;
            });
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>Whether a path is a zip archive by its name, which ends in <c>.zip</c>, and its first bytes.</summary>
    /// <exception cref="InputException">The file is empty or may not be read.</exception>
    public static bool IsArchive(string path) =>
        path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase) && File.Exists(path) && FileKind.NameOf(path) == FileKind.Zip;

    /// <summary>Opens an archive until it is disposed.</summary>
    /// <param name="path">The archive. Paths of what is in it begin with this text.</param>
    /// <returns>Null if the path is no archive (<see cref="IsArchive"/>).</returns>
    /// <exception cref="InputException">It is damaged or encrypted, has a name twice, or a name that leads out of it.</exception>
    public static ImageArchive? OpenIfAny(string path) => IsArchive(path) ? Innermost.Value = new(path) : null;

    /// <summary>Closes the archive.</summary>
    public void Dispose()
    {
        _isOpen = false;
        while (Innermost.Value is { _isOpen: false } closed) Innermost.Value = closed._outer;
        _zip.Dispose();
    }

    /// <summary>Whether a path leads to a folder of an open archive, or is one.</summary>
    internal static bool HasFolder(string path) => Find(path) is { Node.Entry: null };

    /// <summary>What a folder of an open archive holds, or null if the path leads to none.</summary>
    internal static IEnumerable<FolderEntry>? EntriesOf(string path) => Find(path)?.Node.Children
        .Select(child => new FolderEntry(child.Key, Path.Combine(path, child.Key), IsFolder: child.Value.Entry is null, IsLink: false));

    /// <summary>Reads a whole file, on disk or in an open archive.</summary>
    /// <exception cref="InputException">As <see cref="InputFile.ReadAllBytes"/>.</exception>
    internal static byte[] ReadAllBytes(string path, long maxBytes = InputFile.MaxBytes) =>
        Find(path) is { } found ? found.Archive.Read(path, found.Node, maxBytes) : InputFile.ReadAllBytes(path, maxBytes);

    /// <summary>Opens a file to read its start, on disk or in an open archive. It may be empty.</summary>
    internal static Stream OpenFile(string path) =>
        Find(path) is { } found ? new MemoryStream(found.Archive.Read(path, found.Node, InputFile.MaxBytes)) : File.OpenRead(path);

    private static (ImageArchive Archive, Node Node)? Find(string path)
    {
        for (var archive = Innermost.Value; archive is not null; archive = archive._outer)
            if (archive._isOpen && archive.FindNode(path) is { } node) return (archive, node);
        return null;
    }

    private Node? FindNode(string path)
    {
        if (!path.StartsWith(_path, StringComparison.Ordinal)) return null;
        var rest = path.AsSpan(_path.Length);
        if (rest.Length > 0 && rest[0] != Path.DirectorySeparatorChar) return null;
        Node? node = _root;
        foreach (var part in rest.Split(Path.DirectorySeparatorChar))
            if (!rest[part].IsEmpty) node = node?.Children.GetValueOrDefault(rest[part].ToString());
        return node;
    }

    private byte[] Read(string path, Node node, long maxBytes)
    {
        var entry = node.Entry ?? throw new InputException($"'{path}' is a folder; a file was expected");
        if (entry.Length > maxBytes) throw new InputException($"file '{path}' has {entry.Length} bytes; at most {maxBytes} are read");
        if (entry.Length > entry.CompressedLength * InputFile.LargestDeflateRatio)
            throw new InputException(
                $"file '{path}' claims {entry.Length} bytes; its {entry.CompressedLength} packed bytes hold up to "
                + $"{InputFile.LargestDeflateRatio} times as many");
        return InputFile.Guard(path, () =>
        {
            var bytes = new byte[entry.Length];
            lock (_zip)
            {
                using var content = entry.Open();
                content.ReadExactly(bytes);
            }

            var checksum = Crc32.HashToUInt32(bytes);
            return checksum == entry.Crc32
                ? bytes
                : throw new InputException(
                    $"file '{path}' is damaged: its checksum is {checksum:x8}, and {entry.Crc32:x8} was expected, which the archive says");
        });
    }

    private void Add(ZipArchiveEntry entry)
    {
        var name = entry.FullName.Replace('\\', '/');
        string[] parts = [.. name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".")];
        if (name.Contains('\uFFFD'))
            throw new InputException(
                $"archive '{_path}' holds '{entry.FullName}', whose name is not UTF-8; UTF-8 was expected, because other letters are not "
                + "known, so unpack the archive and read the folder");
        if (parts.Contains("..") || name.Contains('\0')) throw Refuse(entry, "whose name leads out of it");
        if (entry.IsEncrypted) throw Refuse(entry, "which is encrypted");
        var isFolder = name.EndsWith('/');
        if (parts is [] && !isFolder) throw Refuse(entry, "which is no name of a file");
        var node = _root;
        foreach (var part in isFolder ? parts : parts[..^1])
        {
            if (!node.Children.TryGetValue(part, out var child)) node.Children.Add(part, child = new(null));
            node = child.Entry is null ? child : throw Refuse(entry, "and a file where its folder is");
        }

        if (!isFolder && !node.Children.TryAdd(parts[^1], new(entry))) throw Refuse(entry, "twice");
    }

    private InputException Refuse(ZipArchiveEntry entry, string what) => new(
        $"archive '{_path}' holds '{entry.FullName}', {what}; plain names, each once, and no password were expected");

    /// <summary>A file, or a folder if it has no entry.</summary>
    private sealed record Node(ZipArchiveEntry? Entry)
    {
        public Dictionary<string, Node> Children { get; } = [];
    }
}
