using System.Numerics;
using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference;

/// <summary>Chooses the form of each convolution and linear layer: by measurement, once for equal layers, or by estimated cost.</summary>
/// <param name="options">How the network is compiled.</param>
/// <param name="roundingClass">The largest <see cref="ConvolutionCandidate.RoundingClass"/> that is exact enough.</param>
/// <param name="weightBytes">
/// About the bytes of weights of each node as they are packed, by its output. Only measurements need them.
/// </param>
internal sealed class ConvolutionChooser(InferenceOptions options, int roundingClass, IReadOnlyDictionary<string, long> weightBytes)
{
    /// <summary>A candidate is measured only if its estimated cost is at most this many times the lowest.</summary>
    private const double HopelessCost = 3;

    /// <summary>What was decided by measurement, by <see cref="KeyOf"/>.</summary>
    private readonly Dictionary<string, LayerDecision> _measured = [];

    private readonly long _weightBytes = weightBytes.Values.Sum();

    /// <summary>Vector width.</summary>
    public SimdTier Tier => options.Tier;

    /// <summary>Whether forms by tile are offered: by measurement alone, where all are exact enough.</summary>
    public bool OffersTiles => options.Tune && ConvolutionForm.ByTile.Max(form => form.RoundingClass) <= roundingClass;

    /// <summary>The layer in its best form. Where a form computes the pooling behind it too, others count with the time of that.</summary>
    /// <param name="node">The layer.</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="pool">The maximum over 2×2 pixels that covers the map and alone reads its output, or null.</param>
    /// <param name="planes">What the layer keeps as planes, so that it is computed by tile; or null for any form.</param>
    public (InferenceStep Step, LayerDecision Decision) Choose(
        LoweredNode node, Conv2dShape shape, LoweredNode? pool, PlaneUse? planes = null)
    {
        var candidates = Candidates(node, shape, pool, planes ?? default);
        var decision = Decide(node, shape, pool, planes ?? default, candidates);
        return Made(planes is null ? decision : ByTile(decision), candidates);
    }

    /// <summary>The layer in the best of some forms.</summary>
    /// <param name="node">The layer.</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="pool">The pooling behind it that some forms compute too, or null.</param>
    /// <param name="all">The forms.</param>
    public (InferenceStep Step, LayerDecision Decision) Choose(
        LoweredNode node, Conv2dShape shape, LoweredNode? pool, IEnumerable<LayerCandidate> all)
    {
        var candidates = Ordered(all);
        return Made(Decide(node, shape, pool, default, candidates), candidates);
    }

    /// <summary>
    /// The forms of a linear layer: its own, and with weights of 16 bits that of a convolution of one pixel, which it is.
    /// </summary>
    /// <param name="node">The layer.</param>
    /// <param name="shape">Its sizes as a convolution.</param>
    public IReadOnlyList<LayerCandidate> FormsOfLinear(LoweredNode node, Conv2dShape shape)
    {
        return
        [
            .. from form in ConvolutionCandidate.Of(options.Tier, node, shape, pool: null, roundingClass)
               where form.Form == ConvolutionForm.Direct
               let direct = ToLayer(form, node, shape)
               select form.IsRounded ? direct : direct with { Form = new("linear", UsesMask: false), Create = CreateLinear },
        ];

        LinearStep CreateLinear() => new(node, shape.Channels, shape.Filters);
    }

    /// <summary>
    /// Milliseconds that a layer takes by tile more than in the fastest other form, as measured: below 0 if it is faster by tile, infinite
    /// if forms of either kind are not measured.
    /// </summary>
    /// <param name="node">The layer.</param>
    /// <param name="shape">Its sizes.</param>
    /// <param name="pool">The maximum over 2×2 pixels that covers the map and alone reads its output, or null.</param>
    /// <param name="planes">What the layer keeps as planes.</param>
    public double LossByTile(LoweredNode node, Conv2dShape shape, LoweredNode? pool, PlaneUse planes)
    {
        var decision = Decide(node, shape, pool, planes, Candidates(node, shape, pool, planes));
        return Shortest(isByTile: true) - Shortest(isByTile: false) ?? double.PositiveInfinity;

        double? Shortest(bool isByTile) => decision.Forms.Where(form => IsByTile(form) == isByTile).Min(form => form.Ms);
    }

    private static bool IsByTile(LayerForm form) =>
        ConvolutionForm.ByTile.Any(byTile => form.Form.StartsWith(byTile.Name, StringComparison.Ordinal));

    private static LayerDecision ByTile(LayerDecision decision)
    {
        var chosen = decision.Forms.First(IsByTile);
        return decision with
        {
            Chosen = chosen,
            Alternatives = [.. decision.Forms.Where(form => form != chosen)],
            Reason = "fastest with its neighbours, whose values are planes",
        };
    }

    /// <summary>A layer's forms, the lowest cost first. Forms by tile are chosen by measurement alone.</summary>
    private List<LayerCandidate> Candidates(LoweredNode node, Conv2dShape shape, LoweredNode? pool, PlaneUse planes)
    {
        var candidates = ConvolutionCandidate.Of(options.Tier, node, shape, pool, roundingClass, OffersTiles ? planes : null);
        var pooling = candidates.Any(candidate => candidate.Pool is not null) ? ConvolutionCandidate.CostOfPooling(shape) : 0;
        return Ordered(candidates.Select(candidate => ToLayer(candidate, node, shape, candidate.Pool is null ? pooling : 0)));
    }

