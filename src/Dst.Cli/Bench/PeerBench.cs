using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Report;
using Dst.Runtime;
using Dst.Runtime.Inference;

namespace Dst.Cli.Bench;

/// <summary>What <c>bench peers</c> measures.</summary>
/// <param name="Networks">Architectures of the zoo and files of pruned models, or none for single convolutions with large kernels.</param>
/// <param name="Pattern">Pattern by which the architectures are halved.</param>
/// <param name="Int8">Whether all networks compute in 8-bit integers.</param>
/// <param name="Threads">Threads that share a batch.</param>
/// <param name="Rounds">Rounds of each network, at least 1.</param>
/// <param name="Inference">How our networks are compiled, and their batch.</param>
internal sealed record PeerBenchOptions(
    IReadOnlyList<string> Networks, UhpPattern Pattern, bool Int8, int Threads, int Rounds, InferenceOptions Inference);

/// <summary>A peer's time over ours: the median of all rounds, the lowest and the highest.</summary>
internal sealed record RatioSpread(double Median, double Low, double High)
{
    /// <summary>The ratios of the fastest runs of each round.</summary>
    public static RatioSpread Of(IReadOnlyList<double> peer, IReadOnlyList<double> ours)
    {
        var ratios = peer.Zip(ours, (slow, fast) => slow / fast).Order().ToList();
        return new(ratios[ratios.Count / 2], ratios[0], ratios[^1]);
    }
}

/// <summary>
/// One network, the patterns of its halved layers, milliseconds an image of the fastest runs, and ONNX Runtime's time over those of our
/// networks.
/// </summary>
internal sealed record PeerResult(
    string Network, string Pattern, double PeerMs, double DenseMs, double HalvedMs, RatioSpread Dense, RatioSpread Halved);

/// <summary>The JSON document of <c>bench peers</c>.</summary>
internal sealed record PeerReport(
    string Cpu, double ClockGhz, SimdTier Tier, string Peer, bool Int8, int Threads, int Batch, int Rounds,
    IReadOnlyList<PeerResult> Results)
{
    /// <summary>A row for each network.</summary>
    public Result ToResult() => new(
        this,
        new Lines(
            $"{Cpu}, {ClockGhz:F2} GHz, {Tier}",
            $"{Peer}, dense; DST dense and halved; {(Int8 ? "8-bit integers" : "floats")}",
            $"threads {Threads}, batch {Batch}, {Rounds} rounds in turns"),
        Table.Of(
            Results,
            new("network", "network", row => row.Network) { Alignment = Alignment.Left },
            new("pattern", "halved by", row => row.Pattern) { Alignment = Alignment.Left },
            new("peer_ms", "peer", row => row.PeerMs, row => $"{row.PeerMs:F3}") { Unit = "ms" },
            new("dense_ms", "dense", row => row.DenseMs, row => $"{row.DenseMs:F3}") { Unit = "ms" },
            new("halved_ms", "halved", row => row.HalvedMs, row => $"{row.HalvedMs:F3}") { Unit = "ms" },
            new("dense_ratio", "dense x", row => row.Dense.Median, row => $"{row.Dense.Median:F2}")
            {
                Meaning = "peer's time over that of our dense network, the median of all rounds, with the lowest and the highest",
            },
            new("dense_ratio_low", "low", row => row.Dense.Low, row => $"{row.Dense.Low:F2}"),
            new("dense_ratio_high", "high", row => row.Dense.High, row => $"{row.Dense.High:F2}"),
            new("halved_ratio", "halved x", row => row.Halved.Median, row => $"{row.Halved.Median:F2}")
            {
                Meaning = "the same for our halved network",
            },
            new("halved_ratio_low", "low", row => row.Halved.Low, row => $"{row.Halved.Low:F2}"),
            new("halved_ratio_high", "high", row => row.Halved.High, row => $"{row.Halved.High:F2}")));
}

/// <summary>Measures inference in ONNX Runtime and in DST, in turns. ONNX Runtime runs our dense network, exported.</summary>
internal sealed class PeerBench(PeerBenchOptions options, CancellationToken cancellation)
{
    private const double RoundSeconds = 0.25;
    private const int MinRuns = 3;

    /// <summary>Largest difference of an output, relative to the largest one.</summary>
    private const double Tolerance = 2e-3;

    /// <summary>The same in 8-bit integers, each value of which may be one step away.</summary>
    private const double Int8Tolerance = 0.1;

    private string _peer = "";

    private int Batch => options.Inference.Batch;

