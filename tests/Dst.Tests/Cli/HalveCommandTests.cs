using System.Text.Json;
using Dst.Cli;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Networks;

namespace Dst.Tests.Cli;

/// <summary><c>dst halve</c>: from labelled data, from a folder of images, and what it refuses.</summary>
public sealed class HalveCommandTests : IDisposable
{
    private static readonly string[] SimulatedData =
    [
        "--data.simulated.classes", "3", "--data.simulated.per_class_train", "10", "--data.simulated.per_class_test", "4",
        "--data.simulated.size", "16",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("weight:4:4")]
    [InlineData("row:32:4")]
    public void A_model_is_halved_and_repaired_and_its_accuracy_measured_before_and_after(string pattern)
    {
        var output = _folder.File("halved.safetensors");
        var run = Terminal.Run(["halve", SaveDense(), "--pattern", pattern, "--out", output, .. SimulatedData, "--json"]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var accuracy = document.RootElement.GetProperty("accuracy");
        Assert.Equal(("test", 12), (accuracy.GetProperty("split").GetString(), accuracy.GetProperty("images").GetInt32()));
        Assert.Equal(Top1Of(SaveDense()), accuracy.GetProperty("dense").GetDouble());
        Assert.Equal(Top1Of(output), accuracy.GetProperty("halved").GetDouble());
        var repair = document.RootElement.GetProperty("repair");
        Assert.Equal(27, repair.GetProperty("images").GetInt32()); // 3 of 30 are validation images
        Assert.Equal("first convolution excluded", document.RootElement.GetProperty("skipped").GetProperty("conv1").GetString());
        var halved = ModelFile.Load(output);
        var errors = repair.GetProperty("errors");
        foreach (var (layer, mask) in halved.Masks)
        {
            Assert.Equal(pattern, mask.PatternName);
            Assert.InRange(errors.GetProperty(layer).GetDouble(), 0, 1);
        }

        Assert.True(errors.TryGetProperty("fc", out _), "a layer that is not pruned is fitted too");
        Assert.False(errors.TryGetProperty("conv1", out _), "what the first layer reads has not changed");
    }

    private static double Top1Of(string model)
    {
        using var document = JsonDocument.Parse(Terminal.Run(["eval", model, .. SimulatedData, "--json"]).Output);
        return document.RootElement.GetProperty("top1").GetDouble();
    }

    [Fact]
    public void Few_different_images_are_said()
    {
        var images = Directory.CreateDirectory(_folder.File("alike")).FullName;
        for (var i = 0; i < 20; i++)
            File.WriteAllBytes(Path.Combine(images, $"{i}.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)(x * y + i / 18)));
        var run = Terminal.Run("halve", SaveDense(), "--data", images, "--out", _folder.File("halved.safetensors"));
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains("halve measures on 20 images, of which 2 are different; 100 to 500 different images", run.Error);
    }

    [Fact]
    public void A_folder_of_images_needs_no_labels()
    {
        var images = Directory.CreateDirectory(_folder.File("photos/deeper")).FullName;
        for (var i = 0; i < 7; i++)
            File.WriteAllBytes(Path.Combine(images, $"{i}.png"), TestImages.GreyPng(16, 20, (y, x) => (byte)(x * y * (i + 1))));
        var (model, output) = (SaveDense(), _folder.File("halved.safetensors"));
        var run = Terminal.Run(
            "halve", model, "--data", _folder.File("photos"), "--images", "5", "--pattern", "kernel:4:4", "--out", output);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains("repair least_squares: 5 images without labels", run.Error);
        Assert.DoesNotContain("top-1", run.Output);
        Assert.NotEmpty(ModelFile.Load(output).Masks);

        Terminal.Run("halve", model, "--data", _folder.File("nowhere"), "--out", output).AssertWrongInput("nowhere");
        Terminal.Run("halve", model, "--data", Directory.CreateDirectory(_folder.File("empty")).FullName, "--out", output)
            .AssertWrongInput("no image files");
        Terminal.Run(["halve", model, "--data", images, "--out", output, .. SimulatedData]).AssertWrongInput("both --data FOLDER");
        Terminal.Run("halve", model, "--data", images, "--out", output, "--split", "validation").AssertWrongInput("--split");
    }

    [Fact]
    public void What_is_missing_or_contradicts_itself_is_named()
    {
        var (model, output) = (SaveDense(), _folder.File("halved.safetensors"));
        Terminal.Run("halve", model).AssertWrongInput("--out FILE");
        Terminal.Run("halve", model, "--out", model).AssertWrongInput("is a file that this command reads");
        Terminal.Run("halve", model, "--out", Path.GetDirectoryName(model)!).AssertWrongInput("is a folder");
        Terminal.Run("halve", model, "--out", _folder.File("nowhere/m.safetensors")).AssertWrongInput("a folder that does not exist");
        Terminal.Run("halve", model, "--out", output).AssertWrongInput("no images to measure features on");
        string[] arguments = ["halve", model, "--out", output, .. SimulatedData];
        Terminal.Run([.. arguments, "--set", "prune.score=taylor"]).AssertWrongInput("taylor");
        Terminal.Run([.. arguments, "--set", "prune.repair=none"]).AssertWrongInput("prune.score is obs with prune.repair none");
        Terminal.Run([.. arguments, "--exclude", "*"]).AssertWrongInput("leaves every layer of");
        var halved = SampleModel.SaveHalved(_folder);
        Terminal.Run(["halve", halved, "--out", _folder.File("again.safetensors"), .. SimulatedData]).AssertWrongInput("is pruned already");
    }

    private string SaveDense()
    {
        var path = _folder.File("dense.safetensors");
        var dense = Initialiser.Initialise(Zoo.Build(SampleModel.Network, SampleModel.Input, 3), seed: 1);
        ModelFile.Save(path, new Model(dense.Graph, dense.Parameters)
        {
            ClassNames = ["target00", "target01", "target02"],
            Normalisation = new InputNormalisation(0, AmplitudeTransform.Sqrt, [0.4f], [0.2f]),
        });
        return path;
    }
}
