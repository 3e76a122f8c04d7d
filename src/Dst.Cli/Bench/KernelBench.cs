using System.Text.Json.Serialization;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.Report;
using Dst.Runtime;
using Dst.Training.Masks;

namespace Dst.Cli.Bench;

/// <summary>One measured kernel at one layer's shape.</summary>
/// <param name="Kernel">
/// Weights and pass, and the form if it is not the layer's plain one: <c>uhp kernel:16:16 forward</c>, <c>dense winograd4x4 forward</c>.
/// </param>
/// <param name="Shape">The layer, such as <c>32x16x16-32 3x3</c>.</param>
/// <param name="Ms">Milliseconds an image, the best of many repeats.</param>
/// <param name="Gflops">
/// Floating-point operations a nanosecond, of all threads: those of the direct form with kept weights and pixels of the map, without
/// padding.
/// </param>
/// <param name="PercentOfPeak">Share of the peak, which is measured before each layer: clocks change while many layers run.</param>
/// <param name="SpeedupVsDense">Time of the plain dense kernel of the same pass over this one's.</param>
internal sealed record KernelResult(string Kernel, string Shape, double Ms, double Gflops, double PercentOfPeak, double SpeedupVsDense)
{
    /// <summary>Whether the kernel does all operations that are counted, so that it cannot be faster than the peak.</summary>
    [JsonIgnore]
    public bool DoesAll { get; init; }
}

/// <summary>The JSON document of <c>bench kernels</c>.</summary>
internal sealed record KernelReport(
    string Cpu, SimdTier Tier, int Threads, double PeakGflops, double ClockGhz, IReadOnlyList<KernelResult> Kernels)
{
    private IEnumerable<string> Warnings => Kernels.Where(kernel => kernel.DoesAll && kernel.PercentOfPeak > 100).Select(
        kernel => $"warning: {kernel.Kernel} of {kernel.Shape} has {kernel.PercentOfPeak:F1} % of the peak, more than it can: other work "
            + "or a changing clock disturbed the measurement");

    /// <summary>A row for each pass of each layer in each form.</summary>
    public Result ToResult() => new(
        this,
        new Lines([.. new MachinePeak(PeakGflops, ClockGhz).Describe(Cpu, Tier, Threads).Text, .. Warnings]),
        Table.Of(
            Kernels,
            new("shape", "layer", kernel => kernel.Shape) { Alignment = Alignment.Left },
            new("kernel", "kernel", kernel => kernel.Kernel) { Alignment = Alignment.Left },
            new("ms", "ms", kernel => kernel.Ms, kernel => $"{kernel.Ms:F4}"),
            new("gflops", "GFLOP/s", kernel => kernel.Gflops, kernel => $"{kernel.Gflops:F1}"),
            new("percent_of_peak", "% of peak", kernel => kernel.PercentOfPeak, kernel => $"{kernel.PercentOfPeak:F0}"),
            new("speedup_vs_dense", "x dense", kernel => kernel.SpeedupVsDense, kernel => $"{kernel.SpeedupVsDense:F2}")));
}

/// <summary>Measures the convolution kernels on the layers of a family, dense and pruned, against the machine's peak.</summary>
internal sealed class KernelBench(SimdTier tier, KernelFamily family, int threads, CancellationToken cancellation)
{
    private MachinePeak _peak = MachinePeak.Measure(tier, threads);

    /// <summary>Measures each layer.</summary>
    /// <param name="progress">Receives each layer before it is measured.</param>
    public KernelReport Run(Action<string> progress)
    {
        var (first, results) = (_peak, new List<KernelResult>());
        foreach (var shape in family.Layers)
        {
            cancellation.ThrowIfCancellationRequested();
            progress(Describe(shape));
            _peak = MachinePeak.Measure(tier, threads);
            MeasureLayer(shape, results);
        }

        return new(Processor.Name, tier, threads, first.Gflops, first.ClockGhz, results);
    }

