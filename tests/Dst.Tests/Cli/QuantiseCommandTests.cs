using System.IO.Compression;
using System.Text.Json;
using Dst.Cli;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Tests.Images;

namespace Dst.Tests.Cli;

/// <summary><c>dst quantise</c>: what it writes and measures, what other verbs do with it, and what it refuses.</summary>
public sealed class QuantiseCommandTests : IDisposable
{
    private static readonly string[] SimulatedData =
    [
        "--data.simulated.classes", "3", "--data.simulated.per_class_train", "10", "--data.simulated.per_class_test", "4",
        "--data.simulated.size", "16",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_halved_model_is_quantised_and_every_verb_takes_it()
    {
        var (model, output) = (Save(), _folder.File("int8.safetensors"));
        var run = Terminal.Run(["quantise", model, "--keep-float", "conv1", "--images", "20", "--out", output, .. SimulatedData, "--json"]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var accuracy = document.RootElement.GetProperty("accuracy");
        Assert.Equal(12, accuracy.GetProperty("images").GetInt32());
        Assert.Equal(Top1Of(model), accuracy.GetProperty("float").GetDouble());
        Assert.Equal(Top1Of(output), accuracy.GetProperty("int8").GetDouble());
        Assert.Equal(20, document.RootElement.GetProperty("images").GetInt32());
        var layers = document.RootElement.GetProperty("layers");
        Assert.Equal("kept by name", layers[0].GetProperty("why_float").GetString());
        Assert.InRange(layers[1].GetProperty("signal_to_noise").GetDouble(), 15, 60);

        Assert.Contains("8-bit integers: 9 of 10 layers with weights", Terminal.Run("inspect", output).Output);
        Assert.Equal(CommandLine.Done, Terminal.Run("bench", output, "--json").ExitCode);
        Terminal.Run(["quantise", output, "--out", _folder.File("again"), .. SimulatedData]).AssertWrongInput("is quantised already");
        Terminal.Run("prune", output, "--out", _folder.File("again")).AssertWrongInput("is quantised already");
        Terminal.Run(["halve", output, "--out", _folder.File("again"), .. SimulatedData]).AssertWrongInput("is quantised already");
        Terminal.Run("import", output, "--float", "--out", _folder.File("again"))
            .AssertWrongInput($"{output} is quantised already; ", "what dst export --format onnx and then dst import --float make of it");
        AssertRefused(Terminal.Run(["train", "--from", output, .. SimulatedData]), "is quantised already");
        Assert.Equal(CommandLine.Done, Terminal.Run("export", output, "--format", "c", "--out", _folder.File("c")).ExitCode);
        var (onnx, again) = (_folder.File("m.onnx"), _folder.File("again"));
        Assert.Equal(CommandLine.Done, Terminal.Run("export", output, "--format", "onnx", "--out", onnx).ExitCode);
        Assert.Contains("9 of 10 layers with weights compute in 8-bit integers", Terminal.Run("import", onnx, "--out", again).Error);
        Assert.Equal(Top1Of(output), Top1Of(again));
        Assert.Contains("they were asked for", Terminal.Run("import", onnx, "--float", "--out", again).Error);
        Assert.Null(ModelFile.Load(again).Int8);
    }

    [Theory]
    [InlineData("quantise")]
    [InlineData("halve")]
    public void Labelled_images_alone_stand_for_a_recipe(string verb)
    {
        var (model, photos, output) = (
            SampleModel.SaveDense(_folder, "a", "b"), _folder.File("photos"), _folder.File("out.safetensors"));
        foreach (var i in Enumerable.Range(0, 20))
        {
            var folder = Directory.CreateDirectory(Path.Combine(photos, i % 2 == 0 ? "a" : "b")).FullName;
            File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)(x * y + 9 * i)));
        }

        ZipFile.CreateFromDirectory(photos, _folder.File("photos.zip"));
        foreach (var data in new[] { photos, _folder.File("photos.zip") })
        {
            var run = Terminal.Run(verb, model, data, "--out", output, "--json");
            Assert.True(run.ExitCode == CommandLine.Done, run.Error);
            using var document = JsonDocument.Parse(run.Output);
            Assert.Equal(4, document.RootElement.GetProperty("accuracy").GetProperty("images").GetInt32());
        }

        Terminal.Run(verb, model, photos, "--data", photos, "--out", output).AssertWrongInput("--data FOLDER and the data", photos);
    }

    [Fact]
    public void A_folder_of_images_needs_no_labels()
    {
        var images = Directory.CreateDirectory(_folder.File("photos")).FullName;
        File.WriteAllBytes(Path.Combine(images, "0.png"), TestImages.GreyPng(16, 20, (y, x) => (byte)(x * y)));
        var (model, output) = (Save(), _folder.File("int8.safetensors"));
        var run = Terminal.Run("quantise", model, "--data", images, "--method", "percentile", "--out", output);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains("quantise measures on 1 image; 100 to 500 different images", run.Error);
        Assert.Contains(" dense", run.Output);
        Assert.NotNull(ModelFile.Load(output).Int8);

        Terminal.Run("quantise", model, "--data", images).AssertWrongInput("--out FILE");
        Terminal.Run("quantise", model, "--out", output).AssertWrongInput("no images to measure features on");
        Terminal.Run("quantise", model, "--data", images, "--out", output, "--split", "test").AssertWrongInput("--split");
        Terminal.Run("quantise", model, "--data", images, "--out", output, "--keep-float", "conv9").AssertWrongInput("'conv9'", "conv1");
        var all = Terminal.Run("quantise", model, "--data", images, "--out", output, "--keep-float", "*");
        AssertRefused(all, "no layer that is quantised");
        var empty = Directory.CreateDirectory(_folder.File("empty")).FullName;
        AssertRefused(Terminal.Run("quantise", model, "--data", empty, "--out", output), "empty");
        Terminal.Run("quantise", model, "--data", _folder.File("nowhere"), "--out", output).AssertWrongInput("nowhere");
        Terminal.Run(["quantise", model, "--out", output, .. SimulatedData, "--set", "train.epochs=3"]).AssertWrongInput("train.epochs");
        File.WriteAllBytes(Path.Combine(images, "0.png"), TestImages.GreyPng(16, 16, (_, _) => 0));
        var black = _folder.File("black.safetensors");
        ModelFile.Save(black, ModelFile.Load(model) with { Normalisation = InputNormalisation.None(1) });
        AssertRefused(Terminal.Run("quantise", black, "--data", images, "--out", output), "the network's input is 0");
    }

    /// <summary>As AssertWrongInput, where other lines come before the sentence.</summary>
    private static void AssertRefused(Terminal run, string words)
    {
        Assert.Equal(CommandLine.WrongInput, run.ExitCode);
        Assert.Contains(words, run.Error.TrimEnd('\n').Split('\n')[^1]);
    }

    private static double Top1Of(string model)
    {
        using var document = JsonDocument.Parse(Terminal.Run(["eval", model, .. SimulatedData, "--json"]).Output);
        return document.RootElement.GetProperty("top1").GetDouble();
    }

    private string Save()
    {
        var path = SampleModel.SaveHalved(_folder, "target00", "target01", "target02");
        ModelFile.Save(path, ModelFile.Load(path) with { Normalisation = new(0, AmplitudeTransform.Sqrt, [0.4f], [0.2f]) });
        return path;
    }
}
