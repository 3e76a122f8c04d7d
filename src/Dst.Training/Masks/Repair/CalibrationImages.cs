using Dst.Foundations;
using Dst.Graph;
using Dst.Training.Data;

namespace Dst.Training.Masks.Repair;

/// <summary>Images on which a pruned network is repaired. They have no labels.</summary>
/// <param name="Values">Inputs as the network takes them, [Count, C, H, W].</param>
/// <param name="Count">Number of images.</param>
public sealed record CalibrationImages(float[] Values, int Count)
{
    /// <summary>Draws images by the seed and prepares them as for prediction, without augmentation.</summary>
    /// <param name="data">Its training images are used, labelled or not.</param>
    /// <param name="count">How many; fewer if there are fewer.</param>
    /// <param name="seed">Seed of the run.</param>
    public static CalibrationImages Draw(DataSet data, int count, long seed)
    {
        var augmenter = new Augmenter(data.Options, data.Normalisation, data.Shape);
        Sample[] samples = [.. data.Training.Samples, .. data.Unlabelled.Samples];
        return Draw(samples, data.Shape, count, seed, (sample, image) => augmenter.Write(sample, image));
    }

    /// <summary>Draws images by the seed.</summary>
    /// <param name="sources">What images are made from.</param>
    /// <param name="shape">Shape of an image.</param>
    /// <param name="count">How many; fewer if there are fewer.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="write">Writes the image [C, H, W] of a source.</param>
    public static CalibrationImages Draw<T>(
        IReadOnlyList<T> sources, FeatureShape shape, int count, long seed, Action<T, Span<float>> write)
    {
        count = Math.Min(count, sources.Count);
        MemoryLimit.Check(
            (double)sizeof(float) * count * shape.Count, $"{count} calibration images of {shape}",
            "a lower prune.calibration.images was expected");
        var (length, order) = (checked((int)shape.Count), new RandomStream(seed, RandomPurpose.Calibrate).NextPermutation(sources.Count));
        var values = new float[checked(count * length)];
        for (var i = 0; i < count; i++) write(sources[order[i]], values.AsSpan(i * length, length));
        return new(values, count);
    }
}
