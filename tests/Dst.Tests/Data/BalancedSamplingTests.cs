using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

/// <summary>Balanced sampling of classes of 2, 5 and 7 images.</summary>
public sealed class BalancedSamplingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DataSet _data;

    public BalancedSamplingTests()
    {
        foreach (var (name, count) in new[] { ("a", 3), ("b", 6), ("c", 8) })
        {
            Directory.CreateDirectory(_folder.File(name));
            for (var i = 0; i < count; i++)
                File.WriteAllBytes(_folder.File($"{name}/{i}.png"), TestImages.GreyPng(4, 4, (y, x) => (byte)(i * 16 + name[0] + y + x)));
        }

        var options = new DataOptions
        {
            Kind = DataKind.Folder,
            Path = _folder.Path,
            Validation = 0,
            Test = 0.1,
            Sampling = Sampling.Balanced,
            Gain = 0.5,
        };
        _data = DataSet.Load(options, 1, _ => { });
        Assert.Equal([2, 5, 7], _data.Training.CountByClass(3));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EachClassComesEquallyOftenAndEachOfItsImagesToo()
    {
        var drawn = Draws(epochs: 30);
        Assert.Equal(30 * 14, drawn.Count); // an epoch has as many images as the set
        foreach (var round in drawn.Chunk(3))
            Assert.Equal([0, 1, 2], round.Select(index => _data.Training.Samples[index].Label!.Value).Order());
        for (var label = 0; label < 3; label++)
        {
            var members = Enumerable.Range(0, 14).Where(index => _data.Training.Samples[index].Label == label).ToArray();
            foreach (var pass in drawn.Where(members.Contains).Chunk(members.Length).SkipLast(1)) Assert.Equal(members, pass.Order());
        }

        Assert.True(drawn.Chunk(3).Select(round => _data.Training.Samples[round[0]].Label).Distinct().Count() == 3, "rounds are shuffled");
    }

    [Fact]
    public void ItGoesOnWhereAnEpochIsResumed()
    {
        using var loader = new BatchLoader(_data, _data.Training, 4, augment: true, seed: 2);
        var unbroken = loader.Epoch(3).Select(Copy).Skip(2).ToList();
        using var other = new BatchLoader(_data, _data.Training, 4, augment: true, seed: 2);
        Assert.Equal(unbroken.SelectMany(values => values), other.Epoch(3, firstBatch: 2).SelectMany(Copy));

        static float[] Copy(Batch batch) => batch.Images[..(batch.Count * 16)];
    }

    [Fact]
    public void AnImageThatComesTwiceInABatchIsAugmentedAnew()
    {
        using var loader = new BatchLoader(_data, _data.Training, 14, augment: true, seed: 2);
        var batch = loader.Epoch(0).First();
        var twice = Enumerable.Range(0, 14).GroupBy(i => batch.Indices[i]).First(group => group.Count() > 1).ToArray();
        Assert.NotEqual(batch.Images[(twice[0] * 16)..(twice[0] * 16 + 16)], batch.Images[(twice[1] * 16)..(twice[1] * 16 + 16)]);
    }

    private List<int> Draws(int epochs)
    {
        using var loader = new BatchLoader(_data, _data.Training, 4, augment: true, seed: 2);
        return [.. Enumerable.Range(0, epochs).SelectMany(epoch => loader.Epoch(epoch))
            .SelectMany(batch => batch.Indices.Take(batch.Count))];
    }
}
