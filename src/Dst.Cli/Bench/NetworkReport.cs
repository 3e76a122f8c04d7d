using System.Text.Json.Serialization;
using Dst.Kernels.Simd;
using Dst.Report;
using Dst.Report.Html;
using Dst.Report.Html.Charts;

namespace Dst.Cli.Bench;

/// <summary>Times of a batch in milliseconds: the shortest, the median and two percentiles.</summary>
internal sealed record LatencySpread(double Min, double Median, double P95, double P99);

/// <summary>One step of the plan.</summary>
/// <param name="Name">Name of the layer.</param>
/// <param name="Form">How it is computed.</param>
/// <param name="Ms">Milliseconds of a batch, the shortest of the runs.</param>
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

/// <summary>The JSON document of <c>bench MODEL</c> and <c>bench --arch</c>.</summary>
internal sealed record NetworkReport
{
    public required string Cpu { get; init; }

    public required SimdTier Tier { get; init; }

    public required string Model { get; init; }

    /// <summary><c>dense</c>, <c>uhp</c> or <c>csr</c>.</summary>
    [JsonPropertyName("form")]
    public required string WeightStore { get; init; }

    public required int Threads { get; init; }

    public required int Batch { get; init; }

    public required LatencySpread LatencyMs { get; init; }

    /// <summary>Of the fastest run.</summary>
    public required double ImagesPerSecond { get; init; }

    public required long? FileBytes { get; init; }

    /// <summary>Packed weights and a session's memory.</summary>
    public required long ResidentBytes { get; init; }

    public required long Weights { get; init; }

    public required long Macs { get; init; }

    public required long EffectiveMacs { get; init; }

    /// <summary>Of the fastest run.</summary>
    public required double Gflops { get; init; }

    public required double PeakGflops { get; init; }

    public required double ClockGhz { get; init; }

    public required double MemoryGbs { get; init; }

    public required double PercentOfPeak { get; init; }

    public required IReadOnlyList<StepResult> Layers { get; init; }

    /// <summary>A row for each step of the plan.</summary>
    public Result ToResult() => new(
        this,
        new MachinePeak(PeakGflops, ClockGhz).Describe(Cpu, Tier, Threads),
        new Lines(
            $"{Model}, {WeightStore}, batch {Batch}, {Format.Count(EffectiveMacs)} of {Format.Count(Macs)} MACs an image",
            $"{LatencyMs.Min:F4} ms for the fastest batch (median {LatencyMs.Median:F4}, p95 {LatencyMs.P95:F4}, p99 {LatencyMs.P99:F4}), "
                + $"{ImagesPerSecond:F1} images/s",
            $"{Gflops:F1} GFLOP/s of useful work, {MachinePeak.DescribeShare(PercentOfPeak)}; {Format.Bytes(ResidentBytes)} of memory",
            $"{MemoryGbs:F1} GB/s read from memory; the roof of a layer is the peak, or what memory allows it"),
        Table.Of(
            Layers,
            new("name", "layer", step => step.Name) { Alignment = Alignment.Left },
            new("form", "form", step => step.Form) { Alignment = Alignment.Left },
            new("ms", "ms", step => step.Ms, step => $"{step.Ms:F4}"),
            new("bytes", "kB", step => step.Bytes, step => $"{step.Bytes / 1e3:F0}"),
            new("gflops", "GFLOP/s", step => step.Gflops, step => $"{step.Gflops:F1}"),
            new("percent_of_roof", "roof %", step => step.PercentOfRoof, step => $"{step.PercentOfRoof:F0}")));

    /// <summary>Writes a page that shows what limits each layer.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public void SavePage(string path, Result result)
    {
        var layers = Layers.Where(step => step.Gflops is not null)
            .Select(step => new MeasuredLayer(step.Name, step.Form, step.Gflops!.Value * step.Ms * 1e6 / step.Bytes, step.Gflops.Value));
        RooflinePage.Save(path, result, $"{Model}, {WeightStore}, batch {Batch}", PeakGflops, MemoryGbs, [.. layers]);
    }
}