    /// <summary>Measures each network.</summary>
    /// <param name="progress">Receives each network before it is measured.</param>
    /// <exception cref="InputException">A network is unknown, a model is not pruned, or ONNX Runtime cannot be started.</exception>
    /// <exception cref="InvalidOperationException">Both compute different outputs.</exception>
    public PeerReport Run(Action<string> progress)
    {
        var models = Models().ToList(); // first: a name may be wrong
        progress("building the program that runs ONNX Runtime");
        var program = OnnxRuntimePeer.Build();
        var results = new List<PeerResult>();
        foreach (var (name, dense, halved) in models)
        {
            progress(name);
            results.Add(Measure(program, name, dense, halved));
        }

        var peak = MachinePeak.Measure(options.Inference.Tier, threads: 1);
        return new(
            Cpu: Processor.Name,
            ClockGhz: peak.ClockGhz,
            Tier: options.Inference.Tier,
            Peer: _peer,
            Int8: options.Int8,
            Threads: options.Threads,
            Batch: Batch,
            Rounds: options.Rounds,
            Results: results);
    }

    /// <summary>The network of a file. It is its own dense network to whoever ignores its masks: pruned weights are zeros.</summary>
    private static Model Pruned(string path)
    {
        var model = ModelFile.Load(path);
        return model.Masks.Count > 0
            ? new(model.Graph, model.Parameters) { Masks = model.Masks }
            : throw new InputException($"bench peers has {path}, which has no pruned layer; at least one was expected");
    }

    private Model Typed(Model model) => options.Int8 ? RandomModel.Quantised(model, cancellation) : model;

    /// <summary>The networks, or the single layers where none is named.</summary>
    internal IEnumerable<(string Name, Model Dense, Model Halved)> Models()
    {
        foreach (var name in options.Networks)
        {
            var isFile = name.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase);
            var halved = Typed(isFile ? Pruned(name) : RandomModel.Create(name, 1, null, options.Pattern));
            yield return (name, isFile ? halved : Typed(RandomModel.Create(name, 1, null, null)), halved);
        }

        if (options.Networks.Count > 0) yield break;
        foreach (var layer in KernelFamily.Large.Layers)
        {
            var graph = LayerAndMean(layer);
            UhpPattern? pattern = layer.Groups == 1 ? options.Pattern : null; // UHP prunes no depthwise layer
            yield return (KernelBench.Describe(layer), RandomModel.Create(graph, null), RandomModel.Create(graph, pattern));
        }
    }

    /// <summary>A convolution, and the mean of each map, so that reading the result takes no time.</summary>
    private static CheckedGraph LayerAndMean(Conv2dShape layer)
    {
        var convolution = new Conv2dOp(layer.Filters, layer.KernelHeight, layer.KernelWidth, layer.Stride, layer.Padding, layer.Groups);
        return new(new("layer", new(layer.Channels, layer.Height, layer.Width), [
            new("conv", convolution, [NetworkGraph.InputName]),
            new("mean", new GlobalAvgPoolOp(), ["conv"]),
        ]));
    }

    private PeerResult Measure(string program, string name, Model dense, Model halved)
    {
        var images = NetworkRun.RandomImages(dense, Batch);
        using var densePlan = InferencePlan.Compile(dense, options.Inference with { Dense = true });
        using var halvedPlan = InferencePlan.Compile(halved, options.Inference);
        using var ofDense = new NetworkRun(densePlan, options.Threads, images);
        using var ofHalved = new NetworkRun(halvedPlan, options.Threads, images);
        using var peer = new OnnxRuntimePeer(program, dense, images, Batch, options.Threads, options.Inference.Tier);
        _peer = $"ONNX Runtime {peer.Version}{(peer.IsRestricted ? " without AVX-512 and AMX" : "")}";
        ofDense.Run();
        CheckEqual(name, peer.Outputs, ofDense.Outputs, options.Int8 ? Int8Tolerance : Tolerance);
        peer.Measure(RoundSeconds); // to warm up
        Fastest(ofDense);
        Fastest(ofHalved);
        List<double> peerMs = [], denseMs = [], halvedMs = [];
        for (var round = 0; round < options.Rounds; round++)
        {
            peerMs.Add(peer.Measure(RoundSeconds) / Batch);
            denseMs.Add(Fastest(ofDense) / Batch);
            halvedMs.Add(Fastest(ofHalved) / Batch);
        }

        return new(
            name, PatternsOf(halved), peerMs.Min(), denseMs.Min(), halvedMs.Min(),
            RatioSpread.Of(peerMs, denseMs), RatioSpread.Of(peerMs, halvedMs));
    }

    private static string PatternsOf(Model model) =>
        string.Join(", ", model.Masks.Values.Select(mask => mask.PatternName).Distinct().Order(StringComparer.Ordinal));

    private double Fastest(NetworkRun network) => RunTimes.Of(network.Run, RoundSeconds, MinRuns, cancellation: cancellation).Min();

    private static void CheckEqual(string name, float[] expected, float[] actual, double tolerance)
    {
        var largest = expected.Max(Math.Abs);
        for (var i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(expected[i] - actual[i]) <= tolerance * largest))
                throw new InvalidOperationException(
                    $"output {i} of {name} is {actual[i]} in DST and {expected[i]} in ONNX Runtime; equal outputs were expected");
        }
    }
}
