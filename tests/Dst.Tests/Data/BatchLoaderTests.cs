using Dst.Foundations;
using Dst.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

public class BatchLoaderTests
{
    private static readonly DataOptions Options = new()
    {
        Simulated = new() { Classes = 3, PerClassTrain = 9, PerClassTest = 2, Size = 20 },
        Crop = 16,
        Validation = 0.2,
        Amplitude = AmplitudeTransform.Sqrt,
    };

    private static readonly DataOptions Augmented = Options with { Shift = 2, Flip = true, Gain = 0.3, Speckle = 0.4 };

    [Fact]
    public void PlainEpochIsWhatPreprocessorPrepares()
    {
        var data = Load(Augmented with { Rotate = 5 });
        foreach (var split in new[] { data.Training, data.Validation, data.Test })
        {
            using var loader = new BatchLoader(data, split, 4, augment: false, seed: 1);
            var seen = 0;
            var expected = new float[256];
            foreach (var batch in loader.Epoch(0))
            {
                for (var i = 0; i < batch.Count; i++, seen++)
                {
                    Assert.Equal(seen, batch.Indices[i]);
                    Assert.Equal(split.Samples[seen].Label, batch.Labels[i]);
                    Preprocessor.Prepare(split.Samples[seen].Window, data.Normalisation, data.Shape, expected);
                    Assert.Equal(expected, batch.Images.AsSpan(i * 256, 256).ToArray());
                }
            }

            Assert.Equal(split.Count, seen);
        }
    }

    [Fact]
    public void LastBatchIsSmaller()
    {
        var data = Load(Options);
        Assert.Equal(21, data.Training.Count);
        using var loader = new BatchLoader(data, data.Training, 8, augment: true, seed: 1);
        Assert.Equal(3, loader.BatchesPerEpoch);
        Assert.Equal([8, 8, 5], loader.Epoch(0).Select(b => b.Count));
    }

    [Fact]
    public void EpochsShuffleAllSamplesDifferently()
    {
        var data = Load(Options);
        using var loader = new BatchLoader(data, data.Training, 8, augment: true, seed: 1);
        int[] OrderOf(int epoch) => [.. loader.Epoch(epoch).SelectMany(b => b.Indices.Take(b.Count))];
        int[][] orders = [OrderOf(0), OrderOf(1)];
        Assert.Equal(Enumerable.Range(0, 21), orders[0].Order());
        Assert.Equal(Enumerable.Range(0, 21), orders[1].Order());
        Assert.NotEqual(orders[0], orders[1]);
    }

    [Fact]
    public void ResumedEpochSeesTheUnbrokenOnesBatches()
    {
        var data = Load(Augmented);
        using var loader = new BatchLoader(data, data.Training, 4, augment: true, seed: 7);
        var unbroken = loader.Epoch(3).Select(Copy).ToList();
        using var other = new BatchLoader(data, data.Training, 4, augment: true, seed: 7);
        var resumed = other.Epoch(3, firstBatch: 2).Select(Copy).ToList();
        Assert.Equal(unbroken.Skip(2).Select(b => b.Labels), resumed.Select(b => b.Labels));
        Assert.Equal(unbroken.Skip(2).SelectMany(b => b.Images), resumed.SelectMany(b => b.Images));
        Assert.NotEqual(unbroken[0].Images, loader.Epoch(4).Select(Copy).First().Images);
    }

    [Fact]
    public void AbandonedEpochLetsTheNextBegin()
    {
        var data = Load(Options);
        using var loader = new BatchLoader(data, data.Training, 1, augment: true, seed: 1);
        var first = loader.Epoch(0).Take(2).Select(b => b.Indices[0]).ToArray();
        Assert.Equal(first, loader.Epoch(0).Take(2).Select(b => b.Indices[0]));
        using var enumerator = loader.Epoch(0).GetEnumerator();
        enumerator.MoveNext();
        Assert.Throws<InvalidOperationException>(() => loader.Epoch(1).First());
    }

    [Fact]
    public void SteadyEpochAllocatesNothingForABatch()
    {
        var data = Load(Augmented);
        using var loader = new BatchLoader(data, data.Training, 1, augment: true, seed: 1);
        foreach (var _ in loader.Epoch(0)) { }
        long before = 0, after = 0;
        foreach (var (i, _) in loader.Epoch(1).Index())
        {
            // From the fourth batch on every buffer has been filled once in this epoch.
            if (i == 3) before = GC.GetAllocatedBytesForCurrentThread();
            if (i == 20) after = GC.GetAllocatedBytesForCurrentThread();
        }

        Assert.Equal(0, after - before);
    }

    [Fact]
    public void OnlyTrainingDataIsAugmented()
    {
        var data = Load(Options);
        Assert.Throws<ArgumentException>(() => new BatchLoader(data, data.Validation, 4, augment: true, seed: 1));
    }

