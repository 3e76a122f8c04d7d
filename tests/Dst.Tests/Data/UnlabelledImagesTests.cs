using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

/// <summary>Images without labels: where they come from, and how they are mixed into batches.</summary>
public sealed class UnlabelledImagesTests : IDisposable
{
    private static readonly DataOptions Simulated = new()
    {
        Simulated = new() { Classes = 3, PerClassTrain = 10, PerClassTest = 2, Size = 16 },
        Validation = 0.2,
        Shift = 1,
        Pad = 1,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void FewImagesOfEachClassKeepTheirLabels()
    {
        var all = Load(Simulated);
        var few = Load(Simulated with { LabelsPerClass = 2 });
        Assert.Equal([2, 2, 2], few.Training.CountByClass(3));
        Assert.Equal(18, few.Unlabelled.Count);
        Assert.All(few.Unlabelled.Samples, sample => Assert.Null(sample.Label));
        Assert.Equal(Names(all.Training).Order(), Names(few.Training).Concat(Names(few.Unlabelled)).Order());
        Assert.Equal(Names(all.Validation), Names(few.Validation));
        Assert.Equal(Names(all.Test), Names(few.Test));
        Assert.Contains("data: 3 classes, 6 training and 18 unlabelled, 6 validation and 6 test images, input 1x16x16", _log);

        Assert.Equal(Names(few.Training), Names(Load(Simulated with { LabelsPerClass = 2 }).Training));
        Assert.NotEqual(Names(few.Training), Names(Load(Simulated with { LabelsPerClass = 2 }, seed: 2).Training));
        Assert.Subset(Names(Load(Simulated with { LabelsPerClass = 3 }).Training).ToHashSet(), Names(few.Training).ToHashSet());
    }

    [Fact]
    public void TheOthersCanBeLeftOut()
    {
        var data = Load(Simulated with { LabelsPerClass = 2, Others = OtherImages.Dropped });
        Assert.Equal((6, 0), (data.Training.Count, data.Unlabelled.Count));
        Assert.Equal(Names(Load(Simulated with { LabelsPerClass = 2 }).Training), Names(data.Training));
        Assert.StartsWith(
            "data.others is dropped with data.labels_per_class 0",
            Assert.Throws<InputException>(() => Load(Simulated with { Others = OtherImages.Dropped })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MoreLabelsThanThereAreImagesChangeNothingAndTheLogSaysSo()
    {
        var data = Load(Simulated with { LabelsPerClass = 8 });
        Assert.Equal((24, 0), (data.Training.Count, data.Unlabelled.Count));
        Assert.Contains("data: all images keep their labels, because no class has more than data.labels_per_class, 8", _log);
    }

    [Fact]
    public void AFolderHoldsThemAtAnyDepthAndItsNamesAreIgnored()
    {
        Write("labelled", ("a/1.png", 1), ("a/2.png", 2), ("b/3.png", 3), ("b/4.png", 4));
        Write("more", ("5.png", 5), ("anything/deep/6.png", 6), ("a/7.png", 7));
        var options = new DataOptions
        {
            Kind = DataKind.Folder,
            Path = _folder.File("labelled"),
            Unlabelled = _folder.File("more"),
            Validation = 0,
            Test = 0.5,
            Crop = 3,
        };
        var data = Load(options);
        Assert.Equal(["5.png", "7.png", "6.png"], data.Unlabelled.Samples.Select(sample => Path.GetFileName(sample.Name)));
        Assert.Equal(0, data.Unlabelled.CountByClass(2).Sum());
        Assert.Equal((2, 2), (data.Training.Count, data.Test.Count));
        var without = Load(options with { Unlabelled = "" });
        Assert.Equal(without.Normalisation.Mean, data.Normalisation.Mean);
        Assert.Equal(without.Normalisation.Deviation, data.Normalisation.Deviation);
    }

    [Fact]
    public void TheirCopiesInTheTestAreALeak()
    {
        Write("labelled", ("train/a/1.png", 1), ("train/b/2.png", 2), ("test/a/3.png", 3), ("test/b/4.png", 4));
        Write("more", ("1.png", 1), ("4.png", 4), ("5.png", 5));
        var data = Load(new()
        {
            Kind = DataKind.Folder,
            Path = _folder.File("labelled"),
            Unlabelled = _folder.File("more"),
            Validation = 0,
        });
        var leak = Assert.Single(LeakCheck.Find(data));
        Assert.Equal(("images", "unlabelled", "test", 1), (leak.What, leak.First, leak.Second, leak.Count));
        Assert.Contains(_log, line => line.StartsWith("warning: 1 image of the test split shows images of the unlabelled split", default));
        Assert.Equal(["training", "unlabelled", "validation", "test"], new DataInspection(data).Splits.Select(split => split.Name));
    }

    [Fact]
    public void AFolderThatIsMissingOrEmptyIsRefused()
    {
        Write("labelled", ("a/1.png", 1), ("a/2.png", 2), ("b/3.png", 3), ("b/4.png", 4));
        Directory.CreateDirectory(_folder.File("empty"));
        var options = new DataOptions { Kind = DataKind.Folder, Path = _folder.File("labelled"), Validation = 0 };
        string Refusal(string folder) =>
            Assert.Throws<InputException>(() => Load(options with { Unlabelled = _folder.File(folder) })).Message;
        Assert.Contains($"data.unlabelled '{_folder.File("none")}' is not a folder", Refusal("none"), StringComparison.Ordinal);
        Assert.Contains($"folder '{_folder.File("empty")}' has no image files", Refusal("empty"), StringComparison.Ordinal);
    }

    [Fact]
    public void EachBatchHasBothKindsInTheirProportion()
    {
        var data = Load(Simulated with { LabelsPerClass = 2 }); // 6 and 18
        using var loader = Training(data, 8, readsUnlabelled: true);
        Assert.Equal((3, 6), (loader.BatchesPerEpoch, loader.LabelledPerEpoch));
        var batches = Epochs(loader, 2);
        Assert.All(batches, batch => Assert.Equal((8, 2), (batch.Indices.Length, batch.Labels.Length)));
        foreach (var epoch in batches.Chunk(3)) Assert.Equal(Enumerable.Range(0, 24), epoch.SelectMany(batch => batch.Indices).Order());
        foreach (var batch in batches)
        {
            Assert.Equal(batch.Indices.Take(2).Select(index => data.Training.Samples[index].Label!.Value), batch.Labels);
            Assert.All(batch.Indices.Skip(2), index => Assert.InRange(index, 6, 23));
        }

        Assert.NotEqual(batches[0].Indices, batches[3].Indices);
    }

    [Theory]
    [InlineData(5, 5)] // 1.25 labelled images in a batch are 1, so that a pass over them takes longer than an epoch
    [InlineData(2, 12)] // each batch has at least one
    [InlineData(64, 1)]
    public void PassesOverEitherKindGoOnAcrossEpochs(int size, int steps)
    {
        var data = Load(Simulated with { LabelsPerClass = 2 });
        using var loader = Training(data, size, readsUnlabelled: true);
        Assert.Equal(steps, loader.BatchesPerEpoch);
        var batches = Epochs(loader, 20);
        Assert.All(batches, batch => Assert.Equal(Math.Min(size, 24), batch.Indices.Length));
        Assert.All(batches, batch => Assert.InRange(batch.Labels.Length, 1, Math.Max(1, size / 4 + 1)));
        AssertPasses(batches.SelectMany(batch => batch.Indices.Take(batch.Labels.Length)), 0, 6);
        AssertPasses(batches.SelectMany(batch => batch.Indices.Skip(batch.Labels.Length)), 6, 18);

        static void AssertPasses(IEnumerable<int> indices, int first, int count)
        {
            var passes = indices.Chunk(count).Where(pass => pass.Length == count).ToList();
            Assert.True(passes.Count > 1);
            Assert.All(passes, pass => Assert.Equal(Enumerable.Range(first, count), pass.Order()));
        }
    }

    [Fact]
    public void WhoReadsOnlyLabelledImagesHasAsManySteps()
    {
        var data = Load(Simulated with { LabelsPerClass = 2 });
        using var loader = Training(data, 9, readsUnlabelled: false);
        Assert.Equal((3, 24), (loader.BatchesPerEpoch, loader.LabelledPerEpoch));
        var batches = Epochs(loader, 1);
        Assert.Equal([9, 9, 6], batches.Select(batch => batch.Labels.Length));
        foreach (var pass in batches.SelectMany(batch => batch.Indices).Chunk(6)) Assert.Equal([0, 1, 2, 3, 4, 5], pass.Order());

        // An image that comes again in an epoch is augmented anew.
        var images = batches.SelectMany(batch => batch.Indices.Zip(batch.Images.Chunk(256)));
        foreach (var same in images.GroupBy(pair => pair.First))
            Assert.Contains(same, pair => !pair.Second.SequenceEqual(same.First().Second));
    }

    [Fact]
    public void AResumedEpochSeesTheUnbrokenOnesBatches()
    {
        var data = Load(Simulated with { LabelsPerClass = 2 });
        using var unbroken = Training(data, 5, readsUnlabelled: true);
        var all = Epochs(unbroken, 3);
        using var resumed = Training(data, 5, readsUnlabelled: true);
        var rest = resumed.Epoch(2, firstBatch: 3).Select(Copy).ToList();
        Assert.Equal(all.Skip(13).SelectMany(batch => batch.Indices), rest.SelectMany(batch => batch.Indices));
        Assert.Equal(all.Skip(13).SelectMany(batch => batch.Images), rest.SelectMany(batch => batch.Images));
    }

    [Fact]
    public void ABatchOfOneCannotHaveBothKinds()
    {
        var data = Load(Simulated with { LabelsPerClass = 2 });
        Assert.Throws<ArgumentOutOfRangeException>(() => Training(data, 1, readsUnlabelled: true));
        Assert.Throws<ArgumentException>(() => new BatchLoader(data, data.Test, 4, augment: false, seed: 1, readsUnlabelled: true));
    }

    private static BatchLoader Training(DataSet data, int batch, bool readsUnlabelled) =>
        new(data, data.Training, batch, augment: true, seed: 3, readsUnlabelled);

    private static List<(int[] Indices, int[] Labels, float[] Images)> Epochs(BatchLoader loader, int count) =>
        [.. Enumerable.Range(0, count).SelectMany(epoch => loader.Epoch(epoch).Select(Copy))];

    private static (int[] Indices, int[] Labels, float[] Images) Copy(Batch batch) =>
        (batch.Indices[..batch.Count], batch.Labels[..batch.Labelled], batch.Images[..(batch.Count * 256)]);

    private static IEnumerable<string> Names(SampleSet samples) => samples.Samples.Select(sample => sample.Name);

    private DataSet Load(DataOptions options, long seed = 1) => DataSet.Load(options, seed, _log.Add);

    private void Write(string folder, params IEnumerable<(string Name, int Value)> files)
    {
        foreach (var (name, value) in files)
        {
            var path = _folder.File($"{folder}/{name}");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, TestImages.GreyPng(4, 4, (y, x) => (byte)(value + y + x)));
        }
    }
}
