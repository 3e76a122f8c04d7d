using Dst.Graph;
using Dst.ModelFiles;
using Dst.Tests.Cli;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.Onnx;

/// <summary>The verbs that read or write ONNX files: a network is imported, taught, pruned, measured and exported.</summary>
[Collection(nameof(OnnxTools))]
public sealed class OnnxCommandTests(OnnxTools tools) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Import_writes_a_model_and_predict_gives_the_logits_of_an_array()
    {
        var model = Import("densenet");
        Run("predict", model, "--raw", Path.Combine(tools.Folder, "densenet.input.npy"), "--logits", _folder.File("logits.npy"));
        var (shape, logits) = NpyFile.Read(_folder.File("logits.npy"));
        Assert.Equal([3, 5], shape);
        OnnxTools.AssertClose(tools.Expected("densenet"), logits);
    }

    [Fact]
    public void Classes_and_normalisation_are_those_of_the_options()
    {
        File.WriteAllText(_folder.File("classes.txt"), "tank\r\ntruck\n\nbus \nship\ncar");
        var model = ModelFile.Load(Import("resnet8", "--classes", _folder.File("classes.txt"), "--normalise", "0.5,0.25,-1/1,2,3e-1"));
        Assert.Equal(["tank", "truck", "bus", "ship", "car"], model.ClassNames);
        Assert.Equal([0.5f, 0.25f, -1], model.Normalisation!.Mean);
        Assert.Equal([1, 2, 0.3f], model.Normalisation.Deviation);
    }

    [Fact]
    public void An_imported_network_is_trained_on_teaches_is_pruned_measured_and_exported()
    {
        // The recipe's images fit the network: three channels, five classes.
        var teacher = Import("resnet18"); // it has its batch normalisations
        var recipe = _folder.File("recipe.yaml");
        File.WriteAllText(recipe, $$"""
            name: imported
            data:
              kind: simulated
              simulated: { classes: 5, per_class_train: 16, per_class_test: 2, size: 16, difficulty: 0 }
              channels: 3
              validation: 0.25
            student: { arch: resnet8, width: 0.25 }
            train: { epochs: 12, batch: 8, schedule: { learning_rate: 0.02 } }
            """);
        Run("train", recipe, "--from", teacher, "--out", _folder.File("first"));
        teacher = Path.Combine(_folder.File("first"), "latest", "student.safetensors");
        Assert.Contains("layer1.0.conv1", ModelFile.Load(teacher).Graph.Nodes.Select(node => node.Name));
        var taught = Run(
            "run", recipe, "--out", _folder.File("runs"), "--set", "arms=[teacher, student-kd]", "--set",
            $"teacher.model={teacher}", "--set", "train.epochs=1");
        Assert.Matches("(?m)^teacher ", taught);
        Assert.Matches("(?m)^student-kd ", taught);

        Run("prune", teacher, "--pattern", "kernel:4:2", "--out", _folder.File("halved.safetensors"));
        var halved = ModelFile.Load(_folder.File("halved.safetensors"));
        Assert.Contains("layer1.0.conv1", halved.Masks.Keys);
        Assert.Contains("layer1.0.conv1", Run("bench", _folder.File("halved.safetensors"), "--no-tune"));

        Run("export", _folder.File("halved.safetensors"), "--format", "onnx", "--out", _folder.File("halved.onnx"));
        Run("import", _folder.File("halved.onnx"), "--out", _folder.File("again.safetensors"));
        UnreadChannels.Remove(halved).Save(_folder.File("smaller.safetensors"));
        Assert.Equal(File.ReadAllBytes(_folder.File("smaller.safetensors")), File.ReadAllBytes(_folder.File("again.safetensors")));
    }

    [Fact]
    public void Folded_batch_normalisation_is_named_and_put_back()
    {
        var recipe = _folder.File("recipe.yaml");
        File.WriteAllText(recipe, """
            name: images
            data:
              kind: simulated
              simulated: { classes: 3, per_class_train: 16, per_class_test: 2, size: 16 }
              channels: 3
            """);
        var (folded, restored) = (_folder.File("folded.safetensors"), _folder.File("restored.safetensors"));
        Assert.Contains("--restore-batch-norm", Run("import", tools.PathOf("resnet8"), "--out", folded));
        Assert.Contains("--restore-batch-norm", Run("import", tools.PathOf("resnet8"), "--out", folded, "--json"));
        // Its own folder of images, or data of other classes, will do.
        var line = Run("import", tools.PathOf("resnet8"), recipe, "--restore-batch-norm", "--out", restored);
        Assert.DoesNotContain("--restore-batch-norm", line);
        var model = ModelFile.Load(restored);
        Assert.Equal(9, model.Graph.Nodes.Count(node => node.Operation is BatchNormOp));
        OnnxTools.AssertClose(tools.Expected("resnet8"), tools.Logits("resnet8", model));
        Run("import", folded, recipe, "--restore-batch-norm", "--out", restored); // a model file may be given too
        Assert.Equal(9, ModelFile.Load(restored).Graph.Nodes.Count(node => node.Operation is BatchNormOp));
        Terminal.Run("import", folded, "--restore-batch-norm", "--out", restored).AssertWrongInput("dst import has no images");
    }

    [Fact]
    public void Wrong_input_is_one_sentence()
    {
        var file = tools.PathOf("resnet8");
        File.WriteAllText(_folder.File("two.txt"), "a\nb");
        File.WriteAllText(_folder.File("text.onnx"), "this is no network");
        var model = Import("resnet8");
        Terminal.Run("import", _folder.File("none.onnx"), "--out", "x").AssertWrongInput("none.onnx", "does not exist");
        Terminal.Run("import", _folder.File("text.onnx"), "--out", "x").AssertWrongInput("text.onnx", "is not an ONNX file");
        Terminal.Run("import", file, "--out", _folder.File("m"), "--classes", _folder.File("two.txt"))
            .AssertWrongInput("two.txt", "2 names", "5 classes");
        Terminal.Run("import", file, "--out", _folder.File("m"), "--normalise", "1,2/3,4")
            .AssertWrongInput("--normalise", "1,2/3,4", "3 means");
        Terminal.Run("import", file, "--out", _folder.File("m"), "--normalise", "1,2,3/4,5,0").AssertWrongInput("--normalise", "above 0");
        Terminal.Run("export", model, "--format", "xml", "--out", "x").AssertWrongInput("--format", "xml", "onnx");
        Terminal.Run("export", model, "--format", "onnx", "--out", _folder.File("none/x.onnx"))
            .AssertWrongInput("x.onnx", "a folder that does not exist");
        Terminal.Run("predict", model, "--raw", "x.npy").AssertWrongInput("--raw without --logits");
        Terminal.Run("predict", model, "--logits", "x.npy").AssertWrongInput("--logits without --raw");
        Terminal.Run("predict", model).AssertWrongInput("no images");
        Terminal.Run("predict").AssertWrongInput("MODEL");
        Terminal.Run("predict", model, "a.png", "--raw", "x.npy", "--logits", "y.npy").AssertWrongInput("--raw", "a.png");
        Terminal.Run("predict", model, "--raw", Path.Combine(tools.Folder, "densenet.input.npy"), "--logits", "y.npy")
            .AssertWrongInput("[3, 3, 12, 12]", "[N, 3, 16, 16]");
    }

    private string Import(string name, params string[] options)
    {
        var path = _folder.File($"{name}.safetensors");
        Run(["import", tools.PathOf(name), "--out", path, .. options]);
        return path;
    }

    private static string Run(params string[] arguments)
    {
        var run = Terminal.Run(arguments);
        Assert.True(run.ExitCode == 0, run.Error);
        return run.Output;
    }
}
