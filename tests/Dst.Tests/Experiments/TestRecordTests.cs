using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Experiments;

public sealed class TestRecordTests : IDisposable
{
    private static readonly DataSet Data = TinyRun.Load(TinyRun.Recipe(""));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_record_keeps_predictions_and_the_surest_mistakes_of_the_worst_pairs()
    {
        // The 12 test images have 4 of each of the 3 classes, in order. Class 1 is taken for 2 more often than 0 for 1.
        var predictions = Data.Test.Samples.Select((sample, i) => new LabelledPrediction(
            sample.Label!.Value, i is 4 or 5 or 7 ? 2 : i == 1 ? 1 : sample.Label.Value, 0.5f + 0.01f * i)).ToList();
        var record = TestRecord.Of(Data, predictions);
        Assert.Equal([7, 5, 4, 1], record.Mistakes.Select(mistake => mistake.Index));
        record.Save(_folder.File("record"));
        var read = TestRecord.Load(_folder.File("record"));
        Assert.Equal(predictions, read.Predictions);
        Assert.Equal(Data.ClassNames, read.ClassNames);
        Assert.Equal(record.Mistakes.Select(mistake => (mistake.Index, mistake.Name)), read.Mistakes.Select(m => (m.Index, m.Name)));
        Assert.Equal(record.Mistakes.SelectMany(mistake => mistake.Picture.Pixels), read.Mistakes.SelectMany(m => m.Picture.Pixels));
        long[][] counts = [[3, 1, 0], [0, 1, 3], [0, 0, 4]];
        Assert.Equal(counts, read.Confusion.Rows);
    }

    [Fact]
    public void A_record_without_a_mistake_has_no_pictures()
    {
        TestRecord.Of(Data, [new(0, 0, 1)]).Save(_folder.File("record"));
        Assert.Empty(TestRecord.Load(_folder.File("record")).Mistakes);
    }

    [Theory]
    [InlineData("format", "dst-test")]
    [InlineData("labels", "3")]
    [InlineData("predicted", "-1")]
    [InlineData("confidence", "1.5")]
    [InlineData("class_names", "null")]
    [InlineData("mistake_indices", "9")]
    [InlineData("mistake_pictures", "[1, 65, 2, 3]")]
    [InlineData("mistake_names", "25 pictures")]
    public void A_damaged_record_is_refused(string part, string named)
    {
        var metadata = new Dictionary<string, string>
        {
            ["format"] = part == "format" ? "dst-model" : "dst-test",
            ["version"] = "1",
            ["class_names"] = part == "class_names" ? """["a", null, "c"]""" : """["a", "b", "c"]""",
            ["mistake_names"] = part == "mistake_names" ? $"[{string.Join(',', Enumerable.Repeat("\"x\"", 25))}]" : """["x"]""",
        };
        var height = part == "mistake_pictures" ? 65 : 2;
        TensorEntry[] tensors =
        [
            new("labels", [2], [0L, part == "labels" ? 3 : 1]), new("predicted", [2], [part == "predicted" ? -1L : 0, 2]),
            new("confidence", [2], [0.5f, part == "confidence" ? 1.5f : 1]),
            new("mistake_indices", [1], [part == "mistake_indices" ? 9L : 1]),
            new("mistake_pictures", [1, height, 2, 3], new byte[height * 2 * 3]),
        ];
        SafetensorsFile.Write(_folder.File("record"), metadata, tensors);
        var refusal = Assert.Throws<InputException>(() => TestRecord.Load(_folder.File("record")));
        Assert.Contains(named, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_thumbnail_has_its_colours_pixel_by_pixel()
    {
        foreach (var (name, blue) in new[] { ("train/a/1.ppm", 50), ("train/b/1.ppm", 60), ("test/a/1.ppm", 70), ("test/b/1.ppm", 80) })
        {
            var pixels = Enumerable.Repeat(new byte[] { 200, 100, (byte)blue }, 16).SelectMany(pixel => pixel);
            Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
            File.WriteAllBytes(_folder.File(name), [.. "P6 4 4 255\n"u8, .. pixels]);
        }

        var options = new DataOptions { Kind = DataKind.Folder, Path = _folder.Path, Crop = 4, Validation = 0 };
        var colours = DataSet.Load(options, seed: 1, _ => { });
        var picture = Thumbnail.Of(colours, colours.Test.Samples[1]);
        Assert.Equal((3, 4, 4), (picture.Channels, picture.Height, picture.Width));
        Assert.Equal([200, 100, 80, 200, 100, 80], picture.Pixels[..6]);
    }

    [Fact]
    public void A_thumbnail_of_a_large_image_is_the_mean_of_squares_of_its_pixels()
    {
        var large = TinyRun.Load(TinyRun.Recipe("", "data.simulated.size=130", "data.crop=130"));
        var sample = large.Test.Samples[0];
        var picture = Thumbnail.Of(large, sample);
        Assert.Equal((1, 43, 43), (picture.Channels, picture.Height, picture.Width)); // squares of 3 pixels
        var amplitudes = new float[130 * 130];
        Statistics.ReadCentreCrop(sample, large.Options, large.Shape, amplitudes);
        var mean = Enumerable.Range(0, 9).Average(i => amplitudes[(3 * 20 + i / 3) * 130 + 3 * 7 + i % 3]);
        Assert.Equal(255 * mean, picture.Pixels[20 * 43 + 7], 0.51);
    }
}
