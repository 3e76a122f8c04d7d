using System.Text.Json.Serialization;
using Dst.Foundations;
using Dst.Kernels.Simd;
using Dst.Report;
using Dst.Training.Autodiff;
using Dst.Training.Engine;

namespace Dst.Cli.Bench;

/// <summary>Mean time of one kind of operation in one pass of the timed steps.</summary>
/// <param name="Operation">Kind, such as <c>Conv2d</c>; <c>other</c> is what no operation accounts for.</param>
/// <param name="Pass">Part of the step; null for <c>other</c>.</param>
/// <param name="MsPerImage">Milliseconds an image.</param>
/// <param name="Percent">Share of the step.</param>
internal sealed record OperationShare(string Operation, StepPass? Pass, double MsPerImage, double Percent);

/// <summary>The JSON document of <c>bench train</c>. MACs are of one image's forward pass.</summary>
internal sealed record TrainReport
{
    public required string Cpu { get; init; }

    public required SimdTier Tier { get; init; }

    public required string Arch { get; init; }

    public required double Width { get; init; }

    public required string Input { get; init; }

    public required int Classes { get; init; }

    public required int Batch { get; init; }

    public required int Threads { get; init; }

    /// <summary><c>dense</c> or <c>uhp</c>.</summary>
    [JsonPropertyName("form")]
    public required string WeightStore { get; init; }

    public required string? Pattern { get; init; }

    public required FormChoice Convolutions { get; init; }

    public required long Weights { get; init; }

    public required long Macs { get; init; }

    public required long EffectiveMacs { get; init; }

    public required int Steps { get; init; }

    public required double MsPerImage { get; init; }

    public required double MsPerImageMedian { get; init; }

    /// <summary>Of the fastest step.</summary>
    public required double ImagesPerSecond { get; init; }

    /// <summary>Of the fastest step.</summary>
    public required double Gflops { get; init; }

    public required double PeakGflops { get; init; }

    public required double ClockGhz { get; init; }

    public required double PercentOfPeak { get; init; }

    public required long PeakMemoryBytes { get; init; }

    public required IReadOnlyList<OperationShare> Operations { get; init; }

    /// <summary>A row for each kind of operation in each part of a step.</summary>
    public Result ToResult() => new(
        this,
        new MachinePeak(PeakGflops, ClockGhz).Describe(Cpu, Tier, Threads),
        new Lines(
            $"{Arch}, width {Width}, {Input}, {Classes} classes, batch {Batch}, {Pattern ?? WeightStore}, "
                + $"convolutions {EnumWords.Of(Convolutions)}",
            $"{Format.Count(Weights)} weights, {Format.Count(EffectiveMacs)} of {Format.Count(Macs)} MACs an image",
            $"{MsPerImage:F4} ms an image (median {MsPerImageMedian:F4}), {ImagesPerSecond:F1} images/s",
            $"{Gflops:F1} GFLOP/s of useful work, {MachinePeak.DescribeShare(PercentOfPeak)}; "
                + $"{Format.Bytes(PeakMemoryBytes)} of memory at most"),
        Table.Of(
            Operations,
            new("operation", "operation", share => share.Operation) { Alignment = Alignment.Left },
            new("pass", "pass", share => share.Pass?.ToString().ToLowerInvariant()) { Alignment = Alignment.Left },
            new("ms_per_image", "ms an image", share => share.MsPerImage, share => $"{share.MsPerImage:F4}"),
            new("percent", "%", share => share.Percent, share => $"{share.Percent:F1}")));
}