    [Fact]
    public void ShiftReachesEveryPlaceOfTheImageAndNoOther()
    {
        // One bright pixel at the centre of 9 x 9: its place in the 5 x 5 crop shows the displacement.
        var options = new DataOptions { Crop = 5, Shift = 8, Pad = 0 };
        var seen = Enumerable.Range(0, 400).Select(i => Array.FindIndex(Write(options, Dot(9, 4, 4), 5, i), v => v > 0)).ToHashSet();
        Assert.Equal(25, seen.Count);
        Assert.DoesNotContain(-1, seen);
        var less = options with { Shift = 1 };
        var one = Enumerable.Range(0, 100).Select(i => Array.FindIndex(Write(less, Dot(9, 4, 4), 5, i), v => v > 0)).ToHashSet();
        Assert.Equal([6, 7, 8, 11, 12, 13, 16, 17, 18], one.Order());
    }

    [Fact]
    public void PadGivesRoomAroundASmallImage()
    {
        var image = Dot(3, 1, 1);
        var options = new DataOptions { Crop = 3, Shift = 1 };
        var padded = options with { Pad = 1 };
        var still = Enumerable.Range(0, 50).Select(i => Array.FindIndex(Write(options, image, 3, i), v => v > 0)).ToHashSet();
        Assert.Equal([4], still);
        var moved = Enumerable.Range(0, 200).Select(i => Array.FindIndex(Write(padded, image, 3, i), v => v > 0)).ToHashSet();
        Assert.Equal(9, moved.Count);
    }

    [Fact]
    public void FlipMirrorsAboutHalf()
    {
        var mirrored = Enumerable.Range(0, 400).Count(i => Write(new() { Flip = true }, Dot(3, 1, 0), 3, i)[5] > 0);
        Assert.InRange(mirrored, 150, 250);
    }

    [Fact]
    public void GainIsUniformWithinItsRange()
    {
        var gains = Enumerable.Range(0, 1000).Select(i => Write(new() { Gain = 0.4 }, Dot(1, 0, 0), 1, i)[0]).ToArray();
        Assert.InRange(gains.Min(), 0.6, 0.62);
        Assert.InRange(gains.Max(), 1.38, 1.4);
        Assert.InRange(gains.Average(), 0.98, 1.02);
    }

    [Fact]
    public void SpeckleHasTheMomentsOfItsNoise()
    {
        var values = Enumerable.Repeat(1f, 100_001).ToArray();
        var random = new RandomStream(1, RandomPurpose.Augment);
        Augmenter.MultiplySpeckle(values, 0.25f, ref random);
        var mean = values.Average(v => (double)v);
        var noise = values.Select(v => (v - mean) / 0.25).ToArray();
        Assert.Equal(1, mean, 0.003);
        Assert.Equal(1, noise.Average(n => n * n), 0.02);
        Assert.Equal(0, noise.Average(n => n * n * n), 0.03);
        Assert.Equal(2.7, noise.Average(n => n * n * n * n), 0.06); // sum of four uniform numbers: 3 − 1.2 / 4
        Assert.Equal(0, noise.Zip(noise.Skip(1), (a, b) => a * b).Average(), 0.02);
    }

    [Fact]
    public void SpeckleNeverTurnsAPixelNegative()
    {
        var values = Enumerable.Range(0, 50).SelectMany(i => Write(new() { Speckle = 2 }, Flat(8), 8, i)).ToArray();
        Assert.Equal(0, values.Min());
        Assert.InRange(values.Count(v => v == 0), 1, values.Length / 2);
    }

    [Fact]
    public void RotationTurnsAboutTheCentreAndReadsBeyondTheCrop()
    {
        var options = new DataOptions { Crop = 5, Rotate = 180 };
        // The centre stays where it is, whatever the angle.
        for (var i = 0; i < 20; i++) Assert.Equal(1, Write(options, Dot(21, 10, 10), 5, i)[12], 1e-4);
        // A flat image that covers everything a rotated crop reaches stays flat.
        for (var i = 0; i < 20; i++) Assert.All(Write(options, Flat(21), 5, i), v => Assert.Equal(1, v, 1e-5));
        // A pixel one row above the centre moves around it at distance 1.
        var crops = Enumerable.Range(0, 300).Select(i => Write(options, Dot(21, 9, 10), 5, i));
        var places = crops.Select(v => Array.IndexOf(v, v.Max())).ToHashSet();
        Assert.Superset(new HashSet<int> { 7, 11, 13, 17 }, places);
    }

    private static DataSet Load(DataOptions options) => DataSet.Load(options, 1, _ => { });

    private static (int[] Labels, float[] Images) Copy(Batch batch) => (batch.Labels[..batch.Count], batch.Images[..(batch.Count * 256)]);

    private static Image Dot(int side, int y, int x)
    {
        var data = new byte[side * side];
        data[y * side + x] = 255;
        return new(1, side, side, 8, data);
    }

    private static Image Flat(int side) => new(1, side, side, 8, Enumerable.Repeat((byte)255, side * side).ToArray());

    // The augmented image number i, without normalisation, from the window that a data set keeps.
    private static float[] Write(DataOptions options, Image image, int crop, int i)
    {
        var side = crop + 2 * Augmenter.Margin(options, crop);
        var sample = new Sample(new("image", 0, () => image), image, Framing.Frame(image, new(1, side, side)));
        var augmenter = new Augmenter(options, new InputNormalisation(0, AmplitudeTransform.None, [0], [1]), new(1, crop, crop));
        var result = new float[crop * crop];
        augmenter.Write(sample, new RandomStream(1, RandomPurpose.Augment, 0, i), result);
        return result;
    }
}
