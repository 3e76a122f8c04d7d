using Dst.Images;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

public class DataSetTests
{
    [Fact]
    public void Mean_and_deviation_may_be_given()
    {
        var options = new DataOptions
        {
            Kind = DataKind.Simulated,
            Simulated = new() { Classes = 2, PerClassTrain = 2, PerClassTest = 1, Size = 16 },
            Mean = [0.25],
            Deviation = [0.5],
        };
        DataSet Load(DataOptions changed) => DataSet.Load(changed, seed: 1, _ => { });
        var (given, measured) = (Load(options), Load(options with { Mean = [], Deviation = [] }));
        Assert.Equal((0.25f, 0.5f), (given.Normalisation.Mean[0], given.Normalisation.Deviation[0]));
        Assert.NotEqual(0.25f, measured.Normalisation.Mean[0]);
        foreach (var (changed, expected) in new[]
        {
            (options with { Deviation = [] }, "data.mean has 1 numbers and data.deviation 0; 1 of each were expected"),
            (options with { Mean = [1, 2], Deviation = [1, 2] }, "data.mean has 2 numbers"),
            (options with { Normalise = NormalisationSource.Image }, "data.normalise image"),
        })
        {
            Assert.Contains(expected, Assert.Throws<InputException>(() => Load(changed)).Message);
        }
    }

    private static readonly DataOptions Small = new()
    {
        Simulated = new() { Classes = 4, PerClassTrain = 10, PerClassTest = 5, Size = 24 },
    };

    [Fact]
    public void SimulatedChipsDependOnTheirSeedOnly()
    {
        var first = Load(Small);
        var again = Load(Small, seed: 1);
        var other = Load(Small with { Simulated = Small.Simulated with { Seed = 2 } });
        Assert.Equal((36, 4, 20), (first.Training.Count, first.Validation.Count, first.Test.Count));
        Assert.Equal(Bytes(first), Bytes(again));
        Assert.NotEqual(Bytes(first), Bytes(other));
        Assert.NotEqual(first.Training.Samples.Select(s => s.Name), Load(Small, seed: 2).Training.Samples.Select(s => s.Name));
        Assert.Empty(LeakCheck.Find(first));
    }

    [Fact]
    public void HalfOfTheTestImagesCanBeTheValidationImages()
    {
        var all = Load(Small);
        var data = Load(Small with { ValidationFrom = ValidationSource.Test });
        Assert.Equal((40, 8, 12), (data.Training.Count, data.Validation.Count, data.Test.Count));
        Assert.Equal(
            all.Test.Samples.Select(s => s.Name).Order(), data.Validation.Samples.Concat(data.Test.Samples).Select(s => s.Name).Order());
        Assert.Equal([2, 2, 2, 2], data.Validation.CountByClass(4));
        Assert.NotEqual(
            data.Validation.Samples.Select(s => s.Name),
            Load(Small with { ValidationFrom = ValidationSource.Test }, seed: 2).Validation.Samples.Select(s => s.Name));
    }

