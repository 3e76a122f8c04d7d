using Dst.Foundations;
using Dst.Kernels.Simd;
using Dst.Report;
using Dst.Runtime;
using Dst.Runtime.Inference;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Cli.Bench;

/// <summary>One store of the weights: milliseconds and millijoules an image, and bytes of packed weights and of all memory.</summary>
internal sealed record CompareResult(string Form, double MinMs, double MedianMs, double? Millijoules, long WeightBytes, long ResidentBytes);

/// <summary>The JSON document of <c>bench --compare</c>.</summary>
internal sealed record CompareReport(string Cpu, SimdTier Tier, string Model, int Threads, int Batch, IReadOnlyList<CompareResult> Results)
{
    /// <summary>A row for each store of the weights.</summary>
    public Result ToResult() => new(
        this,
        new Lines($"{Cpu}, {Tier}, {Phrases.Count(Threads, "thread")}; {Model}, batch {Batch}"),
        Table.Of(
            Results,
            new("form", "weights", row => row.Form) { Alignment = Alignment.Left },
            new("min_ms", "fastest", row => row.MinMs, row => $"{row.MinMs:F4}") { Unit = "ms" },
            new("median_ms", "median", row => row.MedianMs, row => $"{row.MedianMs:F4}") { Unit = "ms" },
            new("ratio", "dense x", row => Results[0].MinMs / row.MinMs, row => $"{Results[0].MinMs / row.MinMs:F2}")
            {
                Meaning = "fastest run of the dense network over that of this one",
            },
            new("millijoules", "energy", row => row.Millijoules, row => $"{row.Millijoules:F2}")
            {
                Unit = "mJ",
                Meaning = "of all processors for an image, with whatever else they do",
            },
            new("weight_bytes", "packed weights", row => row.WeightBytes, row => Format.Bytes(row.WeightBytes)),
            new("resident_bytes", "memory", row => row.ResidentBytes, row => Format.Bytes(row.ResidentBytes))));
}

/// <summary>
/// Measures a pruned model in turns with the dense network, and with one that has as many weights in each layer, pruned without a pattern.
/// </summary>
internal sealed class CompareBench(Model model, NetworkBenchOptions options, CancellationToken cancellation)
{
    private const int Rounds = 7;
    private const double RoundSeconds = 0.25;
    private const int MinRuns = 3;

    /// <summary>Measures for about six seconds.</summary>
    /// <param name="progress">Receives a line about what is measured.</param>
    /// <exception cref="InputException">Nothing is pruned, or a batch fits in no array or not in memory.</exception>
    public CompareReport Run(Action<string> progress)
    {
        if (model.Masks.Count == 0)
            throw new InputException($"bench --compare has {options.Name}, which has no pruned layer; at least one was expected");
        progress($"{options.Name}, {model.Graph.Input}, batch {options.Inference.Batch}: dense, halved, unstructured");
        var images = NetworkRun.RandomImages(model, options.Inference.Batch);
        using var dense = new Contender("dense", model, options.Inference with { Dense = true, Sparse = false }, options.Threads, images);
        using var halved = new Contender("halved", model, options.Inference, options.Threads, images);
        using var unstructured = new Contender("unstructured", Unstructured(), options.Inference, options.Threads, images);
        Contender[] all = [dense, halved, unstructured];
        foreach (var contender in all) contender.Measure(cancellation);
        foreach (var contender in all) contender.Forget();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var contender in all) contender.Measure(cancellation);
        }

        return new(
            Processor.Name, options.Inference.Tier, options.Name, options.Threads, options.Inference.Batch,
            [.. all.Select(contender => contender.Result)]);
    }

    /// <summary>The same network with random weights: a pruned layer keeps as many, wherever they are.</summary>
    private Model Unstructured()
    {
        var random = Initialiser.Initialise(model.Graph, seed: 1);
        var masks = model.Masks.ToDictionary(
            layer => layer.Key, layer => UnstructuredPruner.Prune(random.Parameters[$"{layer.Key}.weight"], (int)layer.Value.KeptWeights));
        return new(random.Graph, random.Parameters) { Masks = masks };
    }

    private sealed class Contender : IDisposable
    {
        private readonly EnergyMeter _energy = new();
        private readonly List<double> _ms = [];
        private readonly string _form;
        private readonly InferencePlan _plan;
        private readonly NetworkRun _run;
        private double? _joules = 0;

        public Contender(string form, Model model, InferenceOptions inference, int threads, float[] images)
        {
            _form = form;
            _plan = InferencePlan.Compile(model, inference);
            _run = new(_plan, threads, images);
        }

        public CompareResult Result
        {
            get
            {
                _ms.Sort();
                var batch = _plan.Options.Batch;
                return new(
                    _form, _ms[0] / batch, _ms[_ms.Count / 2] / batch, 1e3 * _joules / _ms.Count / batch, _plan.WeightBytes,
                    _run.ResidentBytes);
            }
        }

        /// <summary>Runs for a round.</summary>
        public void Measure(CancellationToken cancellation) =>
            _joules += _energy.Measure(() => _ms.AddRange(RunTimes.Of(_run.Run, RoundSeconds, MinRuns, cancellation: cancellation)));

        /// <summary>Forgets what was measured to warm up.</summary>
        public void Forget()
        {
            _ms.Clear();
            _joules = 0;
        }

        public void Dispose()
        {
            _run.Dispose();
            _plan.Dispose();
        }
    }
}
