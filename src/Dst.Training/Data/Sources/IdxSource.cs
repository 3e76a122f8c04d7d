using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using Dst.Foundations;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>
/// Reads IDX files, as MNIST and its relatives have them: <c>train-images-idx3-ubyte</c> and the like, packed by gzip or not. The labels
/// are in the file with <c>labels</c> for <c>images</c> and <c>idx1</c> for <c>idx3</c> in its name. The classes are the numbers that
/// occur in the training set.
/// </summary>
/// <remarks>LeCun, Cortes, Burges, "The MNIST database of handwritten digits", 1998.</remarks>
internal static class IdxSource
{
    private const int UnsignedBytes = 8; // the type in the third byte of a file

    /// <summary>A folder with one or two sets, or one file of images.</summary>
    /// <exception cref="InputException">A file is missing, truncated, or not of this format.</exception>
    public static SourceData Open(string path, Action<string> log)
    {
        var (trainingFile, testFile) = FindSets(path);
        var training = ReadSet(trainingFile);
        var test = testFile is null ? [] : ReadSet(testFile);
        if (testFile is null) log($"data: '{trainingFile}' is the only set, so test images are drawn from it");

        byte[] labels = [.. training.Select(image => image.Label).Distinct().Order()];
        var names = labels.Select(label => label.ToString(CultureInfo.InvariantCulture));
        return new([.. names], [.. training.Select(ToSample)], [.. test.Select(ToSample)]);

        SourceSample ToSample((string Name, byte Label, Image Image) image)
        {
            var label = Array.IndexOf(labels, image.Label);
            return label >= 0 ? new(image.Name, label, () => image.Image) : throw new InputException(
                $"'{image.Name}' has the label {image.Label}, which no image of '{trainingFile}' has; only labels with training images "
                + "were expected");
        }
    }

    /// <summary>The files of images in a folder.</summary>
    public static IReadOnlyList<string> Find(string folder) => [.. ImageFolder.Files(folder).Where(IsImages)];

    /// <summary>Whether a file's name is that of images in IDX.</summary>
    public static bool IsImages(string file) =>
        Path.GetFileName(file) is var name && !ImageFolder.IsJunk(name) && name.Contains("idx3", StringComparison.OrdinalIgnoreCase)
        && name.Contains("images", StringComparison.OrdinalIgnoreCase);

    /// <summary>The files of training and of test images. If there is one file, it is for training, whatever its name.</summary>
    private static (string Training, string? Test) FindSets(string path)
    {
        var files = Directory.Exists(path) ? Find(path) : [path];
        if (files.Count == 0) throw new InputException($"folder '{path}' has no file such as train-images-idx3-ubyte, which was expected");
        if (files.Count == 1) return (files[0], null);
        var training = files.Where(IsTraining).ToList();
        var test = files.Except(training).ToList();
        foreach (var twice in new[] { training, test }.Where(set => set.Count > 1))
            throw new InputException($"folder '{path}' has both '{Path.GetFileName(twice[0])}' and '{Path.GetFileName(twice[1])}'; one was "
                + "expected: name it as data.path");
        return (training[0], test[0]);
    }

    private static bool IsTraining(string file) => Path.GetFileName(file).Contains("train", StringComparison.OrdinalIgnoreCase);

    private static (string Name, byte Label, Image Image)[] ReadSet(string file)
    {
        var (sizes, pixels) = Read(file, dimensions: 3);
        var labelsFile = LabelsOf(file);
        var labels = Read(labelsFile, dimensions: 1).Values;
        var (count, height, width) = (sizes[0], sizes[1], sizes[2]);
        if (labels.Length != count)
            throw new InputException($"file '{labelsFile}' has {labels.Length} labels; {count} were expected, one for each image");
        var images = new (string, byte, Image)[count];
        for (var i = 0; i < count; i++)
            images[i] = ($"{file}[{i}]", labels[i], new(1, height, width, 8, pixels.AsMemory(i * height * width, height * width)));
        return images;
    }

    private static string LabelsOf(string file)
    {
        var name = Path.GetFileName(file).Replace("images", "labels", StringComparison.OrdinalIgnoreCase)
            .Replace("idx3", "idx1", StringComparison.OrdinalIgnoreCase);
        var plain = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name;
        string[] paths = [.. new[] { plain, plain + ".gz" }.Select(candidate => Path.Combine(Path.GetDirectoryName(file)!, candidate))];
        return Array.Find(paths, File.Exists)
            ?? throw new InputException($"file '{file}' has no labels beside it; '{name}' was expected");
    }

    private static (int[] Sizes, byte[] Values) Read(string path, int dimensions)
    {
        using var file = InputFile.Open(path);
        return InputFile.Guard(path, () =>
        {
            var isPacked = file.ReadByte() == 0x1F;
            file.Position = 0;
            using var stream = isPacked ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
            var header = new byte[4 + 4 * dimensions];
            stream.ReadExactly(header);
            if (header[0] != 0 || header[1] != 0 || header[2] != UnsignedBytes || header[3] != dimensions)
                throw new InputException(
                    $"file '{path}' starts with {Convert.ToHexString(header, 0, 4)}; 0000080{dimensions} was expected, unsigned bytes in "
                    + Phrases.Count(dimensions, "dimension"));
            var sizes = new uint[dimensions];
            for (var i = 0; i < dimensions; i++) sizes[i] = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4 + 4 * i));
            var bytes = sizes.Aggregate((Int128)1, (product, size) => product * size);
            var most = Math.Min(InputFile.MaxBytes, file.Length * (isPacked ? InputFile.LargestDeflateRatio : 1));
            if (bytes < 1 || bytes > most)
                throw new InputException(
                    $"file '{path}' declares {string.Join("x", sizes)} values; its {file.Length} bytes hold up to {most}");
            var values = new byte[(int)bytes];
            stream.ReadExactly(values);
            return stream.ReadByte() < 0
                ? (Array.ConvertAll(sizes, size => (int)size), values)
                : throw new InputException($"file '{path}' has more than the {bytes} values that it declares");
        });
    }
}