    private void MeasureLayer(Conv2dShape shape, List<KernelResult> results)
    {
        var dense = new Dictionary<LayerPass, double>();
        foreach (var form in FormsOf(shape, kept: null)) Measure("dense", form, shape, mask: null, dense, results);
        foreach (var (name, mask) in MasksOf(shape))
        {
            var kept = mask.ToKeptTaps();
            foreach (var form in FormsOf(shape, kept).Where(form => IsPlain(form) || form.Skips(shape, kept)))
                Measure(name, form, shape, mask, dense, results);
        }
    }

    private IEnumerable<ConvolutionForm> FormsOf(Conv2dShape shape, KeptTaps? kept) =>
        ConvolutionForm.Of(tier, shape, kept).Where(form => family.HasFft || form is not FftForm)
            .Concat(ConvolutionForm.OfInferenceAlone.Where(form => form.Supports(tier, shape, kept)));

    private static bool IsPlain(ConvolutionForm form) => form.RoundingClass == 0;

    /// <summary>Measures each pass of a layer in a form. Blocks below 16 and forms of inference alone have a forward pass only.</summary>
    private void Measure(
        string name, ConvolutionForm form, Conv2dShape shape, LayerMask? mask, Dictionary<LayerPass, double> dense,
        List<KernelResult> results)
    {
        var kept = mask?.ToKeptTaps();
        using var job = LayerJob.Create(tier, form, shape, kept, threads);
        var multiplyAdds = shape.MultiplyAddsOnMap(kept);
        var trains = (mask is null or { Block: >= Layout.Block }) && !ConvolutionForm.OfInferenceAlone.Contains(form);
        foreach (var pass in trains ? Enum.GetValues<LayerPass>() : [LayerPass.Forward])
        {
            var seconds = job.Measure(pass);
            dense.TryAdd(pass, seconds);
            var kernel = $"{name} {(IsPlain(form) ? "" : $"{form} ")}{Name(pass)}";
            results.Add(Result(kernel, shape, multiplyAdds, seconds, dense[pass]) with { DoesAll = IsPlain(form) });
        }
    }

    /// <summary>Masks of random weights. A layer of one channel has no halved kernels, a depthwise one no mask.</summary>
    private IEnumerable<(string Name, LayerMask Mask)> MasksOf(Conv2dShape shape)
    {
        if (shape.IsDepthwise) yield break;
        var random = new Random(1);
        var values = new float[shape.Filters * shape.RowLength];
        for (var i = 0; i < values.Length; i++) values[i] = random.NextSingle() - 0.5f;
        var weight = new Tensor([shape.Filters, shape.Channels, shape.KernelHeight, shape.KernelWidth], values);
        foreach (var pattern in family.Patterns)
        {
            if (shape.Channels > 1 || pattern.Unit != PruningUnit.Kernel) yield return ($"uhp {pattern}", UhpPruner.Prune(weight, pattern));
        }

        if (family.HasUnstructured) yield return ("csr 50 %", UnstructuredPruner.Prune(weight, values.Length / 2));
    }

    private KernelResult Result(string kernel, Conv2dShape shape, long multiplyAdds, double seconds, double denseSeconds)
    {
        var gflops = 2.0 * multiplyAdds * LayerJob.Images * threads / seconds / 1e9;
        return new(kernel, Describe(shape), seconds * 1e3 / LayerJob.Images, gflops, 100 * gflops / _peak.Gflops, denseSeconds / seconds);
    }

    private static string Name(LayerPass pass) =>
        pass switch { LayerPass.Forward => "forward", LayerPass.BackwardData => "backward-data", _ => "backward-weight" };

    internal static string Describe(Conv2dShape s) =>
        $"{s.Channels}x{s.Height}x{s.Width}-{s.Filters} {s.KernelHeight}x{s.KernelWidth}"
        + (s.IsDepthwise ? " depthwise" : "") + (s.Stride > 1 ? $" stride {s.Stride}" : "");
}
