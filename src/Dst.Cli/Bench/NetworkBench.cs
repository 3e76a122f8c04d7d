using Dst.Graph;
using Dst.Runtime;
using Dst.Runtime.Inference;

namespace Dst.Cli.Bench;

/// <summary>What <c>bench MODEL</c> and <c>bench --arch</c> measure.</summary>
/// <param name="Name">File or architecture.</param>
/// <param name="FileBytes">Size of the file, or null if there is none.</param>
/// <param name="Threads">Threads that share a batch.</param>
/// <param name="Inference">How the model is compiled.</param>
internal sealed record NetworkBenchOptions(string Name, long? FileBytes, int Threads, InferenceOptions Inference);

/// <summary>Measures the inference of a model on random images.</summary>
internal sealed class NetworkBench(Model model, NetworkBenchOptions options, CancellationToken cancellation)
{
    private const int MinRuns = 20;
    private const double WarmUpSeconds = 0.3;
    private const double MeasureSeconds = 1;

    private readonly NetworkCost _cost = NetworkCost.Of(model.Graph, model.Masks);

    private int Batch => options.Inference.Batch;

    /// <summary>Measures the peak, compiles the model, warms up, then times runs for about a second.</summary>
    /// <param name="progress">Receives a line about what is measured.</param>
    /// <exception cref="InputException">A batch fits in no array or not in memory.</exception>
    public NetworkReport Run(Action<string> progress)
    {
        progress(Description);
        var images = NetworkRun.RandomImages(model, Batch);
        var peak = MachinePeak.Measure(options.Inference.Tier, options.Threads);
        var memoryGbs = MemorySpeed.MeasureGbs(options.Inference.Tier, options.Threads);
        using var plan = InferencePlan.Compile(model, options.Inference);
        using var network = new NetworkRun(plan, options.Threads, images);
        RunTimes.Of(network.Run, WarmUpSeconds, MinRuns, cancellation: cancellation);
        var (ms, times) = network.Measure(MeasureSeconds, MinRuns, cancellation);
        var layers = plan.Steps.Zip(times, (step, stepMs) => ResultOf(step.Layer, step.Form, stepMs, plan.BytesOf(step), peak, memoryGbs));
        return Report(peak, memoryGbs, ms, [.. layers], network.ResidentBytes);
    }

    /// <summary>Measures one thread and several in turns, while other cores are busy.</summary>
    /// <param name="progress">Receives a line about what is measured.</param>
    /// <exception cref="InputException">A batch fits in no array or not in memory.</exception>
    public LoadReport RunUnderLoad(Action<string> progress)
    {
        progress(Description);
        var images = NetworkRun.RandomImages(model, Batch);
        using var plan = InferencePlan.Compile(model, options.Inference);
        using var one = new NetworkRun(plan, threads: 1, images);
        using var several = new NetworkRun(plan, options.Threads, images);
        return new LoadBench(options.Inference.Tier, cancellation).Measure(
            $"{options.Name}, {WeightStore}", Batch, options.Threads, one.Run, several.Run);
    }

    private string Description => $"{options.Name}, {model.Graph.Input}, batch {Batch}, {WeightStore}";

    private string WeightStore =>
        options.Inference.Dense || model.Masks.Count == 0 ? "dense" : model.Masks.Values.All(mask => mask.Pattern is null) ? "csr" : "uhp";

    private StepResult ResultOf(string layer, string form, double ms, long bytes, MachinePeak peak, double memoryGbs)
    {
        if (_cost.Layers.FirstOrDefault(cost => cost.Name == layer) is not { } cost) return new(layer, form, ms, bytes, null, null);
        var operations = 2.0 * Batch * cost.EffectiveMacs;
        return new(layer, form, ms, bytes, 1e-6 * operations / ms, Math.Min(peak.Gflops, operations / bytes * memoryGbs));
    }

    private NetworkReport Report(
        MachinePeak peak, double memoryGbs, List<double> sortedMs, IReadOnlyList<StepResult> layers, long residentBytes)
    {
        double At(double share) => sortedMs[Math.Min(sortedMs.Count - 1, (int)(share * sortedMs.Count))];
        var gflops = 2e-6 * Batch * _cost.EffectiveMacs / sortedMs[0];
        return new()
        {
            Cpu = Processor.Name,
            Tier = options.Inference.Tier,
            Model = options.Name,
            WeightStore = WeightStore,
            Threads = options.Threads,
            Batch = Batch,
            LatencyMs = new(At(0), At(0.5), At(0.95), At(0.99)),
            ImagesPerSecond = 1e3 * Batch / sortedMs[0],
            FileBytes = options.FileBytes,
            ResidentBytes = residentBytes,
            Weights = _cost.Weights,
            Macs = _cost.Macs,
            EffectiveMacs = _cost.EffectiveMacs,
            Gflops = gflops,
            PeakGflops = peak.Gflops,
            ClockGhz = peak.ClockGhz,
            MemoryGbs = memoryGbs,
            PercentOfPeak = 100 * gflops / peak.Gflops,
            Layers = layers,
        };
    }
}
