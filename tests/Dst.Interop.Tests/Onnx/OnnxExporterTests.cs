using Dst.Cli.Bench;
using Dst.Graph;
using Dst.Interop.Onnx;
using Dst.Masks;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Interop.Tests.Onnx;

/// <summary>Exports imported networks, networks of the zoo and pruned ones, and runs them in ONNX Runtime.</summary>
public sealed class ExportedModels : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ExportedModels(OnnxTools tools)
    {
        foreach (var name in OnnxTools.Names)
        {
            var model = tools.Import(name);
            Add(name, model, OnnxTools.ReadImages(model, Path.Combine(tools.Folder, $"{name}.input.npy")).Values);
        }

        foreach (var name in Zoo.Names) AddRandom($"zoo-{name}", name, null);
        foreach (var pattern in Patterns) AddRandom($"pruned-{pattern}", "resnet8", pattern);
        OnnxTools.CheckModels(_folder.Path);
        OnnxTools.RunModels(_folder.Path);
    }

    public static string[] Patterns { get; } = ["kernel:16:16", "kernel:32:16", "kernel:4:2", "weight:1:4", "row:16:16", "kernel:16:8:2"];

    public Dictionary<string, Model> Models { get; } = [];

    public string PathOf(string name) => _folder.File($"{name}.onnx");

    public string ImagesOf(string name) => _folder.File($"{name}.input.npy");

    public float[] Expected(string name) => NpyFile.Read(_folder.File($"{name}.logits.npy")).Values;

    public void Dispose() => _folder.Dispose();

    private void AddRandom(string name, string arch, string? pattern)
    {
        var usual = Zoo.UsualTask(arch).Input;
        var input = usual.Channels == 1 ? usual : new(3, 16, 16);
        var model = RandomModel.Create(arch, 0.125, input, pattern is null ? null : UhpPattern.Parse(pattern));
        var random = new Random(3);
        Add(name, model, [.. Enumerable.Range(0, 2 * (int)input.Count).Select(_ => (float)random.NextDouble() - 0.5f)]);
    }

    private void Add(string name, Model model, float[] images)
    {
        var input = model.Graph.Input;
        Models.Add(name, model);
        OnnxExporter.Export(PathOf(name), model);
        NpyFile.Write(ImagesOf(name), [images.Length / (int)input.Count, input.Channels, input.Height, input.Width], images);
    }
}

[Collection(nameof(OnnxTools))]
public class OnnxExporterTests(ExportedModels models) : IClassFixture<ExportedModels>
{
    public static TheoryData<string> Names =>
        [.. OnnxTools.Names, .. Zoo.Names.Select(name => $"zoo-{name}"), .. ExportedModels.Patterns.Select(pattern => $"pruned-{pattern}")];

    [Theory]
    [MemberData(nameof(Names))]
    public void ONNX_Runtime_gives_our_logits(string name) => OnnxTools.AssertClose(
        OnnxTools.LogitsOf(models.Models[name], models.ImagesOf(name)), models.Expected(name),
        models.Models[name].Int8 is null ? 1e-4 : 0.01); // a few integers may differ by one step

    [Theory]
    [MemberData(nameof(Names))]
    public void An_import_gives_every_weight_and_mask_back_of_what_is_read(string name)
    {
        var (model, again) = (UnreadChannels.Remove(models.Models[name]), OnnxImporter.Import(models.PathOf(name)));
        Assert.Equal(model.Graph.Name, again.Graph.Name);
        // Only a Flatten of 1x1 maps is lost, which does nothing.
        Assert.Equal(model.Graph.Nodes.Where(node => node.Operation is not FlattenOp).Select(node => (node.Name, node.Operation)),
            again.Graph.Nodes.Where(node => node.Operation is not FlattenOp).Select(node => (node.Name, node.Operation)));
        Assert.Equal(model.Parameters.Keys.Order(), again.Parameters.Keys.Order());
        Assert.All(model.Parameters, parameter => Assert.Equal(parameter.Value.Data, again.Parameters[parameter.Key].Data));
        Assert.Equal(model.Masks.Keys.Order(), again.Masks.Keys.Order());
        foreach (var (layer, mask) in model.Masks)
        {
            Assert.Equal(mask.PatternName, again.Masks[layer].PatternName);
            Assert.Equal(mask.Kept, again.Masks[layer].Kept);
        }
    }

    [Fact]
    public void Class_names_and_normalisation_come_back()
    {
        using var folder = new TemporaryFolder();
        var dense = models.Models["zoo-resnet8"];
        var normalisation = new InputNormalisation(
            new(20, 30), AmplitudeTransform.Sqrt, [0.1f, 0.2f, 0.3f], [1, 2, 3], Smooth: true, Fit: ResizeFit.Crop);
        var names = Enumerable.Range(0, 100).Select(i => $"class \"{i}\" é").ToArray();
        OnnxExporter.Export(
            folder.File("model.onnx"), new(dense.Graph, dense.Parameters) { ClassNames = names, Normalisation = normalisation });
        var again = OnnxImporter.Import(folder.File("model.onnx"));
        Assert.Equal(names, again.ClassNames);
        Assert.Equal(
            (new ImageSize(20, 30), ResizeFit.Crop, AmplitudeTransform.Sqrt, true),
            (again.Normalisation!.Resize, again.Normalisation.Fit, again.Normalisation.Amplitude, again.Normalisation.Smooth));
        Assert.Equal(normalisation.Mean, again.Normalisation.Mean);
        Assert.Equal(["model.onnx"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_model_whose_file_could_not_be_read_is_not_written()
    {
        using var folder = new TemporaryFolder();
        var (model, path) = (models.Models["zoo-resnet8"], folder.File("model.onnx"));
        Assert.Throws<ArgumentNullException>("model", () => OnnxExporter.Export(path, null!));
        AssertRefused<ArgumentException>("has 1 class name; none or 100", model with { ClassNames = ["a"] });
        AssertRefused<ArgumentException>("3 finite means", model with { Normalisation = InputNormalisation.None(1) });
        AssertRefused<ArgumentException>("has no tensor 'conv1.weight'", model with { Parameters = new Dictionary<string, Tensor>() });
        var bias = new Tensor([100], [float.NaN, .. new float[99]]);
        var broken = new Dictionary<string, Tensor>(model.Parameters) { ["fc.bias"] = bias };
        AssertRefused<InputException>("'fc.bias' has NaN at index 0", model with { Parameters = broken });
        Assert.Empty(Directory.GetFiles(folder.Path));

        void AssertRefused<T>(string words, Model illegal) where T : Exception =>
            Assert.Contains(words, Assert.Throws<T>(() => OnnxExporter.Export(path, illegal)).Message);
    }
}
