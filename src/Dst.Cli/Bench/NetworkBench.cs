using System.Text.Json.Serialization;
using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Report;
using Dst.Report.Html;
using Dst.Report.Html.Charts;
using Dst.Runtime;
using Dst.Runtime.Inference;

namespace Dst.Cli.Bench;

/// <summary>What <c>bench MODEL</c> and <c>bench --arch</c> measure.</summary>
/// <param name="Name">File or architecture.</param>
/// <param name="FileBytes">Size of the file, or null if there is none.</param>
/// <param name="Threads">Threads that share a batch.</param>
/// <param name="Inference">How the model is compiled.</param>
internal sealed record NetworkBenchOptions(string Name, long? FileBytes, int Threads, InferenceOptions Inference);

/// <summary>Times of a batch in milliseconds: the shortest, the median and two percentiles.</summary>
internal sealed record LatencySpread(double Min, double Median, double P95, double P99);

/// <summary>One step of the plan.</summary>
/// <param name="Name">Name of the layer.</param>
/// <param name="Form">How it is computed.</param>
/// <param name="Ms">Mean milliseconds of a batch.</param>
/// <param name="Bytes">Bytes of a batch: its packed weights, what it reads and what it writes, each once.</param>
/// <param name="Gflops">GFLOP/s of its kept weights, or null if it has none.</param>
/// <param name="RoofGflops">
/// What the machine allows: the peak of its multiply-adds, or less where its memory is too slow for so many bytes. Null without weights.
/// </param>
internal sealed record StepResult(string Name, string Form, double Ms, long Bytes, double? Gflops, double? RoofGflops)
{
    /// <summary>Gflops as a share of the roof, in percent.</summary>
    public double? PercentOfRoof => 100 * Gflops / RoofGflops;
}

/// <summary>
/// The JSON document of <c>bench MODEL</c> and <c>bench --arch</c>. Images a second and GFLOP/s are those of the fastest run. Resident
/// bytes are packed weights and a session's memory. The store of the weights is <c>dense</c>, <c>uhp</c> or <c>csr</c>.
/// </summary>
internal sealed record NetworkReport(
    string Cpu, SimdTier Tier, string Model, [property: JsonPropertyName("form")] string WeightStore, int Threads, int Batch,
    LatencySpread LatencyMs, double ImagesPerSecond, long? FileBytes, long ResidentBytes, long Weights, long Macs, long EffectiveMacs,
    double Gflops, double PeakGflops, double ClockGhz, double MemoryGbs, double PercentOfPeak, IReadOnlyList<StepResult> Layers)
{
    /// <summary>The page that shows what limits each layer.</summary>
    public string ToPage(Result result)
    {
        var layers = Layers.Where(step => step.Gflops is not null)
            .Select(step => new MeasuredLayer(step.Name, step.Form, step.Gflops!.Value * step.Ms * 1e6 / step.Bytes, step.Gflops.Value));
        return RooflinePage.Write(result, $"{Model}, {WeightStore}, batch {Batch}", PeakGflops, MemoryGbs, [.. layers]);
    }
}

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
        var before = network.Times;
        var ms = RunTimes.Of(network.Run, MeasureSeconds, MinRuns, cancellation: cancellation);
        var times = network.Times.Zip(before, (after, start) => (after.Time - start.Time).TotalMilliseconds / ms.Count);
        var layers = plan.Steps.Zip(times, (step, stepMs) => ResultOf(step.Layer, step.Form, stepMs, plan.BytesOf(step), peak, memoryGbs));
        ms.Sort();
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
        return new(
            Processor.Name, options.Inference.Tier, options.Name, WeightStore, options.Threads, Batch,
            new(At(0), At(0.5), At(0.95), At(0.99)), 1e3 * Batch / sortedMs[0], options.FileBytes, residentBytes, _cost.Weights, _cost.Macs,
            _cost.EffectiveMacs, gflops, peak.Gflops, peak.ClockGhz, memoryGbs, 100 * gflops / peak.Gflops, layers);
    }
}
