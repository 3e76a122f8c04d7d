using System.Numerics;
using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference;

/// <summary>A form of one layer.</summary>
/// <param name="Name">Its name in plans and their cache.</param>
/// <param name="Cost">Estimated time, in any unit that the forms of the layer share.</param>
/// <param name="Create">Makes the step, with packed weights.</param>
/// <param name="Pools">Whether it computes the pooling behind the layer too.</param>
internal sealed record LayerCandidate(LayerForm Name, double Cost, Func<InferenceStep> Create, bool Pools);

/// <summary>Chooses the form of each convolution: by measurement, once for equal layers, or by estimated cost.</summary>
/// <param name="options">How the network is compiled.</param>
/// <param name="roundingClass">The largest <see cref="ConvolutionCandidate.RoundingClass"/> that is exact enough.</param>
/// <param name="weightBytes">Bytes of all weights that the network keeps.</param>
internal sealed class ConvolutionChooser(InferenceOptions options, int roundingClass, long weightBytes)
{
    /// <summary>A candidate is measured only if its estimated cost is at most this many times the lowest.</summary>
    private const double HopelessCost = 3;

    /// <summary>Rounds of measurements.</summary>
    private const int Rounds = 9;

    /// <summary>Rounds in which each candidate is measured.</summary>
    private const int FirstRounds = 3;

    /// <summary>After the first rounds, a candidate is measured on only if it takes less than so many times the shortest time.</summary>
    private const double SlowTime = 1.5;

    private readonly Dictionary<string, LayerDecision> _measured = [];

    /// <summary>Vector width.</summary>
    public SimdTier Tier => options.Tier;

    /// <summary>The layer in its best form. Where a form computes the pooling behind it too, others count with the time of that.</summary>
    /// <param name="node">The layer.</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="pool">The maximum over 2×2 pixels that covers the map and alone reads its output, or null.</param>
    public (InferenceStep Step, LayerDecision Decision) Choose(LoweredNode node, Conv2dShape shape, LoweredNode? pool)
    {
        var candidates = ConvolutionCandidate.Of(options.Tier, node, shape, pool, roundingClass, options.Batch);
        return Choose(node, shape, pool, candidates.Select(candidate => new LayerCandidate(
            candidate.Name, candidate.Cost, () => candidate.Create(options.Tier, node, shape, options.Batch), candidate.Pool is not null)));
    }

    /// <summary>The layer in the best of some forms.</summary>
    /// <param name="node">The layer.</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="pool">The pooling behind it that some forms compute too, or null.</param>
    /// <param name="all">The forms.</param>
    public (InferenceStep Step, LayerDecision Decision) Choose(
        LoweredNode node, Conv2dShape shape, LoweredNode? pool, IEnumerable<LayerCandidate> all)
    {
        var candidates = all.OrderBy(candidate => candidate.Cost).ToList();
        if (options.Sparse && candidates.Exists(candidate => candidate.Name.UsesMask))
            candidates.RemoveAll(candidate => !candidate.Name.UsesMask);
        var decision = candidates.Count == 1 ? new LayerDecision(node.Layer, candidates[0].Name, [], "the only form of this layer")
            : options.Tune ? Measure(node, shape, candidates.Exists(candidate => candidate.Pools) ? pool : null, candidates)
            : new(node.Layer, candidates[0].Name, [.. candidates.Skip(1).Select(candidate => candidate.Name)], "lowest estimated cost");
        var chosen = candidates.First(candidate => candidate.Name == decision.Chosen with { Ms = null });
        return (chosen.Create(), decision);
    }

