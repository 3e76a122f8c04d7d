using System.IO.Compression;
using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>
/// Reads the official binary CIFAR sets from a folder or from the <c>.tar.gz</c>; the files may lie in any folder of it.
/// A record is its labels and 3 × 32 × 32 bytes, planes of red, green and blue.
/// </summary>
/// <remarks>Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.</remarks>
internal static class CifarSource
{
    private const int Side = 32;
    private const int PixelBytes = 3 * Side * Side;
    private const int MaxRecords = 60_000; // of all files of the official sets
    private const int MaxNamesBytes = 1 << 16;

    /// <summary>Reads all records into memory, 3 kB per image.</summary>
    /// <exception cref="InputException">A file is missing, truncated, too large or has a label without a name of its own.</exception>
    public static SourceData Open(string path, CifarLayout layout, CancellationToken cancellation)
    {
        var files = Directory.Exists(path) ? ReadFolder(path, layout) : ReadArchive(path, layout, cancellation);
        foreach (var name in layout.Files)
        {
            if (!files.ContainsKey(name))
                throw new InputException($"'{path}' has no {name}; the binary version of {layout.Name} was expected");
        }

        var names = ReadNames($"{path}/{layout.NamesFile}", files[layout.NamesFile]);
        SourceSample[] Records(string file) => ReadRecords($"{path}/{file}", files[file], layout, names.Length);
        return new(names, [.. layout.TrainingFiles.SelectMany(Records)], Records(layout.TestFile));
    }

    /// <summary>The set that a folder holds, at most one folder deeper, or null.</summary>
    public static DataKind? KindOfFolder(string path) => ImageFolder.Subfolders(path).Prepend(path)
        .SelectMany(ImageFolder.Files).Where(file => file.EndsWith(".bin", StringComparison.Ordinal))
        .Select(file => CifarLayout.KindOf(Path.GetFileName(file))).FirstOrDefault(kind => kind is not null);

    /// <summary>The set that a packed archive holds, by the first name in it that tells, or null.</summary>
    /// <exception cref="InputException">The file is damaged.</exception>
    public static DataKind? KindOfArchive(string path)
    {
        using var file = InputFile.Open(path);
        return InputFile.Guard(path, () =>
        {
            if (file.ReadByte() != 0x1F || file.ReadByte() != 0x8B) return null;
            file.Position = 0;
            using var unzipped = new GZipStream(file, CompressionMode.Decompress);
            var archive = new TarArchive(unzipped);
            while (archive.Next() is var (name, _))
            {
                if (CifarLayout.KindOf(name) is { } kind) return kind;
            }

            return (DataKind?)null;
        });
    }

    // The official files end with an empty line.
    private static string[] ReadNames(string file, byte[] content)
    {
        var names = InputFile.TextOf(file, content).TrimEnd().Split('\n', StringSplitOptions.TrimEntries);
        foreach (var (line, name) in names.Index())
        {
            if (name.Length == 0 || Array.IndexOf(names, name) < line)
                throw new InputException($"line {line + 1} of file '{file}' is '{name}'; a name that no other line has was expected");
        }

        return names;
    }

    private static SourceSample[] ReadRecords(string file, byte[] bytes, CifarLayout layout, int classes)
    {
        var recordBytes = layout.LabelBytes + PixelBytes;
        var samples = new SourceSample[bytes.Length / recordBytes];
        for (var i = 0; i < samples.Length; i++)
        {
            var start = i * recordBytes + layout.LabelBytes;
            var label = bytes[start - 1];
            if (label >= classes)
                throw new InputException($"file '{file}' has the label {label} in record {i}; {layout.NamesFile} names {classes} classes");
            samples[i] = new($"{file}[{i}]", label, () => new Image(3, Side, Side, 8, bytes.AsMemory(start, PixelBytes)));
        }

        return samples;
    }

    /// <summary>Checks the size of a file before memory is taken for it: an archive of a few bytes may claim any.</summary>
    private static void CheckLength(string file, long bytes, CifarLayout layout)
    {
        var recordBytes = layout.LabelBytes + PixelBytes;
        if (Path.GetFileName(file) == layout.NamesFile)
        {
            if (bytes > MaxNamesBytes) throw new InputException($"file '{file}' has {bytes} bytes; at most {MaxNamesBytes} were expected");
        }
        else if (bytes == 0 || bytes % recordBytes != 0 || bytes / recordBytes > MaxRecords)
        {
            throw new InputException(
                $"file '{file}' has {bytes} bytes; whole records of {recordBytes}, at most {MaxRecords}, were expected, so it is truncated "
                + $"or not of {layout.Name}");
        }
    }

    private static Dictionary<string, byte[]> ReadFolder(string path, CifarLayout layout)
    {
        var files = new Dictionary<string, byte[]>();
        foreach (var folder in ImageFolder.Subfolders(path).Prepend(path))
        {
            foreach (var name in layout.Files.Where(name => File.Exists(Path.Combine(folder, name)) && !files.ContainsKey(name)))
            {
                var file = Path.Combine(folder, name);
                CheckLength(file, InputFile.LengthOf(file), layout);
                files.Add(name, InputFile.ReadAllBytes(file));
            }
        }

        return files;
    }

    private static Dictionary<string, byte[]> ReadArchive(string path, CifarLayout layout, CancellationToken cancellation)
    {
        using var file = InputFile.Open(path);
        return InputFile.Guard(path, () =>
        {
            using var unzipped = new GZipStream(file, CompressionMode.Decompress);
            var archive = new TarArchive(unzipped);
            var files = new Dictionary<string, byte[]>();
            while (archive.Next() is var (name, length))
            {
                cancellation.ThrowIfCancellationRequested();
                if (!layout.Files.Contains(name)) continue;
                CheckLength($"{path}/{name}", length, layout);
                if (!files.TryAdd(name, archive.ReadContent(length)))
                    throw new InputException($"'{path}' has two files {name}; each file once was expected");
            }

            return files;
        });
    }
}
