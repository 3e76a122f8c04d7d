using System.Diagnostics;
using Dst.Foundations;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;
using Dst.Runtime.Threading;

namespace Dst.Runtime.Inference;

/// <summary>Chooses the form of each convolution: by measurement, once for equal layers, or by estimated cost.</summary>
internal sealed class ConvolutionChooser(InferenceOptions options, int roundingClass)
{
    private const int Rounds = 9;

    /// <summary>A candidate is measured only if its estimated cost is at most this many times the lowest.</summary>
    private const double HopelessCost = 3;

    private readonly Dictionary<(Conv2dShape, string?, long), LayerDecision> _measured = [];

    /// <summary>Vector width.</summary>
    public SimdTier Tier => options.Tier;

    /// <summary>The layer in its best form.</summary>
    public (InferenceStep Step, LayerDecision Decision) Choose(LoweredNode node, Conv2dShape shape)
    {
        var candidates = ConvolutionCandidate.Of(options.Tier, shape, node.Mask, roundingClass, options.Batch)
            .OrderBy(candidate => candidate.Cost).ToList();
        if (options.Sparse && candidates.Any(candidate => candidate.UsesMask)) candidates.RemoveAll(candidate => !candidate.UsesMask);
        var decision = candidates.Count == 1 ? new LayerDecision(node.Layer, candidates[0].Name, [], "the only form of this layer")
            : options.Tune ? Measure(node, shape, candidates)
            : new(node.Layer, candidates[0].Name, [.. candidates.Skip(1).Select(candidate => candidate.Name)], "lowest estimated cost");
        var chosen = candidates.First(candidate => candidate.Name == decision.Chosen with { Ms = null });
        return (chosen.Create(options.Tier, node, shape, options.Batch), decision);
    }

    private LayerDecision Measure(LoweredNode node, Conv2dShape shape, List<ConvolutionCandidate> candidates)
    {
        var key = (shape, node.Mask?.PatternName, node.Mask?.KeptWeights ?? 0);
        if (_measured.TryGetValue(key, out var equal))
            return equal with { Layer = node.Layer, Reason = $"as {equal.Layer}, which is equal" };
        var likely = candidates.Where(candidate => candidate.Cost <= HopelessCost * candidates[0].Cost).ToList();
        var known = options.Cache?.Find(NameOf(node, shape), likely.Select(candidate => candidate.Name));
        var measured = (known ?? Times(node, shape, likely)).OrderBy(form => form.Ms).ToList();
        if (known is null) options.Cache?.Add(NameOf(node, shape), measured);
        var others = candidates.Except(likely).Select(candidate => candidate.Name);
        var comment = node.Mask is not null && !measured[0].UsesMask ? ": the pruned forms lose to the dense one" : "";
        var reason = $"fastest of {measured.Count} measured{(known is null ? "" : " earlier")}{comment}";
        return _measured[key] = new(node.Layer, measured[0], [.. measured.Skip(1), .. others], reason);
    }

    /// <summary>The name by which the cache tells layers apart.</summary>
    private string NameOf(LoweredNode node, Conv2dShape s) =>
        $"{options.Tier} batch {options.Batch} {s.Channels}x{s.Height}x{s.Width}-{s.Filters} {s.KernelHeight}x{s.KernelWidth} "
        + $"stride {s.Stride} padding {s.Padding} groups {s.Groups} "
        + (node.Mask is { } mask ? $"{mask.PatternName} {mask.KeptWeights}" : "dense");

    private List<LayerForm> Times(LoweredNode node, Conv2dShape shape, List<ConvolutionCandidate> candidates)
    {
        var steps = candidates.ConvertAll(candidate => candidate.Create(options.Tier, node, shape, options.Batch));
        try
        {
            return [.. candidates.Zip(Times(steps, shape), (candidate, ms) => candidate.Name with { Ms = ms })];
        }
        finally
        {
            foreach (var step in steps) step.Dispose();
        }
    }

    /// <summary>Shortest milliseconds of each step. Rounds are interleaved, so that a disturbance of the machine hits all steps.</summary>
    private unsafe double[] Times(List<InferenceStep> steps, Conv2dShape shape)
    {
        var (inputs, outputs) = ((long)options.Batch * shape.InputLength, (long)options.Batch * shape.OutputLength);
        var residuals = steps.Any(step => step.Second is not null) ? outputs : 0;
        var scratchLength = steps.Max(step => step.ScratchLength(threads: 1));
        MemoryLimit.Check(
            sizeof(float) * ((double)inputs + outputs + residuals + scratchLength), $"features of the layer '{steps[0].Layer}'",
            "a smaller image or batch was expected");
        using var x = new AlignedBuffer(inputs);
        using var y = new AlignedBuffer(outputs);
        using var residual = new AlignedBuffer(residuals);
        using var scratch = new AlignedBuffer(scratchLength);
        for (var i = 0L; i < x.Length; i++) x.Pointer[i] = i % 7 * 0.25f - 0.5f; // no denormal or infinite numbers, which may be slower
        var times = new double[steps.Count];
        Array.Fill(times, double.PositiveInfinity);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < steps.Count; i++)
            {
                var second = steps[i].Second is null ? null : residual.Pointer;
                var data = new StepData(x.Pointer, second, y.Pointer, options.Batch, options.Tier);
                var start = Stopwatch.GetTimestamp();
                steps[i].Run(data, 0, steps[i].Units(options.Batch), scratch.Pointer);
                times[i] = Math.Min(times[i], Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        return times;
    }
}
