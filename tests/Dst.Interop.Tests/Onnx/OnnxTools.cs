using System.Diagnostics;
using Dst.Interop.Onnx;
using Dst.Runtime.Inference;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.Onnx;

/// <summary>
/// Runs PyTorch and the ONNX checker, which tests/install-tools.sh installs, and ONNX Runtime. PyTorch writes the networks, and ONNX
/// Runtime computes their logits.
/// </summary>
public sealed class OnnxTools : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private readonly TemporaryFolder _folder = new();

    public OnnxTools()
    {
        RunPython("export_models.py", Folder);
        RunPython("write_variants.py", Folder);
        RunModels(Folder);
    }

    /// <summary>The folder of each NAME.onnx, NAME.input.npy and NAME.logits.npy.</summary>
    public string Folder => _folder.File("models");

    /// <summary>The networks of both scripts.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "resnet8", "resnet14", "resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet8x4", "resnet32x4", "resnet18",
        "wrn-16-1", "wrn-16-2", "wrn-40-1", "wrn-40-2", "vgg8", "vgg11", "vgg13", "vgg16", "mobilenetv2", "aconvnet",
        "resnet20-option-a", "resnet20-option-a-10", "squeezenet", "densenet", "mobilenetv3", "mobilenetv3-13",
        "shufflenet", "shufflenet-9", "assorted", "assorted-11", "newest", "channels-last", "external",
        "convnext", "convnext-17", "convnext-first", "convnext-tanh", "efficientnetv2", "repvgg", "repvgg-folded", "mobileone",
        "mobileone-folded", "pooled", "normalised", "windows", "resizes", "keras", "int8-weights", "qdq", "qdq-clips", "qdq-int8", "half",
        "functions",
    ];

    public string PathOf(string name) => Path.Combine(Folder, $"{name}.onnx");

    public Model Import(string name) => OnnxImporter.Import(PathOf(name));

    /// <summary>Logits of ONNX Runtime for a network: [images, classes].</summary>
    public float[] Expected(string name) => NpyFile.Read(Path.Combine(Folder, $"{name}.logits.npy")).Values;

    /// <summary>Our logits for the same images.</summary>
    public float[] Logits(string name, Model model) => LogitsOf(model, Path.Combine(Folder, $"{name}.input.npy"));

    public static float[] LogitsOf(Model model, string images)
    {
        var (shape, values) = ReadImages(model, images);
        using var plan = InferencePlan.Compile(model, new() { Batch = shape[0], Tune = false });
        using var session = plan.CreateSession();
        var logits = new float[shape[0] * plan.Outputs];
        session.Run(values, shape[0], logits);
        return logits;
    }

    /// <summary>Images as our network takes them, [N, C, H, W]. A file for a network of Keras has [N, H, W, C].</summary>
    public static (int[] Shape, float[] Values) ReadImages(Model model, string path)
    {
        var (shape, values) = NpyFile.Read(path);
        var (channels, height, width) = (model.Graph.Input.Channels, model.Graph.Input.Height, model.Graph.Input.Width);
        int[] expected = [shape[0], channels, height, width];
        if (shape.SequenceEqual(expected)) return (shape, values);
        Assert.Equal([shape[0], height, width, channels], shape);
        var (moved, pixels) = (new float[values.Length], height * width);
        for (var i = 0; i < values.Length; i++)
        {
            var (pixel, channel) = Math.DivRem(i, channels);
            moved[(pixel / pixels * channels + channel) * pixels + pixel % pixels] = values[i];
        }

        return (expected, moved);
    }

    /// <summary>Asserts that each logit differs by at most a share of the largest.</summary>
    public static void AssertClose(float[] expected, float[] actual, double tolerance = 1e-4)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Max(Math.Abs);
        var worst = expected.Zip(actual, (x, y) => Math.Abs(x - y)).Max();
        Assert.True(worst <= tolerance * largest, $"logits differ by {worst}, the largest being {largest}");
    }

    /// <summary>Runs the ONNX checker on each file of a folder.</summary>
    public static void CheckModels(string folder) => RunPython("check_models.py", folder);

    /// <summary>Runs each NAME.onnx of a folder on NAME.input.npy with ONNX Runtime, and writes NAME.logits.npy.</summary>
    public static void RunModels(string folder)
    {
        foreach (var model in Directory.GetFiles(folder, "*.onnx"))
        {
            var (shape, values) = OnnxRuntimeTool.Run(model, NpyFile.Read(Path.ChangeExtension(model, ".input.npy")));
            NpyFile.Write(Path.ChangeExtension(model, ".logits.npy"), shape, values);
        }
    }

    public void Dispose() => _folder.Dispose();

    private static void RunPython(string script, string folder)
    {
        Assert.True(
            File.Exists(Python), $"{Python} is missing; install Debian's python3-torch and python3-onnx with tests/install-tools.sh");
        var path = Path.Combine(AppContext.BaseDirectory, "Onnx", script);
        var start = new ProcessStartInfo(Python, [path, folder]) { RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(
            process.ExitCode == 0,
            $"{Python} {script} failed (it needs python3-torch and python3-onnx; see tests/install-tools.sh): {error}");
    }
}

/// <summary>Tests that share one run of the tools.</summary>
[CollectionDefinition(nameof(OnnxTools))]
public sealed class OnnxToolsCollection : ICollectionFixture<OnnxTools>;
