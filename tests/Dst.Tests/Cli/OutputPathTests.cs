using System.IO.Compression;
using Dst.Cli;
using Dst.Tests.Foundations;
using Dst.Tests.Images;

namespace Dst.Tests.Cli;

/// <summary>What a verb writes never takes the place of what it reads.</summary>
public sealed class OutputPathTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public OutputPathTests() => _model = SampleModel.SaveHalved(_folder);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_input_is_not_overwritten_by_whatever_path_it_is_named()
    {
        Directory.CreateDirectory(_folder.File("sub"));
        Directory.CreateSymbolicLink(_folder.File("folder"), _folder.Path);
        File.CreateSymbolicLink(_folder.File("link.safetensors"), _model);
        var content = File.ReadAllBytes(_model);
        string[] names = [_model, _folder.File("sub/../halved.safetensors"), _folder.File("folder/halved.safetensors")];
        foreach (var name in names)
        {
            Terminal.Run("export", _folder.File("link.safetensors"), "--format", "onnx", "--out", name)
                .AssertWrongInput($"--out {name} is a file that this command reads");
            Terminal.Run("prune", name, "--out", _model).AssertWrongInput("a file that this command reads");
        }

        Terminal.Run("prune", _model, "--sensitivity", _model).AssertWrongInput("--sensitivity", "a file that this command reads");
        Assert.Equal(content, File.ReadAllBytes(_model));
    }

    [Fact]
    public void A_file_in_a_folder_that_is_read_is_not_overwritten()
    {
        var (data, image) = (SaveImages("data"), _folder.File("data/dark/0.png"));
        var run = Path.GetDirectoryName(SaveRun($"data: {{ path: {data} }}"))!;
        Directory.CreateSymbolicLink(_folder.File("data/linked"), _folder.File("elsewhere"));
        var linked = Path.Combine(SaveImages("elsewhere"), "0.png");
        File.Copy(image, linked);
        var content = File.ReadAllBytes(image);
        string[][] calls =
        [
            ["data", "inspect", data, "--grid", image], ["data", "inspect", data, "--grid", _folder.File("data/linked/0.png")],
            ["halve", _model, "--data", data, "--out", image], ["halve", _model, run, "--out", image],
            ["predict", _model, data, "--inputs", image, "--logits", _folder.File("l.npy")],
        ];
        foreach (var call in calls)
            Terminal.Run(call).AssertFailsWith(CommandLine.WrongInput, "is a file that this command reads in the folder");
        Assert.Equal(content, File.ReadAllBytes(image));
    }

    [Fact]
    public void A_file_of_a_run_is_not_overwritten_whatever_the_command_reads()
    {
        var (onnx, run) = (_folder.File("net.onnx"), Path.GetDirectoryName(SaveRun("name: a"))!);
        Assert.Equal(CommandLine.Done, Terminal.Run("export", _model, "--format", "onnx", "--out", onnx).ExitCode);
        string[] names =
        [
            "student-kd.safetensors", "student-int8-start.safetensors", "student-test.safetensors", "pretrain.safetensors",
            "checkpoint-last.safetensors", "summary.json", "metrics.csv", "recipe.yaml",
        ];
        foreach (var name in names)
        {
            var path = Path.Combine(run, name);
            File.WriteAllText(path, "old");
            string[][] calls =
            [
                ["export", _model, "--format", "safetensors", "--out", path], ["halve", _model, "--out", path],
                ["import", onnx, "--out", path], ["report", run, "--out", path],
            ];
            foreach (var call in calls) Terminal.Run(call).AssertWrongInput($"--out {path} is a file of a run; another file was expected");
            Assert.Equal("old", File.ReadAllText(path));
        }
    }

    [Fact]
    public void Other_files_in_the_folder_of_a_run_or_beside_a_recipe_may_be_replaced()
    {
        var folder = Path.GetDirectoryName(SaveRun("name: a"))!;
        Replace("mine.safetensors");
        File.Delete(Path.Combine(folder, "metrics.csv"));
        Replace("dst.safetensors");

        void Replace(string name)
        {
            File.WriteAllText(Path.Combine(folder, name), "old");
            string[] call = ["export", _model, "--format", "safetensors", "--out", Path.Combine(folder, name)];
            Assert.Equal(CommandLine.Done, Terminal.Run(call).ExitCode);
        }
    }

    [Fact]
    public void A_picture_does_not_become_one_of_the_images_that_are_read()
    {
        var data = SaveImages("data");
        const string file = "data/dark/grid.png";
        Terminal.Run("data", "inspect", data, "--grid", _folder.File(file))
            .AssertWrongInput($"{file} is in the folder {data}, whose images this command reads");
        Assert.False(File.Exists(_folder.File(file)));
        var others = Directory.CreateDirectory(_folder.File("others")).FullName;
        Terminal.Run("data", "inspect", data, "--set", $"data.unlabelled={others}", "--grid", Path.Combine(others, "grid.png"))
            .AssertWrongInput($"is in the folder {others}, whose images this command reads");
    }

    [Theory]
    [InlineData("grid.jpg")]
    [InlineData("grid")]
    public void A_picture_that_is_not_named_as_a_png_is_refused_before_data_are_read(string name)
    {
        Terminal.Run("data", "inspect", _folder.File("none"), "--grid", _folder.File(name))
            .AssertWrongInput($"{name} is not named as a PNG, which it would be; {_folder.File("grid.png")} was expected");
    }

    [Fact]
    public void A_file_of_the_recipe_is_not_overwritten()
    {
        var archive = _folder.File("data.zip");
        ZipFile.CreateFromDirectory(SaveImages("data"), archive);
        var content = File.ReadAllBytes(archive);
        var recipe = SaveRun($"data: {{ path: {archive} }}");
        Terminal.Run("quantise", _model, recipe, "--out", archive).AssertWrongInput("is a file that this command reads;");
        Terminal.Run("quantise", _model, "--set", $"data.path={archive}", "--out", archive)
            .AssertWrongInput("is a file that this command reads;");
        Terminal.Run("quantise", _model, "--data", _folder.File("data"), "--set", $"teacher.model={archive}", "--out", archive)
            .AssertWrongInput("is a file that this command reads;");
        Assert.Equal(content, File.ReadAllBytes(archive));
    }

    [Fact]
    public void A_new_file_and_a_report_may_be_written_into_a_folder_that_is_read()
    {
        var data = SaveImages("data");
        var grid = Path.Combine(data, "grid.png");
        Assert.Equal(CommandLine.Done, Terminal.Run("data", "inspect", data, "--grid", grid).ExitCode);
        Assert.True(File.Exists(grid));
        string[] arrays = ["--inputs", Path.Combine(data, "x.npy"), "--logits", Path.Combine(data, "y.npy")];
        for (var i = 0; i < 2; i++) Assert.Equal(CommandLine.Done, Terminal.Run(["predict", _model, data, .. arrays]).ExitCode);
        var integers = Path.Combine(data, "int8.safetensors");
        for (var i = 0; i < 2; i++)
            Assert.Equal(CommandLine.Done, Terminal.Run("quantise", _model, "--data", data, "--out", integers).ExitCode);
    }

    [Fact]
    public void What_no_file_may_replace_is_named_before_the_work()
    {
        foreach (var (path, word) in new[]
        {
            (_folder.Path, "is a folder"), (_folder.File("missing/x"), "a folder that does not exist"), ("/dev/null", "is a device"),
        })
            Terminal.Run("prune", _model, "--out", path).AssertWrongInput(path, word);
    }

    [Fact]
    public void A_measurement_does_not_begin_without_a_place_for_its_table_and_page()
    {
        string[][] calls =
        [
            ["bench", _model, "--csv"], ["bench", _model, "--html"], ["bench", "kernels", "--csv"], ["bench", "peers", "--csv"],
            ["bench", "train", "--arch", "resnet8", "--csv"],
        ];
        foreach (var call in calls)
            Terminal.Run([.. call, _folder.File("missing/x")]).AssertWrongInput(call[^1], "a folder that does not exist");
    }

    [Fact]
    public void Another_file_may_be_replaced()
    {
        File.WriteAllText(_folder.File("old.onnx"), "old");
        Assert.Equal(CommandLine.Done, Terminal.Run("export", _model, "--format", "onnx", "--out", _folder.File("old.onnx")).ExitCode);
    }

    /// <summary>Writes a folder of two classes.</summary>
    private string SaveImages(string name)
    {
        foreach (var (label, words) in new[] { "dark", "bright" }.Index())
        {
            var folder = Directory.CreateDirectory(Path.Combine(_folder.File(name), words)).FullName;
            for (var i = 0; i < 8; i++)
            {
                var level = (120 * label) + (4 * i);
                File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)(level + x)));
            }
        }

        return _folder.File(name);
    }

    /// <summary>Writes the recipe of a run into its folder, beside an empty table.</summary>
    private string SaveRun(string recipe)
    {
        var path = Path.Combine(Directory.CreateDirectory(_folder.File("run")).FullName, "recipe.yaml");
        File.WriteAllText(path, recipe);
        File.WriteAllText(_folder.File("run/metrics.csv"), "");
        return path;
    }
}
