using System.IO.Hashing;
using System.Runtime.InteropServices;
using Dst.Foundations;
using Dst.Graph;
using Dst.Images;
using Dst.Training.Data;

namespace Dst.Training.Masks.Repair;

/// <summary>Images on which a pruned network is repaired. They have no labels.</summary>
/// <param name="Values">Inputs as the network takes them, [Count, C, H, W].</param>
/// <param name="Count">Number of images.</param>
public sealed record CalibrationImages(float[] Values, int Count)
{
    /// <summary>No images, for a network that is not repaired.</summary>
    public static CalibrationImages None { get; } = new([], 0);

    /// <summary>Checks that there are images, and that they are inputs of a network.</summary>
    /// <exception cref="ArgumentException">There is none, or their length is another.</exception>
    /// <exception cref="InputException">A value is not finite.</exception>
    internal void Check(FeatureShape input)
    {
        if (Count < 1) throw new ArgumentException(Invariant($"there are {Count} calibration images; at least 1 expected"));
        if (Values.Length != (long)Count * input.Count)
            throw new ArgumentException(
                Invariant($"{Count} calibration images of {input} have {Values.Length} values; {(long)Count * input.Count} expected"));
        for (var i = 0; i < Values.Length; i++)
        {
            if (!float.IsFinite(Values[i]))
                throw new InputException(
                    Invariant($"calibration image {i / input.Count} has the value {Values[i]}; finite values were expected"));
        }
    }

    /// <summary>How many of them differ.</summary>
    public int CountDifferent()
    {
        var length = Values.Length / Math.Max(Count, 1);
        var hashes = new HashSet<UInt128>();
        for (var i = 0; i < Count; i++)
            hashes.Add(XxHash128.HashToUInt128(MemoryMarshal.AsBytes(Values.AsSpan(i * length, length))));
        return hashes.Count;
    }

    /// <summary>Draws training images, and unlabelled ones if there are any, by the seed. They are not augmented.</summary>
    /// <param name="data">The data; labels are not read.</param>
    /// <param name="count">How many; fewer if there are fewer.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <exception cref="InputException">There are none, or they do not fit into memory.</exception>
    public static CalibrationImages Draw(DataSet data, int count, long seed)
    {
        var augmenter = new Augmenter(data.Options, data.Normalisation, data.Shape);
        Sample[] samples = [.. data.Training.Samples, .. data.Unlabelled.Samples];
        return Draw(samples, data.Shape, count, seed, (sample, image) => augmenter.Write(sample, image));
    }

    /// <summary>
    /// Draws image files by the seed and prepares them as for prediction. Those that are recognised as validation or test images of the
    /// model's training are left out, if there are others.
    /// </summary>
    /// <param name="folder">A folder or a zip archive: its files and those in the folders below it.</param>
    /// <param name="model">The model that takes them.</param>
    /// <param name="count">How many; fewer if there are fewer.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="log">Takes one line at a time.</param>
    /// <exception cref="InputException">There are none, one cannot be read, or they do not fit into memory.</exception>
    public static CalibrationImages DrawFiles(string folder, Model model, int count, long seed, Action<string> log)
    {
        using var archive = ImageArchive.OpenIfAny(folder);
        if (!ImageFolder.Exists(folder))
            throw new InputException($"'{folder}' is not a folder; a folder or a zip archive of images was expected");
        var files = WithoutMeasured(ImageFolder.Images(folder, log), folder, model, log);
        var reader = new ModelImages(model, log);
        var images = Draw(files, reader.Read, model, count, seed);
        reader.SayWhatIsSeen();
        return images;
    }

    /// <summary>Draws images that are in memory by the seed and prepares them as for prediction.</summary>
    /// <param name="images">Images of any size.</param>
    /// <param name="model">The model that takes them.</param>
    /// <param name="count">How many; fewer if there are fewer.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <exception cref="ArgumentNullException">The images, one of them or the model is null.</exception>
    /// <exception cref="InputException">There are none, one has other bands, or they do not fit into memory.</exception>
    public static CalibrationImages Draw(IReadOnlyList<Image> images, Model model, int count, long seed)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(model);
        return Draw(images, image => image, model, count, seed);
    }

    private static IReadOnlyList<string> WithoutMeasured(IReadOnlyList<string> files, string folder, Model model, Action<string> log)
    {
        if (model.Splits is not { } splits) return files;
        var measured = MeasuredImages.In(folder, splits);
        string[] others = [.. files.Where(file => !measured.Contains(Path.GetFullPath(file)))];
        if (others.Length == files.Count) return files;
        if (others.Length == 0)
        {
            log(
                $"warning: all images of '{folder}' are validation or test images of the model; they are used, and the accuracy on them "
                + "may be too high");
            return files;
        }

        var left = Phrases.Count(files.Count - others.Length, "image is", "images are");
        log($"{left} left out of {files.Count}, because they measure the model: its validation and test images");
        return others;
    }

    private static CalibrationImages Draw<T>(IReadOnlyList<T> sources, Func<T, Image> read, Model model, int count, long seed)
    {
        var input = model.Graph.Input;
        var normalisation = model.Normalisation ?? InputNormalisation.None(input.Channels);
        return Draw(sources, input, count, seed, (source, values) => Preprocessor.Prepare(read(source), normalisation, input, values));
    }

    private static CalibrationImages Draw<T>(
        IReadOnlyList<T> sources, FeatureShape shape, int count, long seed, Action<T, Span<float>> write)
    {
        if (count > 0 && sources.Count == 0)
            throw new InputException("the data has no training images to measure features on; at least one was expected");
        count = Math.Min(count, sources.Count);
        MemoryLimit.Check(
            (double)sizeof(float) * count * shape.Count, $"{count} calibration images of {shape}",
            "a lower prune.calibration.images was expected");
        var (length, order) = (checked((int)shape.Count), new RandomStream(seed, RandomPurpose.Calibrate).NextPermutation(sources.Count));
        var values = new float[checked(count * length)];
        var wrong = new WrongImages();
        for (var i = 0; i < count; i++)
        {
            try
            {
                write(sources[order[i]], values.AsSpan(i * length, length));
            }
            catch (InputException e)
            {
                wrong.Add(i, e);
            }
        }

        wrong.ThrowIfAny(count);
        return new(values, count);
    }
}