    private LayerDecision Measure(LoweredNode node, Conv2dShape shape, LoweredNode? pool, List<LayerCandidate> candidates)
    {
        var name = NameOf(node, shape) + (pool is null ? "" : " and max-pool");
        if (_measured.TryGetValue(name, out var equal) && candidates.Exists(candidate => candidate.Name == equal.Chosen with { Ms = null }))
            return equal with { Layer = node.Layer, Reason = $"as {equal.Layer}, which is equal" };
        var likely = candidates.Where(candidate => candidate.Cost <= HopelessCost * candidates[0].Cost).ToList();
        var known = options.Cache?.Find(name, likely.Select(candidate => candidate.Name));
        var measured = (known ?? Times(node, shape, pool, likely)).OrderBy(form => form.Ms).ToList();
        if (known is null) options.Cache?.Add(name, measured);
        var others = candidates.Except(likely).Select(candidate => candidate.Name);
        var comment = node.Mask is not null && !measured[0].UsesMask ? ": the pruned forms lose to the dense one" : "";
        var withPooling = pool is null ? "" : " with the pooling behind it";
        var reason = $"fastest of {measured.Count} measured{(known is null ? "" : " earlier")}{withPooling}{comment}";
        return _measured[name] = new(node.Layer, measured[0], [.. measured.Skip(1), .. others], reason);
    }

    /// <summary>The name by which layers are told apart, also in the cache.</summary>
    private string NameOf(LoweredNode node, Conv2dShape s) =>
        $"{options.Tier} batch {options.Batch} after {BytesBetween(node)} bytes "
        + $"{s.Channels}x{s.Height}x{s.Width}-{s.Filters} {s.KernelHeight}x{s.KernelWidth} "
        + $"stride {s.Stride} padding {s.Padding} groups {s.Groups} "
        + (node.Residual is null ? "" : "with a sum ")
        + (node.Mask is { } mask ? $"{mask.PatternName} {mask.KeptWeights}" : "dense")
        + (node.Integers is null ? "" : SimdTiers.HasByteProducts ? " int8 with products of bytes" : " int8");

    /// <summary>
    /// Bytes that a run of the network reads between two runs of a layer, as a power of two: about the weights of the other layers. More
    /// than 32 MB empty every cache.
    /// </summary>
    private long BytesBetween(LoweredNode node) =>
        Math.Min((long)BitOperations.RoundUpToPowerOf2((ulong)Math.Max(0, weightBytes - node.KeptWeightBytes)), 32 << 20);

    private List<LayerForm> Times(LoweredNode node, Conv2dShape shape, LoweredNode? pool, List<LayerCandidate> candidates)
    {
        var steps = candidates.ConvertAll(candidate => candidate.Create());
        try
        {
            var pooling = pool is null || candidates.TrueForAll(candidate => candidate.Pools) ? 0 : TimeOfPooling(pool, shape);
            return
            [
                .. candidates.Zip(
                    Times(steps, shape, BytesBetween(node)),
                    (candidate, ms) => candidate.Name with { Ms = candidate.Pools ? ms : ms + pooling }),
            ];
        }
        finally
        {
            foreach (var step in steps) step.Dispose();
        }
    }

    /// <summary>Shortest milliseconds of a maximum over the output of a convolution, measured on its own.</summary>
    private double TimeOfPooling(LoweredNode pool, Conv2dShape shape)
    {
        var window = ((MaxPoolOp)pool.Operation).ShapeFor(new(shape.Filters, shape.OutHeight, shape.OutWidth));
        using var step = new MaxPoolStep(pool, window);
        return Times([step], new(shape.Filters, shape.OutHeight, shape.OutWidth, shape.Filters, 1, 1), bytesBetween: 0)[0];
    }

    /// <summary>
    /// Shortest milliseconds of each step, with the caches as they are in the network. Rounds are interleaved, so that a disturbance of the
    /// machine hits all steps.
    /// </summary>
    private double[] Times(List<InferenceStep> steps, Conv2dShape shape, long bytesBetween)
    {
        using var data = new MeasuredData(steps, shape, options, bytesBetween);
        var times = new double[steps.Count];
        Array.Fill(times, double.PositiveInfinity);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < steps.Count; i++)
            {
                if (round < FirstRounds || times[i] <= SlowTime * times.Min()) times[i] = Math.Min(times[i], data.MillisecondsOf(steps[i]));
            }
        }

        return times;
    }
}
