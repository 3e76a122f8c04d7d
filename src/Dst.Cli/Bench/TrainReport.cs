using System.Text.Json.Serialization;
using Dst.Kernels.Simd;
using Dst.Report;
using Dst.Training.Autodiff;

namespace Dst.Cli.Bench;

/// <summary>Mean time of one kind of operation in one pass of the timed steps.</summary>
/// <param name="Operation">Kind, such as <c>Conv2d</c>; <c>other</c> is what no operation accounts for.</param>
/// <param name="Pass">Part of the step; null for <c>other</c>.</param>
/// <param name="MsPerImage">Milliseconds an image.</param>
/// <param name="Percent">Share of the step.</param>
internal sealed record OperationShare(string Operation, StepPass? Pass, double MsPerImage, double Percent);

/// <summary>
/// The JSON document of <c>bench train</c>. Images a second and GFLOP/s are those of the fastest step. MACs are of one image's forward
/// pass. The store of the weights is <c>dense</c> or <c>uhp</c>.
/// </summary>
internal sealed record TrainReport(
    string Cpu, SimdTier Tier, string Arch, double Width, string Input, int Classes, int Batch, int Threads,
    [property: JsonPropertyName("form")] string WeightStore, string? Pattern, long Weights, long Macs, long EffectiveMacs, int Steps,
    double MsPerImage, double MsPerImageMedian, double ImagesPerSecond, double Gflops, double PeakGflops, double ClockGhz,
    double PercentOfPeak, long PeakMemoryBytes, IReadOnlyList<OperationShare> Operations)
{
    /// <summary>A row for each kind of operation in each part of a step.</summary>
    public Result ToResult() => new(
        this,
        new MachinePeak(PeakGflops, ClockGhz).Describe(Cpu, Tier, Threads),
        new Lines(
            $"{Arch}, width {Width}, {Input}, {Classes} classes, batch {Batch}, {Pattern ?? WeightStore}",
            $"{Format.Count(Weights)} weights, {Format.Count(EffectiveMacs)} of {Format.Count(Macs)} MACs an image",
            $"{MsPerImage:F4} ms an image (median {MsPerImageMedian:F4}), {ImagesPerSecond:F1} images/s",
            $"{Gflops:F1} GFLOP/s of useful work, {PercentOfPeak:F1} % of the peak; {Format.Bytes(PeakMemoryBytes)} of memory at most"),
        Table.Of(
            Operations,
            new("operation", "operation", share => share.Operation) { Alignment = Alignment.Left },
            new("pass", "pass", share => share.Pass?.ToString().ToLowerInvariant()) { Alignment = Alignment.Left },
            new("ms_per_image", "ms an image", share => share.MsPerImage, share => $"{share.MsPerImage:F4}"),
            new("percent", "%", share => share.Percent, share => $"{share.Percent:F1}")));
}
