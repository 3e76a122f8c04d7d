using System.Text.Json;
using Dst.Cli;
using Dst.Images;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Cli;

/// <summary>From photos of 3:2 to a network whose input is not square, and to what is made of that.</summary>
public sealed class OblongDataTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _photos;
    private readonly string _runs;

    public OblongDataTests()
    {
        (_photos, _runs) = (_folder.File("photos"), _folder.File("runs"));
        foreach (var (label, name) in new[] { "dark", "bright" }.Index())
        {
            var folder = Directory.CreateDirectory(Path.Combine(_photos, name)).FullName;
            for (var i = 0; i < 10; i++)
            {
                var level = 120 * label + 4 * i;
                File.WriteAllBytes(
                    Path.Combine(folder, $"{i}.png"), TestImages.GreyPng(60, 40, (y, x) => (byte)(level + (x * y + i) % 7)));
            }
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_remembers_its_size_and_fit_in_every_verb()
    {
        string[] settings = ["--set", "data.resize=24x36", "--set", "data.crop=[24, 32]", "--set", "data.fit=pad"];
        Done("train", [_photos, "--out", _runs, "--epochs", "1", "--name", "first", .. settings]);
        var folder = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "first")));
        var model = Path.Combine(folder, "student.safetensors");
        var input = Model.Load(model);
        Assert.Equal("1x24x32", input.Graph.Input.ToString());
        Assert.Equal((new ImageSize(24, 36), ResizeFit.Pad), (input.Normalisation!.Resize, input.Normalisation.Fit));
        Assert.Equal((new ImageSize(24, 32), ResizeFit.Pad), (RunRecipe.Read(folder).Data.Crop, RunRecipe.Read(folder).Data.Fit));
        Assert.Contains("input    resized to fit inside 24x36, less", Done("inspect", model).Output);

        var test = RunSummary.Load(Path.Combine(folder, "summary.json")).Arms[0].TestTop1;
        using (var document = JsonDocument.Parse(Done("eval", model, folder, "--json").Output))
            Assert.Equal(test, document.RootElement.GetProperty("top1").GetDouble());
        Terminal.Run("eval", model, _photos, "--set", "data.fit=crop").AssertWrongInput("data.fit has no effect in dst eval");
        var other = Done("eval", model, _photos).Error;
        Assert.Contains("are, resized to fit inside 24x36, larger than the input of 24x32: ", other);
        Assert.Contains("20 images are, resized to fit inside 24x36,", Done("predict", model, _photos).Error);

        Done("run", "--resume", folder);
        Done("quantise", model, folder, "--out", _folder.File("int8.safetensors"));
        Assert.Equal(ResizeFit.Pad, Model.Load(_folder.File("int8.safetensors")).Normalisation!.Fit);
        Done("train", _photos, "--from", model, "--out", _runs, "--epochs", "1", "--name", "second");
        var second = RunRecipe.Read(Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "second")))).Data;
        Assert.Equal((new(24, 36), ResizeFit.Pad, new(24, 32)), (second.Resize, second.Fit, second.Crop));

        Done("export", model, "--format", "c", "--out", _folder.File("board"));
        Assert.Contains(
            "trained on images resized to fit inside 24x36 with the ratio of their sides kept, the other side rounded to whole pixels, ",
            File.ReadAllText(_folder.File("board/README.md")));
        Done("export", model, "--format", "onnx", "--out", _folder.File("net.onnx"));
        Done("import", _folder.File("net.onnx"), "--out", _folder.File("again.safetensors"));
        var again = Model.Load(_folder.File("again.safetensors")).Normalisation!;
        Assert.Equal((new ImageSize(24, 36), ResizeFit.Pad), (again.Resize, again.Fit));
        Done("import", model, "--out", _folder.File("again.safetensors"), "--resize", "30x40", "--fit", "crop");
        again = Model.Load(_folder.File("again.safetensors")).Normalisation!;
        Assert.Equal((new ImageSize(30, 40), ResizeFit.Crop), (again.Resize, again.Fit));
        Assert.Contains("input    resized to cover 30x40 and cut to it, less", Done("inspect", _folder.File("again.safetensors")).Output);
    }

    [Fact]
    public void A_size_may_be_oblong_and_its_model_is_refused_for_data_with_another_fit()
    {
        Done("train", _photos, "--out", _runs, "--epochs", "1", "--size", "16x24", "--set", "data.fit=crop", "--name", "first");
        var folder = Assert.Single(Directory.GetDirectories(Path.Combine(_runs, "first")));
        var model = Path.Combine(folder, "student.safetensors");
        var run = Terminal.Run("train", _photos, "--from", model, "--out", _runs, "--epochs", "1", "--set", "data.fit=stretch");
        run.AssertFailsWith(CommandLine.WrongInput, "was trained on images resized to cover 16x24 and cut to it; the data has "
            + "data.resize 16x24 with data.fit stretch, and data.resize 16x24 with data.fit crop was expected");
    }

    [Fact]
    public void The_grid_shows_oblong_inputs()
    {
        var grid = _folder.File("grid.png");
        var run = Done("data", "inspect", _photos, "--set", "data.resize=20", "--grid", grid);
        Assert.Contains("20 images: 20 grey, all 40x60; resized to 20x20, stretched 1.5 times (data.fit: stretch)\n", run.Error);
        Assert.Contains("sizes 40x60 (", run.Output);
        var square = Image.Read(grid);
        Done("data", "inspect", _photos, "--set", "data.resize=20x30", "--grid", grid);
        Assert.Equal((square.Height, square.Width + 10 * 8), (Image.Read(grid).Height, Image.Read(grid).Width));
    }

    [Theory]
    [InlineData("0x5")]
    [InlineData("12x")]
    [InlineData("axb")]
    [InlineData("-4")]
    [InlineData("100000x1")]
    [InlineData("12x12x12")]
    public void A_wrong_size_is_one_sentence(string size)
    {
        const string Expected = "a side or height x width of 1 to 4096, such as 128x64";
        Terminal.Run("train", _photos, "--out", _runs, $"--size={size}").AssertWrongInput($"'{size}'", Expected);
        Terminal.Run("data", "inspect", _photos, "--set", $"data.crop={size}").AssertWrongInput($"crop in data is '{size}'", Expected);
        var model = _folder.File("none.safetensors");
        Terminal.Run("import", SampleModel.SaveDense(_folder, "a", "b"), "--out", model, $"--resize={size}")
            .AssertWrongInput($"'{size}'", Expected);
        Assert.False(File.Exists(model));
    }

    [Fact]
    public void A_fit_needs_a_resize()
    {
        Terminal.Run("data", "inspect", _photos, "--set", "data.fit=pad")
            .AssertFailsWith(CommandLine.WrongInput, "data.fit is pad, and images are not resized; data.resize was expected too");
        var model = SampleModel.SaveDense(_folder, "a", "b");
        Terminal.Run("import", model, "--out", _folder.File("other.safetensors"), "--fit", "pad")
            .AssertWrongInput("option --fit is 'pad', and the model does not resize images; --resize was expected too");
        Terminal.Run("import", model, "--out", _folder.File("other.safetensors"), "--resize", "9", "--fit", "bend")
            .AssertWrongInput("option --fit is 'bend'; stretch, crop or pad was expected");
    }

    private static Terminal Done(string verb, params string[] arguments)
    {
        var run = Terminal.Run([verb, .. arguments]);
        Assert.True(run.ExitCode == CommandLine.Done, run.Error);
        return run;
    }
}
