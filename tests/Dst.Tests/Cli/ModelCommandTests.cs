using System.Text.Json;
using Dst.Cli;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Tests.Images;

namespace Dst.Tests.Cli;

/// <summary>The verbs that take a finished model: prune, eval, predict.</summary>
public sealed class ModelCommandTests : IDisposable
{
    private static readonly string[] SimulatedData =
    [
        "--data.simulated.classes", "3", "--data.simulated.per_class_train", "6", "--data.simulated.per_class_test", "4",
        "--data.simulated.size", "24",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Prune_writes_a_halved_model_and_says_why_layers_are_skipped()
    {
        var pruned = _folder.File("pruned.safetensors");
        var run = Terminal.Run(
            "prune", SampleModel.SaveHalved(_folder), "--pattern", "kernel:8:4", "--exclude", "layer3.*", "--out", pruned, "--json");
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        using var document = JsonDocument.Parse(run.Output);
        var skipped = document.RootElement.GetProperty("skipped");
        Assert.Equal("linear layer", skipped.GetProperty("fc").GetString());
        Assert.Equal("each filter has one kernel", skipped.GetProperty("conv1").GetString());
        Assert.Equal("excluded by name", skipped.GetProperty("layer3.0.conv1").GetString());

        var masks = ModelFile.Load(pruned).Masks;
        Assert.DoesNotContain("layer3.0.conv1", masks.Keys);
        Assert.Equal((8, 4), (masks["layer2.0.conv1"].Block, masks["layer2.0.conv1"].Pattern!.Group));
        Assert.Equal(masks["layer2.0.conv1"].WeightShape.Aggregate(1, (a, b) => a * b) / 2, masks["layer2.0.conv1"].KeptWeights);
    }

    [Fact]
    public void Prune_without_a_pattern_drops_the_share_that_is_named()
    {
        var pruned = _folder.File("sparse.safetensors");
        var run = Terminal.Run("prune", SampleModel.SaveHalved(_folder), "--unstructured", "0.75", "--out", pruned);
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        var mask = ModelFile.Load(pruned).Masks["layer2.0.conv1"];
        Assert.Null(mask.Pattern);
        Assert.Equal(mask.Kept.Length / 4, mask.KeptWeights);
    }

    [Theory]
    [InlineData("--pattern", "kernel:16:3", "even")]
    [InlineData("--pattern", "filter:16:2", "'filter:16:2'")]
    [InlineData("--unstructured", "1", "from 0 to 0.99")]
    [InlineData("--exclude", "conv99", "conv99")]
    public void Prune_names_what_is_wrong(string option, string value, string word) =>
        Terminal.Run("prune", SampleModel.SaveHalved(_folder), option, value, "--out", _folder.File("x.safetensors"))
            .AssertWrongInput(word);

    [Fact]
    public void Prune_needs_an_output_file() => Terminal.Run("prune", SampleModel.SaveHalved(_folder)).AssertWrongInput("--out");

    [Fact]
    public void Prune_permutes_and_scores_by_gradients_of_the_data()
    {
        var (model, plain, pruned) = (
            SaveModelOfSimulatedClasses(), _folder.File("plain.safetensors"), _folder.File("permuted.safetensors"));
        Assert.Equal(CommandLine.Done, Terminal.Run("prune", model, "--pattern", "kernel:4:4", "--out", plain).ExitCode);
        var run = Terminal.Run(
            ["prune", model, "--pattern", "kernel:4:4", "--permute", "--score", "taylor", .. SimulatedData, "--out", pruned]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Matches(@"permuted .*: [\d.]+ ?% of the score kept before, [\d.]+ ?% after", run.Error);
        var (a, b) = (ModelFile.Load(plain), ModelFile.Load(pruned));
        Assert.Equal(a.Masks.Keys.Order(), b.Masks.Keys.Order());
        Assert.Contains(a.Masks, layer => !layer.Value.Kept.SequenceEqual(b.Masks[layer.Key].Kept));
    }

    [Fact]
    public void Prune_measures_each_layer_alone()
    {
        var (model, csv) = (SaveModelOfSimulatedClasses(), _folder.File("layers.csv"));
        var run = Terminal.Run(
            ["prune", model, "--pattern", "kernel:4:4", "--exclude", "layer3.*", "--sensitivity", csv, .. SimulatedData]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        var rows = File.ReadAllLines(csv).Select(line => line.Split(',')).ToList();
        Assert.Equal(["layer", "weights", "kept", "validation_top1", "validation_loss"], rows[0]);
        Assert.Equal(
            ["(none)", "layer1.0.conv1", "layer1.0.conv2", "layer2.0.conv1", "layer2.0.conv2", "layer2.0.downsample.0", "(all)"],
            rows.Skip(1).Select(row => row[0]));
        Assert.Equal(int.Parse(rows[2][1]), 2 * int.Parse(rows[2][2]));
        Assert.Equal(rows[^1][1], $"{rows.Skip(2).SkipLast(1).Sum(row => int.Parse(row[1]))}");
        Assert.True(rows.Skip(1).Select(row => row[4]).Distinct().Count() > 5, "the losses are the same whatever is pruned");
        Assert.Matches(@"\(none\) +0 +0 +[\d.]+ ?% +0\.00 ", run.Output);
    }

    [Fact]
    public void Prune_writes_a_model_or_measures_but_not_both() =>
        Terminal.Run("prune", SampleModel.SaveHalved(_folder), "--out", _folder.File("a"), "--sensitivity", _folder.File("b"))
            .AssertWrongInput("--sensitivity");

    [Fact]
    public void Eval_counts_every_test_image_once()
    {
        var model = SaveModelOfSimulatedClasses();
        var run = Terminal.Run(["eval", model, .. SimulatedData, "--json"]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var result = document.RootElement;
        var confusion = result.GetProperty("confusion").EnumerateArray()
            .Select(row => row.EnumerateArray().Select(count => count.GetInt32()).ToArray()).ToArray();
        Assert.Equal(12, result.GetProperty("count").GetInt32());
        Assert.All(confusion, row => Assert.Equal(4, row.Sum()));
        Assert.Equal((confusion[0][0] + confusion[1][1] + confusion[2][2]) / 12.0, result.GetProperty("top1").GetDouble(), 12);
        Assert.Equal(1, result.GetProperty("top5").GetDouble());
        Assert.InRange(result.GetProperty("loss").GetDouble(), 0, 100);
    }

    [Fact]
    public void Eval_refuses_data_of_other_classes()
    {
        var run = Terminal.Run(["eval", SampleModel.SaveHalved(_folder), .. SimulatedData]);
        Assert.Equal((CommandLine.WrongInput, ""), (run.ExitCode, run.Output));
        Assert.Contains("tank, truck, clutter", run.Error.Split('\n')[^2]);
    }

    [Fact]
    public void Eval_refuses_a_split_without_images()
    {
        var run = Terminal.Run(
            ["eval", SaveModelOfSimulatedClasses(), .. SimulatedData, "--data.validation", "0", "--split", "validation"]);
        Assert.Equal((CommandLine.WrongInput, ""), (run.ExitCode, run.Output));
        Assert.Contains("validation images", run.Error.Split('\n')[^2]);
    }

    [Fact]
    public void Predict_gives_the_most_probable_classes_of_each_file()
    {
        var images = SaveImages();
        var run = Terminal.Run("predict", SampleModel.SaveHalved(_folder), images, "--top", "3", "--json");
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        using var document = JsonDocument.Parse(run.Output);
        var files = document.RootElement.EnumerateArray().ToArray();
        Assert.Equal(["a.png", "b.png"], files.Select(file => Path.GetFileName(file.GetProperty("file").GetString())));
        Assert.All(files, file =>
        {
            var predictions = file.GetProperty("predictions").EnumerateArray().ToArray();
            var probabilities = predictions.Select(prediction => prediction.GetProperty("probability").GetDouble()).ToArray();
            Assert.Equal(
                SampleModel.ClassNames.Order(), predictions.Select(prediction => prediction.GetProperty("class").GetString()).Order());
            Assert.Equal(probabilities.OrderDescending(), probabilities);
            Assert.Equal(1, probabilities.Sum(), 6);
        });
    }

    [Fact]
    public void Predict_prints_a_line_a_file()
    {
        var images = SaveImages();
        var run = Terminal.Run("predict", SampleModel.SaveHalved(_folder), Path.Combine(images, "b.png"));
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        Assert.Matches(@"^\S+b\.png: (tank|truck|clutter) \d+\.\d%\n$", run.Output);
    }

    [Fact]
    public void More_threads_than_cores_are_a_warning()
    {
        var images = SaveImages();
        var few = Terminal.Run("predict", SampleModel.SaveHalved(_folder), images, "--threads", "1");
        var many = Terminal.Run("predict", SampleModel.SaveHalved(_folder), images, "--threads", $"{Environment.ProcessorCount + 1}");
        Assert.Equal((CommandLine.Done, few.Output), (many.ExitCode, many.Output));
        Assert.Equal("", few.Error);
        Assert.Contains($"--threads is {Environment.ProcessorCount + 1}", Assert.Single(many.Error.TrimEnd('\n').Split('\n')));
    }

    [Fact]
    public void Predict_names_a_file_that_is_not_an_image()
    {
        File.WriteAllText(_folder.File("notes.png"), "no picture");
        Terminal.Run("predict", SampleModel.SaveHalved(_folder), _folder.File("notes.png")).AssertWrongInput("notes.png");
    }

    [Fact]
    public void Predict_names_a_folder_without_images()
    {
        Directory.CreateDirectory(_folder.File("empty"));
        Terminal.Run("predict", SampleModel.SaveHalved(_folder), _folder.File("empty")).AssertWrongInput("empty", "no image files");
    }

    [Fact]
    public void Predict_names_a_file_that_is_missing() =>
        Terminal.Run("predict", SampleModel.SaveHalved(_folder), _folder.File("none.png")).AssertWrongInput("none.png");

    private string SaveModelOfSimulatedClasses() => SampleModel.SaveHalved(_folder, "target00", "target01", "target02");

    /// <summary>A folder with two images of different sizes and a file that is no image.</summary>
    private string SaveImages()
    {
        var folder = Directory.CreateDirectory(_folder.File("images")).FullName;
        File.WriteAllText(Path.Combine(folder, "notes.txt"), "not an image");
        File.WriteAllBytes(Path.Combine(folder, "a.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)(16 * y)));
        File.WriteAllBytes(Path.Combine(folder, "b.png"), TestImages.GreyPng(40, 24, (y, x) => (byte)(6 * x)));
        return folder;
    }
}
