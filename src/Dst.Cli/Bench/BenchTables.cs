using Dst.Foundations;
using Dst.Kernels.Simd;
using Dst.Report;

namespace Dst.Cli.Bench;

/// <summary>Turns measurements into results.</summary>
internal static class BenchTables
{
    /// <summary>The result of <c>bench MODEL</c> and <c>bench --arch</c>: a row for each step of the plan.</summary>
    public static Result Of(NetworkReport report)
    {
        var latency = report.LatencyMs;
        var summary = new Lines(
            $"{report.Model}, {report.WeightStore}, batch {report.Batch}, "
                + $"{Format.Count(report.EffectiveMacs)} of {Format.Count(report.Macs)} MACs an image",
            $"{latency.Min:F4} ms a batch (median {latency.Median:F4}, p95 {latency.P95:F4}, p99 {latency.P99:F4}), "
                + $"{report.ImagesPerSecond:F1} images/s",
            $"{report.Gflops:F1} GFLOP/s of useful work, {report.PercentOfPeak:F1} % of the peak; "
                + $"{Format.Bytes(report.ResidentBytes)} of memory",
            $"{report.MemoryGbs:F1} GB/s read from memory; the roof of a layer is the peak, or what memory allows it");
        return new(
            report, MachineLine(report.Cpu, report.Tier, report.Threads, new(report.PeakGflops, report.ClockGhz)), summary,
            Of(report.Layers));
    }

    /// <summary>The result of <c>bench kernels</c>: a row for each pass of each layer in each form.</summary>
    public static Result Of(KernelReport report) =>
        new(report, MachineLine(report.Cpu, report.Tier, report.Threads, new(report.PeakGflops, report.ClockGhz)), Of(report.Kernels));

    /// <summary>The result of <c>bench train</c>: a row for each kind of operation in each part of a step.</summary>
    public static Result Of(TrainReport report)
    {
        var summary = new Lines(
            $"{report.Arch}, width {report.Width}, {report.Input}, {report.Classes} classes, batch {report.Batch}, "
                + $"{report.Pattern ?? report.WeightStore}",
            $"{Format.Count(report.Weights)} weights, {Format.Count(report.EffectiveMacs)} of {Format.Count(report.Macs)} MACs an image",
            $"{report.MsPerImage:F4} ms an image (median {report.MsPerImageMedian:F4}), {report.ImagesPerSecond:F1} images/s",
            $"{report.Gflops:F1} GFLOP/s of useful work, {report.PercentOfPeak:F1} % of the peak; "
                + $"{Format.Bytes(report.PeakMemoryBytes)} of memory at most");
        return new(
            report, MachineLine(report.Cpu, report.Tier, report.Threads, new(report.PeakGflops, report.ClockGhz)), summary,
            Of(report.Operations));
    }

    private static Table Of(IReadOnlyList<StepResult> steps) => Table.Of(
        steps,
        new("name", "layer", step => step.Name) { Alignment = Alignment.Left },
        new("form", "form", step => step.Form) { Alignment = Alignment.Left },
        new("ms", "ms", step => step.Ms, step => $"{step.Ms:F4}"),
        new("bytes", "kB", step => step.Bytes, step => $"{step.Bytes / 1e3:F0}"),
        new("gflops", "GFLOP/s", step => step.Gflops, step => $"{step.Gflops:F1}"),
        new("percent_of_roof", "roof %", step => step.PercentOfRoof, step => $"{step.PercentOfRoof:F0}"));

    private static Table Of(IReadOnlyList<KernelResult> kernels) => Table.Of(
        kernels,
        new("shape", "layer", kernel => kernel.Shape) { Alignment = Alignment.Left },
        new("kernel", "kernel", kernel => kernel.Kernel) { Alignment = Alignment.Left },
        new("ms", "ms", kernel => kernel.Ms, kernel => $"{kernel.Ms:F4}"),
        new("gflops", "GFLOP/s", kernel => kernel.Gflops, kernel => $"{kernel.Gflops:F1}"),
        new("percent_of_peak", "% of peak", kernel => kernel.PercentOfPeak, kernel => $"{kernel.PercentOfPeak:F0}"),
        new("speedup_vs_dense", "x dense", kernel => kernel.SpeedupVsDense, kernel => $"{kernel.SpeedupVsDense:F2}"));

    private static Table Of(IReadOnlyList<OperationShare> shares) => Table.Of(
        shares,
        new("operation", "operation", share => share.Operation) { Alignment = Alignment.Left },
        new("pass", "pass", share => share.Pass?.ToString().ToLowerInvariant()) { Alignment = Alignment.Left },
        new("ms_per_image", "ms an image", share => share.MsPerImage, share => $"{share.MsPerImage:F4}"),
        new("percent", "%", share => share.Percent, share => $"{share.Percent:F1}"));

    private static Lines MachineLine(string cpu, SimdTier tier, int threads, MachinePeak peak) =>
        new(
            $"{cpu}, {tier}, {Words.Count(threads, "thread")}, peak {peak.Gflops:F1} GFLOP/s: "
                + $"{peak.MultiplyAddsPerCycle(tier, threads):F2} multiply-adds of a vector a cycle at {peak.ClockGhz:F2} GHz");
}