    private LayerCandidate ToLayer(ConvolutionCandidate candidate, LoweredNode node, Conv2dShape shape, double costOfPooling = 0) => new(
        candidate.Name,
        candidate.CostOf(shape, options.Batch) + costOfPooling,
        () => candidate.Create(options.Tier, node, shape, options.Batch),
        candidate.Pool is not null);

    private List<LayerCandidate> Ordered(IEnumerable<LayerCandidate> all)
    {
        var candidates = all.OrderBy(candidate => candidate.Cost).ToList();
        if (options.Sparse && candidates.Exists(candidate => candidate.Form.UsesMask))
            candidates.RemoveAll(candidate => !candidate.Form.UsesMask);
        return candidates;
    }

    private static (InferenceStep Step, LayerDecision Decision) Made(LayerDecision decision, List<LayerCandidate> candidates) =>
        (candidates.First(candidate => candidate.Form == decision.Chosen.Untimed).Create(), decision);

    private LayerDecision Decide(
        LoweredNode node, Conv2dShape shape, LoweredNode? pool, PlaneUse planes, List<LayerCandidate> candidates)
    {
        var fused = candidates.Exists(candidate => candidate.Pools) ? pool : null;
        if (candidates.Count > 1 && options.Tune) return Measure(node, shape, fused, KeyOf(node, shape, fused, planes), candidates);
        var reason = candidates.Count == 1 ? "the only form of this layer" : "lowest estimated cost";
        return new(node.Layer, candidates[0].Form, [.. candidates.Skip(1).Select(candidate => candidate.Form)], reason);
    }

    private LayerDecision Measure(
        LoweredNode node, Conv2dShape shape, LoweredNode? pool, string key, List<LayerCandidate> candidates)
    {
        if (_measured.TryGetValue(key, out var equal) && equal.HasForms(candidates.Select(candidate => candidate.Form)))
            return equal with { Layer = node.Layer, Reason = $"as {equal.Layer}, which is equal" };
        var likely = candidates.Where(candidate => candidate.Cost <= HopelessCost * candidates[0].Cost).ToList();
        var known = options.Cache?.Find(key, likely.Select(candidate => candidate.Form));
        var timed = (known ?? Time(node, shape, pool, likely)).OrderBy(form => form.Ms).ToList();
        if (known is null) options.Cache?.Add(key, timed);
        var others = candidates.Except(likely).Select(candidate => candidate.Form);
        var earlier = known is null ? "" : " earlier";
        var withPooling = pool is null ? "" : " with the pooling behind it";
        var comment = node.Mask is not null && !timed[0].UsesMask ? ": the pruned forms lose to the dense one" : "";
        var reason = $"fastest of {timed.Count} measured{earlier}{withPooling}{comment}";
        return _measured[key] = new(node.Layer, timed[0], [.. timed.Skip(1), .. others], reason);
    }

    /// <summary>What equal layers share: their times are the same, also in the cache.</summary>
    private string KeyOf(LoweredNode node, Conv2dShape s, LoweredNode? pool, PlaneUse planes) =>
        $"{options.Tier} batch {options.Batch} after {BytesBetween(node)} bytes "
        + (node.Operation is LinearOp ? "linear " : "")
        + $"{s.Channels}x{s.Height}x{s.Width}-{s.Filters} {s.KernelHeight}x{s.KernelWidth} "
        + $"stride {s.Stride} padding {s.Padding} groups {s.Groups} "
        + (node.Residual is null ? "" : "with a sum ")
        + (node.Mask is { } mask ? $"{mask.PatternName} {mask.KeptWeights}" : "dense")
        + (node.Integers is null ? "" : SimdTiers.HasByteProducts ? " int8 with products of bytes" : " int8")
        + (pool is null ? "" : " and max-pool")
        + planes.Suffix;

    /// <summary>
    /// Bytes that a run of the network reads between two runs of a layer, as a power of two: about the weights of the other layers. More
    /// than 32 MB empty every cache.
    /// </summary>
    private long BytesBetween(LoweredNode node) =>
        Math.Min((long)BitOperations.RoundUpToPowerOf2((ulong)(_weightBytes - weightBytes[node.Output])), 32 << 20);

    /// <summary>The candidates' forms with their times, those of forms that do not pool with that of the pooling.</summary>
    private List<LayerForm> Time(LoweredNode node, Conv2dShape shape, LoweredNode? pool, List<LayerCandidate> candidates)
    {
        var steps = candidates.ConvertAll(candidate => candidate.Create());
        try
        {
            var pooling = pool is null || candidates.TrueForAll(candidate => candidate.Pools) ? 0 : TimeOfPooling(pool, shape);
            using var timer = new StepTimer(steps, shape, options, BytesBetween(node));
            var times = timer.ShortestMilliseconds();
            return [.. candidates.Zip(times, (candidate, ms) => candidate.Form with { Ms = candidate.Pools ? ms : ms + pooling })];
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
        var map = new Conv2dShape(shape.Filters, shape.OutHeight, shape.OutWidth, shape.Filters, 1, 1);
        using var timer = new StepTimer([step], map, options, bytesBetween: 0);
        return timer.ShortestMilliseconds()[0];
    }
}
