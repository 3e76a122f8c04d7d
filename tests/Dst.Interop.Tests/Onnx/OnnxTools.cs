using System.Diagnostics;
using Dst.Interop.Onnx;
using Dst.Runtime.Inference;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.Onnx;

/// <summary>
/// Runs PyTorch, the ONNX checker and ONNX Runtime, which tests/install-tools.sh installs. PyTorch writes the networks, and ONNX
/// Runtime computes their logits.
/// </summary>
public sealed class OnnxTools : IDisposable
{
    private const string Python = "/usr/bin/python3";
    private readonly TemporaryFolder _folder = new();

    public OnnxTools()
    {
        RunPython("export_models.py", Folder);
        RunModels(Folder);
    }

    /// <summary>The folder of each NAME.onnx, NAME.input.npy and NAME.logits.npy.</summary>
    public string Folder => _folder.File("models");

    /// <summary>The networks of export_models.py.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "resnet8", "resnet14", "resnet20", "resnet32", "resnet44", "resnet56", "resnet110", "resnet8x4", "resnet32x4", "resnet18",
        "wrn-16-1", "wrn-16-2", "wrn-40-1", "wrn-40-2", "vgg8", "vgg11", "vgg13", "vgg16", "mobilenetv2", "aconvnet",
        "resnet20-option-a", "resnet20-option-a-10", "squeezenet", "densenet", "mobilenetv3", "mobilenetv3-13",
        "shufflenet", "shufflenet-9", "assorted", "assorted-11", "newest", "channels-last", "external",
    ];

    public string PathOf(string name) => Path.Combine(Folder, $"{name}.onnx");

    public Model Import(string name) => OnnxImporter.Import(PathOf(name));

    /// <summary>Logits of ONNX Runtime for a network: [images, classes].</summary>
    public float[] Expected(string name) => NpyFile.Read(Path.Combine(Folder, $"{name}.logits.npy")).Values;

    /// <summary>Our logits for the same images.</summary>
    public float[] Logits(string name, Model model) => LogitsOf(model, Path.Combine(Folder, $"{name}.input.npy"));

    public static float[] LogitsOf(Model model, string images)
    {
        var (shape, values) = NpyFile.Read(images);
        using var plan = InferencePlan.Compile(model, new() { Batch = shape[0], Tune = false });
        using var session = plan.CreateSession();
        var logits = new float[shape[0] * plan.Outputs];
        session.Run(values, shape[0], logits);
        return logits;
    }

    /// <summary>Asserts that each logit differs by at most 1e-4 of the largest.</summary>
    public static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = expected.Max(Math.Abs);
        var worst = expected.Zip(actual, (x, y) => Math.Abs(x - y)).Max();
        Assert.True(worst <= 1e-4 * largest, $"logits differ by {worst}, the largest being {largest}");
    }

    /// <summary>Runs the ONNX checker on each file of a folder.</summary>
    public static void CheckModels(string folder) => RunPython("check_models.py", folder);

    /// <summary>Runs each NAME.onnx of a folder on NAME.input.npy with ONNX Runtime, which writes NAME.logits.npy.</summary>
    public static void RunModels(string folder)
    {
        var modules = Path.Combine(RepositoryRoot(), "artifacts", "node");
        Assert.True(
            Directory.Exists(Path.Combine(modules, "node_modules", "onnxruntime-node")),
            $"npm package onnxruntime-node is not in {modules}; run tests/install-tools.sh");
        Run("node", "run_models.mjs", modules, folder);
    }

    public void Dispose() => _folder.Dispose();

    private static void RunPython(string script, string folder)
    {
        Assert.True(
            File.Exists(Python), $"{Python} is missing; install Debian's python3-torch and python3-onnx with tests/install-tools.sh");
        Run(Python, script, folder);
    }

    private static void Run(string program, string script, params string[] arguments)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "Onnx", script);
        var start = new ProcessStartInfo(program, [path, .. arguments]) { RedirectStandardError = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(
            process.ExitCode == 0,
            $"{program} {script} failed (it needs python3-torch and python3-onnx, or nodejs and onnxruntime-node; "
                + $"see tests/install-tools.sh): {error}");
    }

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Dst.slnx"))) folder = folder.Parent;
        return folder.FullName;
    }
}

/// <summary>Tests that share one run of the tools.</summary>
[CollectionDefinition(nameof(OnnxTools))]
public sealed class OnnxToolsCollection : ICollectionFixture<OnnxTools>;