    [Fact]
    public void ValidationFromATestThatTheDataDoesNotHaveIsRefused()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "a/1.png", "a/2.png", "b/1.png", "b/2.png" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
            File.WriteAllBytes(folder.File(name), TestImages.GreyPng(3, 3, (_, _) => 7));
        }

        var options = new DataOptions { Kind = DataKind.Folder, Path = folder.Path, ValidationFrom = ValidationSource.Test };
        Assert.Contains("data.validation_from is test", Assert.Throws<InputException>(() => Load(options)).Message);
    }

    [Fact]
    public void SimulatedClutterHasRayleighSpeckle()
    {
        // The four corners are clutter, whose amplitude has a deviation of sqrt(4 / pi − 1) = 0.523 times its mean.
        var simulator = new ChipSimulator(new() { Size = 64 });
        var corners = new List<double>();
        for (var i = 0; i < 40; i++)
        {
            var chip = simulator.Simulate(i % 10, i).Data.Span;
            for (var y = 0; y < 8; y++)
            {
                for (var x = 0; x < 8; x++) corners.AddRange([chip[y * 64 + x], chip[y * 64 + 63 - x]]);
            }
        }

        var mean = corners.Average();
        var deviation = Math.Sqrt(corners.Average(v => (v - mean) * (v - mean)));
        Assert.Equal(0.523, deviation / mean, 0.03);
    }

    [Fact]
    public void SimulatedTargetsAreBrightAndCastShadowsBehindThem()
    {
        var simulator = new ChipSimulator(new() { Size = 64, Difficulty = 0 });
        var mean = new double[64 * 64];
        for (var i = 0; i < 200; i++)
        {
            var chip = simulator.Simulate(i % 10, i).Data.Span;
            for (var p = 0; p < mean.Length; p++) mean[p] += chip[p] / 200.0;
        }

        var clutter = mean[5 * 64 + 5] + mean[5 * 64 + 58] + mean[58 * 64 + 5];
        Assert.True(mean[32 * 64 + 32] > clutter, "the centre is more than three times as bright as clutter");
        Assert.True(mean[44 * 64 + 32] < 0.8 * mean[20 * 64 + 32], "it is darker behind the target than before it");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void NormalisationMakesTrainingDataStandard(bool smooth)
    {
        var data = Load(Small with { Crop = 16, Amplitude = AmplitudeTransform.Sqrt, Smooth = smooth });
        using var loader = new BatchLoader(data, data.Training, 36, augment: false, seed: 1);
        var values = loader.Epoch(0).Single().Images.Select(v => (double)v).ToArray();
        Assert.Equal(0, values.Average(), 4);
        Assert.Equal(1, values.Average(v => v * v), 4);
        Assert.Equal((AmplitudeTransform.Sqrt, 0), (data.Normalisation.Amplitude, data.Normalisation.Resize));
    }

    [Fact]
    public void ConstantImagesGetTheDeviationOne()
    {
        using var folder = new TemporaryFolder();
        foreach (var (name, value) in new[] { ("a/1.png", 51), ("a/2.png", 51), ("b/1.png", 51), ("b/2.png", 51) })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name))!);
            File.WriteAllBytes(folder.File(name), TestImages.GreyPng(3, 3, (_, _) => (byte)value));
        }

        var log = new List<string>();
        var data = DataSet.Load(new() { Kind = DataKind.Folder, Path = folder.Path, Validation = 0, Test = 0.5 }, 1, log.Add);
        Assert.Equal((0.2f, 1f), (data.Normalisation.Mean[0], data.Normalisation.Deviation[0]));
        var leak = Assert.Single(LeakCheck.Find(data));
        Assert.Equal(("images", "training", "test", 2), (leak.What, leak.First, leak.Second, leak.Count));
        var warning = log.Find(line => line.StartsWith("warning: 2 images of the test split", StringComparison.Ordinal));
        Assert.Contains(".png", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void ImagesOfDifferentSizesAndKindsComeToOneShape()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("a"));
        Directory.CreateDirectory(folder.File("b"));
        File.WriteAllBytes(folder.File("a/1.png"), TestImages.GreyPng(8, 6, (y, x) => (byte)(y + x)));
        File.WriteAllBytes(folder.File("a/2.png"), TestImages.GreyPng(3, 3, (y, x) => (byte)(90 + y + x)));
        File.WriteAllBytes(folder.File("b/1.jpeg"), TestImages.ColourJpeg);
        File.WriteAllBytes(folder.File("b/2.tif"), TestImages.Tiff(false, 5, 7, 16, new byte[70]));
        var options = new DataOptions { Kind = DataKind.Folder, Path = folder.Path, Validation = 0, Test = 0.5 };
        var data = DataSet.Load(options with { Crop = 6, Channels = 1, Shift = 1 }, 1, _ => { });
        Assert.Equal(new(1, 6, 6), data.Shape);
        Assert.All(data.Test.Samples, s => Assert.Equal((1, 6, 6), (s.Window.Channels, s.Window.Height, s.Window.Width)));
        var resized = DataSet.Load(options with { Resize = 10 }, 1, _ => { });
        Assert.Equal((10, 10), (resized.Shape.Height, resized.Shape.Width));
    }

    [Fact]
    public void ShiftWithoutRoomIsSaid()
    {
        var log = new List<string>();
        DataSet.Load(Small with { Crop = 20, Shift = 5 }, 1, log.Add);
        const string Words = "36 of 36 training images move by less than data.shift's 5 pixels; those of 24x24 by at most 2";
        Assert.Contains(log, line => line.Contains(Words, StringComparison.Ordinal));
        Assert.Contains("1 band and the network takes 2", Assert.Throws<InputException>(() => Load(Small with { Channels = 2 })).Message);
    }

    [Fact]
    public void MoreChipsThanMemoryAreRefusedBeforeTheFirstIsMade()
    {
        var options = new DataOptions { Simulated = new() { Classes = 100, PerClassTrain = 100_000, PerClassTest = 100_000, Size = 512 } };
        Assert.Contains("simulated chips of 512x512 need", Assert.Throws<InputException>(() => Load(options)).Message);
    }

    [Fact]
    public void LoadingCanBeCancelled() =>
        Assert.ThrowsAny<OperationCanceledException>(() => DataSet.Load(Small, 1, _ => { }, new CancellationToken(canceled: true)));

    [Fact]
    public void InspectionCountsAndPaints()
    {
        using var folder = new TemporaryFolder();
        var data = Load(Small with { Crop = 20, Amplitude = AmplitudeTransform.Sqrt, Smooth = true });
        var inspection = new DataInspection(data);
        Assert.Equal(["training", "validation", "test"], inspection.Splits.Select(s => s.Name));
        Assert.Equal([9, 9, 9, 9], inspection.Splits[0].ClassCounts);
        Assert.Equal(new SizeCount(24, 24, 36), Assert.Single(inspection.Splits[0].Sizes));
        Assert.Equal(data.Normalisation.Mean[0], inspection.Splits[0].Mean, 5);
        Assert.InRange(inspection.Splits[0].Max, inspection.Splits[0].Mean, 1);
        Assert.Empty(inspection.Leaks);

        inspection.WriteGrid(folder.File("grid.png"), imagesPerClass: 3);
        var grid = ImageFile.Read(folder.File("grid.png"));
        Assert.Equal((1, 4 * 21 + 1, 3 * 21 + 1), (grid.Channels, grid.Height, grid.Width));
        Assert.Equal(128, grid.Data.Span[0]);
        var expected = new float[400];
        Preprocessor.Prepare(
            data.Training.Samples[9].Window, new(0, AmplitudeTransform.Sqrt, [0], [1], Smooth: true), data.Shape, expected);
        for (var i = 0; i < 400; i++)
            Assert.Equal((byte)(expected[i] * 255 + 0.5f), grid.Data.Span[(22 + i / 20) * grid.Width + 1 + i % 20]);
        Assert.Equal(["grid.png"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_share_of_test_images_is_told_to_have_no_effect_where_the_data_has_a_test_split()
    {
        var lines = LinesOf(Small with { Test = 0.3 });
        Assert.Contains("data: data.test 0.3 has no effect, because the data has a test split of 20 images", lines);
        Assert.DoesNotContain(LinesOf(Small), line => line.Contains("data.test"));
    }

    [Theory]
    [InlineData(127, 50, true)]
    [InlineData(50, 1, true)]
    [InlineData(0.5, 0.25, false)]
    [InlineData(0, 1 / 255.0, false)] // back to values from 0 to 255
    public void A_mean_of_another_unit_is_a_warning(double mean, double deviation, bool warns)
    {
        var lines = LinesOf(Small with { Mean = [mean], Deviation = [deviation] });
        Assert.Equal(warns, lines.Any(line => line.StartsWith("warning: data.mean and data.deviation do not fit the images: ")));
    }

    private static List<string> LinesOf(DataOptions options)
    {
        var lines = new List<string>();
        DataSet.Load(options, 1, lines.Add);
        return lines;
    }

    private static DataSet Load(DataOptions options, long seed = 1) => DataSet.Load(options, seed, _ => { });

    private static byte[] Bytes(DataSet data) =>
        [.. new[] { data.Training, data.Validation, data.Test }.SelectMany(s => s.Samples).SelectMany(s => s.Window.Data.ToArray())];
}
