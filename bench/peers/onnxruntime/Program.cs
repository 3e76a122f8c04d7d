// Measures one convolution with a large kernel in ONNX Runtime and in DST, in turns on one thread, and prints a CSV table.
// Usage: dotnet run -c Release --project bench/peers/onnxruntime -- [BATCH [KERNEL...]]
using System.Diagnostics;
using System.Globalization;
using Dst;
using Dst.Graph;
using Dst.Interop.Onnx;
using Dst.Runtime.Inference;
using Microsoft.ML.OnnxRuntime;
using PeerSession = Microsoft.ML.OnnxRuntime.InferenceSession;

const int Channels = 64;
const int Rounds = 15;
var batch = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1;
var kernels = args.Length > 1 ? args[1..].Select(arg => int.Parse(arg, CultureInfo.InvariantCulture)) : [3, 5, 7, 9, 11, 15, 21, 31];

Console.WriteLine("side,kernel,batch,onnxruntime_ms,dst_ms,ratio,form");
foreach (var side in new[] { 32, 56 })
{
    foreach (var kernel in kernels)
    {
        var model = ModelOf(side, kernel);
        using var peer = new Peer(model, batch);
        using var plan = InferencePlan.Compile(model, new() { Batch = batch });
        using var session = plan.CreateSession();
        var images = peer.Images;
        var outputs = new float[batch * Channels];
        double ofPeer = double.PositiveInfinity, ofDst = double.PositiveInfinity;
        for (var round = 0; round < Rounds; round++)
        {
            ofPeer = Math.Min(ofPeer, MillisecondsOf(peer.Run));
            ofDst = Math.Min(ofDst, MillisecondsOf(() => session.Run(images, batch, outputs)));
        }

        CheckEqual(peer.Outputs, outputs);
        var form = (plan.Decisions[0].Chosen with { Ms = null }).ToString();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{side},{kernel},{batch},{ofPeer / batch:F3},{ofDst / batch:F3},{ofPeer / ofDst:F2},{form}"));
    }
}

// A convolution of 64 channels, and the mean of each map, so that reading the result takes no time.
static Model ModelOf(int side, int kernel)
{
    var graph = new CheckedGraph(new("large", new(Channels, side, side), [
        new("conv", new Conv2dOp(Channels, kernel, kernel, 1, kernel / 2), [NetworkGraph.InputName]),
        new("mean", new GlobalAvgPoolOp(), ["conv"]),
    ]));
    var random = new Random(1);
    var weights = new float[Channels * Channels * kernel * kernel];
    for (var i = 0; i < weights.Length; i++) weights[i] = (random.NextSingle() - 0.5f) / kernel;
    return new(graph, new Dictionary<string, Tensor> { ["conv.weight"] = new([Channels, Channels, kernel, kernel], weights) });
}

static double MillisecondsOf(Action run)
{
    var start = Stopwatch.GetTimestamp();
    run();
    return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
}

static void CheckEqual(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
{
    var largest = 0f;
    foreach (var value in expected) largest = Math.Max(largest, Math.Abs(value));
    for (var i = 0; i < expected.Length; i++)
    {
        if (!(Math.Abs(expected[i] - actual[i]) <= 1e-3f * largest))
            throw new InvalidOperationException($"output {i} is {actual[i]}; {expected[i]} was expected, as ONNX Runtime has it");
    }
}

/// <summary>ONNX Runtime with all graph optimisations on one thread, with its input and output bound once.</summary>
internal sealed class Peer : IDisposable
{
    private readonly PeerSession _session;
    private readonly RunOptions _options = new();
    private readonly OrtValue _input;

    public Peer(Model model, int batch)
    {
        var path = Path.Combine(Path.GetTempPath(), $"dst-large-{Environment.ProcessId}.onnx");
        OnnxExporter.Export(path, model);
        using var options = new SessionOptions { IntraOpNumThreads = 1, LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new PeerSession(path, options);
        File.Delete(path);
        var random = new Random(2);
        Images = new float[batch * model.Graph.Input.Count];
        for (var i = 0; i < Images.Length; i++) Images[i] = random.NextSingle() - 0.5f;
        long[] shape = [batch, model.Graph.Input.Channels, model.Graph.Input.Height, model.Graph.Input.Width];
        _input = OrtValue.CreateTensorValueFromMemory(Images, shape);
    }

    /// <summary>The images of both.</summary>
    public float[] Images { get; }

    /// <summary>The result of the last run.</summary>
    public float[] Outputs { get; private set; } = [];

    public void Run()
    {
        using var results = _session.Run(_options, [_session.InputNames[0]], [_input], [_session.OutputNames[0]]);
        Outputs = results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    public void Dispose()
    {
        _input.Dispose();
        _options.Dispose();
        _session.Dispose();
    }
}
