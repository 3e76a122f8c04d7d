using System.Text.Json;
using Dst.Cli;
using Dst.Graph;
using Dst.Interop;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Experiments.Starts;
using Dst.Training.Networks;

namespace Dst.Tests.Cli;

/// <summary>The verbs that take a finished model: prune, eval, predict.</summary>
public sealed partial class ModelCommandTests : IDisposable
{
    private static readonly string[] SimulatedData =
    [
        "--data.simulated.classes", "3", "--data.simulated.per_class_train", "6", "--data.simulated.per_class_test", "4",
        "--data.simulated.size", "24",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Eval_without_data_says_that_there_are_none()
    {
        Terminal.Run("eval", SampleModel.SaveHalved(_folder)).AssertWrongInput("eval has no data; the folder of a run, a recipe");
        Terminal.Run("eval", SampleModel.SaveHalved(_folder), "--embedding", "fc").AssertWrongInput("eval has no data");
    }

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
    public void Eval_puts_classes_in_the_order_of_the_data()
    {
        var model = Model.Load(SaveModelOfSimulatedClasses());
        var moved = ClassifierHead.Reorder(model, [2, 0, 1])!;
        ModelFile.Save(_folder.File("moved.safetensors"), moved);
        Assert.Equal(["target02", "target00", "target01"], moved.ClassNames);
        Assert.NotEqual(model.Parameters["fc.weight"].Data, moved.Parameters["fc.weight"].Data);
        var plain = Terminal.Run(["eval", _folder.File("halved.safetensors"), .. SimulatedData]);
        var run = Terminal.Run(["eval", _folder.File("moved.safetensors"), .. SimulatedData]);
        Assert.Equal((CommandLine.Done, plain.Output), (run.ExitCode, run.Output));
        Assert.Contains("moved.safetensors has the classes of the data in another order", run.Error);
    }

    [Fact]
    public void A_model_without_class_names_is_measured_in_the_order_of_the_data_which_is_said()
    {
        var named = SaveModelOfSimulatedClasses();
        var (nameless, int8) = (_folder.File("nameless.safetensors"), _folder.File("int8.safetensors"));
        ModelFile.Save(nameless, Model.Load(named) with { ClassNames = [] });
        const string Line = "nameless.safetensors has no class names, so its outputs are taken as the classes of the data in their order: "
            + "target00, target01, target02; dst import with --classes gives it names";
        Assert.Contains(Line, Terminal.Run(["eval", nameless, .. SimulatedData]).Error);
        Assert.Contains(Line, Terminal.Run(["quantise", nameless, "--out", int8, .. SimulatedData]).Error);
        Assert.DoesNotContain("class names", Terminal.Run(["eval", named, .. SimulatedData]).Error);
    }

    [Fact]
    public void Eval_of_many_classes_shows_what_each_is_mistaken_for()
    {
        string[] names = [.. Enumerable.Range(0, 21).Select(index => $"target{index:00}")];
        var run = Terminal.Run(["eval", SampleModel.SaveHalved(_folder, names), .. SimulatedData, "--set", "data.simulated.classes=21"]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Matches(@"(?m)^target20 +4 +[\d.]+% +(-|target\d\d \(\d\))$", run.Output);
        Assert.All(run.Output.Split('\n'), line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public void Eval_takes_the_seed_of_the_splits()
    {
        string[] arguments = ["eval", SaveModelOfSimulatedClasses(), .. SimulatedData, "--split", "validation", "--json"];
        var run = Terminal.Run([.. arguments, "--seed", "2"]);
        Assert.Equal((CommandLine.Done, Terminal.Run([.. arguments, "--set", "seed=2"]).Output), (run.ExitCode, run.Output));
    }

    [Fact]
    public void Eval_measures_all_images_of_a_data_set()
    {
        string[] arguments = ["eval", SaveModelOfSimulatedClasses(), .. SimulatedData, "--data.shift", "2", "--json"];
        var parts = new[] { "training", "validation", "test" }.Select(Measure).ToList();
        var all = Measure("all");
        Assert.Equal(30, all.Count);
        Assert.Equal((parts.Sum(part => part.Count), parts.Sum(part => part.Right)), (all.Count, all.Right));

        (int Count, double Right) Measure(string split)
        {
            using var document = JsonDocument.Parse(Terminal.Run([.. arguments, "--split", split]).Output);
            var count = document.RootElement.GetProperty("count").GetInt32();
            return (count, Math.Round(count * document.RootElement.GetProperty("top1").GetDouble()));
        }
    }

    [Fact]
    public void Balanced_accuracy_says_of_how_many_classes_it_is()
    {
        var (model, photos) = (SampleModel.SaveDense(_folder, "a", "b", "c"), _folder.File("photos"));
        foreach (var name in new[] { "train/a", "train/b", "train/c", "test/a", "test/b", "test/c" })
        {
            var folder = Directory.CreateDirectory(Path.Combine(photos, name)).FullName;
            for (var i = 0; i < 3; i++)
                File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)(x * y + name[^1] * i)));
        }

        string[] eval = ["eval", model, photos, "--data.validation", "0.3"];
        Assert.Matches("balanced accuracy [0-9.]+%, loss", Terminal.Run(eval).Output);
        Directory.Delete(Path.Combine(photos, "test", "b"), recursive: true);
        Assert.Matches(
            "balanced accuracy [0-9.]+% over 2 of 3 classes, as the others have no images, loss", Terminal.Run(eval).Output);
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
        Assert.Equal(CommandLine.Done, run.ExitCode);
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

    [Theory]
    [InlineData("sigmoid", """^\S+b\.png: target0. \d+\.\d%, target0. \d+\.\d%\n$""")]
    [InlineData("none", """^\S+b\.png: 0 -?[\d.E-]+\n$""")]
    public void Predict_says_what_one_output_means(string outputs, string expected)
    {
        var model = SaveOneOutput(outputs == "sigmoid");
        var run = Terminal.Run("predict", model, Path.Combine(SaveImages(), "b.png"), "--top", "2");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Matches(expected, run.Output);
        using var document = JsonDocument.Parse(
            Terminal.Run("predict", model, Path.Combine(_folder.File("images"), "b.png"), "--json").Output);
        var result = document.RootElement[0];
        Assert.Equal(outputs, result.GetProperty("outputs").GetString());
        var value = result.GetProperty("predictions")[0].GetProperty(outputs == "none" ? "score" : "probability");
        Assert.Equal(JsonValueKind.Number, value.ValueKind);
    }

    [Fact]
    public void Import_keeps_class_names_that_still_fit()
    {
        var path = SaveOneOutput(sigmoid: true);
        foreach (var (outputs, names) in new[] { ("sigmoid", 2), ("none", 0) })
        {
            var changed = _folder.File("changed.safetensors");
            Assert.Equal(CommandLine.Done, Terminal.Run("import", path, "--outputs", outputs, "--out", changed).ExitCode);
            Assert.Equal(names, Model.Load(changed).ClassNames.Count);
        }
    }

    [Fact]
    public void Eval_of_one_output_counts_two_classes()
    {
        string[] data = ["--data.simulated.classes", "2", .. SimulatedData[2..]];
        using var document = JsonDocument.Parse(Terminal.Run(["eval", SaveOneOutput(sigmoid: true), .. data, "--json"]).Output);
        var confusion = document.RootElement.GetProperty("confusion");
        Assert.Equal((2, 4), (confusion.GetArrayLength(), confusion[1][0].GetInt32() + confusion[1][1].GetInt32()));
        Assert.InRange(document.RootElement.GetProperty("loss").GetDouble(), 0.0, 10.0);
        Terminal.Run(["eval", SaveOneOutput(sigmoid: false), .. data]).AssertFailsWith(CommandLine.WrongInput, "--outputs logits");
    }

    [Fact]
    public void Logits_that_overflow_are_one_sentence_in_every_verb()
    {
        var model = Model.Load(SaveModelOfSimulatedClasses());
        model.Parameters["fc.weight"].Data.AsSpan().Fill(float.MaxValue);
        var path = _folder.File("overflowing.safetensors");
        ModelFile.Save(path, model);
        var input = new float[16 * 16];
        input.AsSpan().Fill(1);
        NpyFile.Write(_folder.File("x.npy"), [1, 1, 16, 16], input);
        string[][] calls =
        [
            ["predict", path, SaveImages()], ["eval", path, .. SimulatedData],
            ["predict", path, "--raw", _folder.File("x.npy"), "--logits", _folder.File("y.npy")],
            ["export", path, "--format", "c", "--out", _folder.File("c")],
            ["prune", path, "--sensitivity", _folder.File("layers.csv"), .. SimulatedData],
        ];
        foreach (var call in calls) Terminal.Run(call).AssertFailsWith(CommandLine.Failed, "finite");
        var json = Terminal.Run("predict", path, SaveImages(), "--json"); // has an error for each image
        Assert.Equal((CommandLine.Failed, 2), (json.ExitCode, json.Output.Split("finite").Length - 1));
    }

    [Theory]
    [InlineData("photo.png", "is a PNG image")]
    [InlineData("net.onnx", "is an ONNX network")]
    [InlineData("net.pt", "is a PyTorch file")]
    [InlineData("recipe.yaml", "is a text file")]
    [InlineData("plain.safetensors", "a safetensors file of tensors without a network")]
    public void Another_file_given_as_a_model_is_called_by_its_name(string file, string expected)
    {
        File.WriteAllBytes(_folder.File("photo.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)y));
        File.WriteAllBytes(_folder.File("net.onnx"), [8, 7, 0x12, 7, .. "pytorch"u8, 0x3A, 9, 1, 2]);
        File.WriteAllBytes(_folder.File("net.pt"), [.. "PK"u8, 3, 4, 0, 0, 8, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        File.WriteAllText(_folder.File("recipe.yaml"), "name: quickstart\nseed: 1\n");
        SafetensorsFile.Write(
            _folder.File("plain.safetensors"), new Dictionary<string, string>(), [new("conv1.weight", [1], new float[] { 1 })]);
        Terminal.Run("inspect", _folder.File(file)).AssertWrongInput(file, expected, "model file");
    }

    [Fact]
    public void Outputs_are_those_of_an_ONNX_network()
    {
        var (model, onnx, output) = (SampleModel.SaveDense(_folder, "a", "b"), _folder.File("m.onnx"), _folder.File("m.safetensors"));
        Assert.Equal(CommandLine.Done, Terminal.Run("export", model, "--format", "onnx", "--out", onnx).ExitCode);
        Assert.Equal(CommandLine.Done, Terminal.Run("import", onnx, "--onnx-output", "logits", "--out", output).ExitCode);
        Terminal.Run("import", onnx, "--onnx-output", "scores", "--out", output)
            .AssertWrongInput("m.onnx: has no output 'scores'; one of 'logits' was expected");
        Terminal.Run("import", model, "--onnx-output", "logits", "--out", output)
            .AssertWrongInput("option --onnx-output is 'logits', and ", "is no ONNX network, whose outputs have names");
    }

    [Fact]
    public void Tensors_of_another_network_are_said_to_be_so()
    {
        var path = _folder.File("vgg.safetensors");
        SafetensorsFile.Write(
            path, new Dictionary<string, string>(),
            [new("features.0.weight", [1], new float[] { 1 }), new("classifier.6.weight", [1], new float[] { 1 })]);
        Terminal.Run("import", path, "--arch", "vgg8", "--out", _folder.File("m"))
            .AssertWrongInput("'features.0.weight' is not a part of it", "it is of another network, which an ONNX file would have with it");
    }

    [Theory]
    [InlineData("123.7/58.4", "if the network was trained on pixels from 0 to 255, --normalise 0.4851/0.229 is right")]
    [InlineData("0.485/0.229", "")]
    [InlineData("-1/1", "")]
    public void Numbers_of_pixels_up_to_255_are_remarked(string normalise, string expected)
    {
        var (model, output) = (SampleModel.SaveHalved(_folder), _folder.File("m.safetensors"));
        var run = Terminal.Run("import", model, "--normalise", normalise, "--out", output);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains(expected, run.Error);
        Assert.Equal(expected.Length > 0, run.Error.Contains("--normalise has numbers above 1"));
    }

    [Fact]
    public void A_state_dict_of_a_deeper_network_is_refused_in_a_short_sentence()
    {
        var (path, deep) = (_folder.File("deep.safetensors"), Zoo.Build("resnet20", new(3, 32, 32), 10));
        SafetensorsFile.Write(
            path, new Dictionary<string, string>(),
            deep.Parameters.Select(parameter => new TensorEntry(parameter.Name, parameter.Shape, new float[parameter.Count])));
        var run = Terminal.Run("import", path, "--arch", "resnet8", "--out", _folder.File("m"));
        run.AssertWrongInput(
            "does not fit resnet8: 'layer1.1.conv1.weight' is not a part of it; ",
            "; 57 more are not a part of it; the network of the file was expected");
        Assert.InRange(run.Error.Length, 1, 500);
        Terminal.Run("import", SampleModel.SaveDense(_folder, "a", "b"), "--arch", "resnet20", "--out", _folder.File("m"))
            .AssertWrongInput("does not fit resnet20: 'layer1.1.conv1.weight' is missing; ", "; 57 more are missing or of another shape");
    }

    [Fact]
    public void Predict_prints_a_line_a_file()
    {
        var images = SaveImages();
        var run = Terminal.Run("predict", SampleModel.SaveHalved(_folder), Path.Combine(images, "b.png"));
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Matches(@"^\S+b\.png: (tank|truck|clutter) \d+\.\d%\n$", run.Output);
    }

    [Fact]
    public void Predict_reads_folders_of_folders_and_names_what_it_does_not_read()
    {
        var folder = SaveImages();
        Directory.CreateDirectory(Path.Combine(folder, "deep", "@eaDir"));
        File.Move(Path.Combine(folder, "b.png"), Path.Combine(folder, "deep", "b.png"));
        File.Copy(Path.Combine(folder, "a.png"), Path.Combine(folder, "deep", "@eaDir", "a.png"));
        File.WriteAllText(Path.Combine(folder, "deep", "notes.txt"), "not an image");
        var run = Terminal.Run("predict", SampleModel.SaveHalved(_folder), folder);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Equal(2, run.Output.TrimEnd('\n').Split('\n').Length);
        Assert.Contains("1 file of other kinds, not read: 1 .txt", run.Error);
    }

    [Fact]
    public void More_threads_than_cores_are_a_warning()
    {
        var images = SaveImages();
        var few = Terminal.Run("predict", SampleModel.SaveHalved(_folder), images, "--threads", "1");
        var many = Terminal.Run("predict", SampleModel.SaveHalved(_folder), images, "--threads", $"{Environment.ProcessorCount + 1}");
        Assert.Equal((CommandLine.Done, few.Output), (many.ExitCode, many.Output));
        Assert.DoesNotContain("--threads", few.Error);
        Assert.Contains($"warning: --threads is {Environment.ProcessorCount + 1}", many.Error);
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

    /// <summary>A network with one output for images of 16 × 16 pixels: a probability of yes, or a score.</summary>
    private string SaveOneOutput(bool sigmoid)
    {
        List<Node> nodes =
        [
            new("conv", new Conv2dOp(4, 3, 3, 2), [NetworkGraph.InputName]), new("pool", new GlobalAvgPoolOp(), ["conv"]),
            new("fc", new LinearOp(1), ["pool"]),
        ];
        if (sigmoid) nodes.Add(new("end", new SigmoidOp(), ["fc"]));
        var model = Initialiser.Initialise(new(new("one", new(1, 16, 16), nodes)), seed: 1);
        var path = _folder.File($"one-{sigmoid}.safetensors");
        ModelFile.Save(path, sigmoid ? model with { ClassNames = ["target00", "target01"] } : model);
        return path;
    }

    private string SaveDenseOfSimulatedClasses() => SampleModel.SaveDense(_folder, "target00", "target01", "target02");

    private string SaveModelOfSimulatedClasses() => SampleModel.SaveHalved(_folder, "target00", "target01", "target02");

    /// <summary>A folder with two images of different sizes.</summary>
    private string SaveImages()
    {
        var folder = Directory.CreateDirectory(_folder.File("images")).FullName;
        File.WriteAllBytes(Path.Combine(folder, "a.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)(16 * y)));
        File.WriteAllBytes(Path.Combine(folder, "b.png"), TestImages.GreyPng(40, 24, (y, x) => (byte)(6 * x)));
        return folder;
    }
}
