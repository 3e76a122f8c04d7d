using Dst.Foundations;
using Dst.Training.Data;

namespace Dst.Tests.Data;

/// <summary>Mixup and CutMix against the same batches without them.</summary>
public class BatchMixerTests
{
    private const int Pixels = 16 * 16;

    private static readonly DataOptions Plain = new()
    {
        Simulated = new() { Classes = 3, PerClassTrain = 9, PerClassTest = 2, Size = 20 },
        Crop = 16,
        Shift = 2,
        Validation = 0.2,
    };

    [Theory]
    [InlineData(0)]
    [InlineData(2)] // with 15 unlabelled images beside the 6 labelled ones
    public void MixupBlendsPairsOfImagesAndKeepsBothLabels(int labelsPerClass)
    {
        var plain = Plain with { LabelsPerClass = labelsPerClass };
        var pairs = Batches(plain).Zip(Batches(plain with { Mixup = 0.8 })).ToList();
        Assert.True(pairs.Select(pair => pair.Second.Share).Distinct().Count() == pairs.Count, "each batch has its own share");
        foreach (var (before, after) in pairs)
        {
            Assert.Equal((before.Indices, before.Labels), (after.Indices, after.Labels), Comparer);
            Assert.Equal(before.Labels.Reverse(), after.Partners);
            Assert.InRange(after.Share, 0, 1);
            for (var i = 0; i < before.Images.Length; i++)
            {
                var (own, other) = (before.Images[i], before.Images[PartnerOf(before, i)]);
                var expected = i / Pixels == PartnerOf(before, i) / Pixels ? own : after.Share * own + (1 - after.Share) * other;
                Assert.Equal(expected, after.Images[i], 1e-6f);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void CutMixExchangesABoxWhoseAreaIsThePartnersShare(int labelsPerClass)
    {
        var plain = Plain with { LabelsPerClass = labelsPerClass };
        foreach (var (before, after) in Batches(plain).Zip(Batches(plain with { Cutmix = 1 })))
        {
            Assert.Equal(before.Labels.Reverse(), after.Partners);
            var taken = Enumerable.Range(0, before.Images.Length).Where(i => after.Images[i] != before.Images[i]).ToList();
            Assert.All(taken, i => Assert.Equal(before.Images[PartnerOf(before, i)], after.Images[i]));

            // All images of the batch have the same box. Some pixels of two images are equal, but not all pixels of a side in all pairs.
            var places = taken.Select(i => i % Pixels).ToHashSet();
            var (rows, columns) = (places.Select(place => place / 16).ToHashSet(), places.Select(place => place % 16).ToHashSet());
            Assert.Equal(rows.Count * columns.Count, places.Count);
            if (places.Count > 0) Assert.Equal((Span(rows), Span(columns)), (rows.Count, columns.Count));
            Assert.Equal(1 - places.Count / (float)Pixels, after.Share);
        }

        static int Span(HashSet<int> values) => values.Max() - values.Min() + 1;
    }

    [Fact]
    public void WithBothChanceTakesOneForEachBatch()
    {
        var plain = Batches(Plain, epochs: 30);
        var mixed = Batches(Plain with { Mixup = 1, Cutmix = 1 }, epochs: 30);
        var cut = plain.Zip(mixed).Count(pair => Enumerable.Range(0, 4 * Pixels).All(
            i => pair.Second.Images[i] == pair.First.Images[i] || pair.Second.Images[i] == pair.First.Images[PartnerOf(pair.First, i)]));
        Assert.InRange(cut, plain.Count / 4, 3 * plain.Count / 4);
    }

    [Fact]
    public void AResumedEpochIsMixedInTheSameWay()
    {
        var data = DataSet.Load(Plain with { Mixup = 0.2, Cutmix = 1 }, 1, _ => { });
        using var loader = new BatchLoader(data, data.Training, 4, augment: true, seed: 3);
        var unbroken = loader.Epoch(2).Select(Copy).Skip(3).ToList();
        using var other = new BatchLoader(data, data.Training, 4, augment: true, seed: 3);
        var resumed = other.Epoch(2, firstBatch: 3).Select(Copy).ToList();
        Assert.Equal(unbroken.SelectMany(batch => batch.Images), resumed.SelectMany(batch => batch.Images));
        Assert.Equal(unbroken.Select(batch => batch.Share), resumed.Select(batch => batch.Share));
    }

    [Fact]
    public void BatchesThatAreNotAugmentedAreNotMixed()
    {
        var data = DataSet.Load(Plain with { Mixup = 1 }, 1, _ => { });
        using var loader = new BatchLoader(data, data.Training, 4, augment: false, seed: 3);
        Assert.All(loader.Epoch(0).Select(Copy), batch => Assert.Equal(1, batch.Share));
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.2)]
    [InlineData(1)]
    [InlineData(8)]
    public void SharesHaveTheMomentsOfTheBetaDistribution(double alpha)
    {
        var random = new RandomStream(1, RandomPurpose.Mix);
        var shares = Enumerable.Range(0, 40_000).Select(_ => random.NextBeta(alpha)).ToArray();
        Assert.All(shares, share => Assert.InRange(share, 0, 1));
        Assert.Equal(0.5, shares.Average(), 0.01);
        double Central(int order) => shares.Average(share => Math.Pow(share - 0.5, order));
        var variance = 1 / (4 * (2 * alpha + 1));
        Assert.Equal(variance, Central(2), 0.02 * variance);
        Assert.Equal(3 * variance * variance * (2 * alpha + 1) / (2 * alpha + 3), Central(4), 0.04 * variance * variance);
        if (alpha == 1) for (var tenth = 0.1; tenth < 1; tenth += 0.1) Assert.Equal(tenth, shares.Count(s => s < tenth) / 40_000.0, 0.01);
    }

    private sealed record Copied(int[] Indices, int[] Labels, int[] Partners, float Share, float[] Images);

    private static readonly IEqualityComparer<(int[], int[])> Comparer = EqualityComparer<(int[], int[])>.Create(
        (a, b) => a.Item1.SequenceEqual(b.Item1) && a.Item2.SequenceEqual(b.Item2), _ => 0);

    private static List<Copied> Batches(DataOptions options, int epochs = 2)
    {
        var data = DataSet.Load(options, 1, _ => { });
        using var loader = new BatchLoader(data, data.Training, 8, augment: true, seed: 3, readsUnlabelled: data.Unlabelled.Count > 0);
        return [.. Enumerable.Range(0, epochs).SelectMany(epoch => loader.Epoch(epoch).Select(Copy))];
    }

    private static Copied Copy(Batch batch) => new(
        batch.Indices[..batch.Count], batch.Labels[..batch.Labelled], batch.Partners[..batch.Labelled], batch.Share,
        batch.Images[..(batch.Count * Pixels)]);

    // The same pixel of the image that is mixed with that of value i.
    private static int PartnerOf(Copied batch, int i)
    {
        var (image, labelled) = (i / Pixels, batch.Labels.Length);
        var partner = image < labelled ? labelled - 1 - image : labelled + batch.Indices.Length - 1 - image;
        return partner * Pixels + i % Pixels;
    }
}
