using System.Diagnostics;
using Dst.Kernels;
using Dst.Masks;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff;

/// <summary>
/// The gradients of a backward pass on their way between ranks. Nobody needs them before the optimiser, so they travel while the pass goes
/// on: small ones together, each as soon as it is known. One thread makes all calls.
/// </summary>
internal sealed class GradientExchange(RankGroup ranks)
{
    /// <summary>
    /// Gradients that travel together, in floats: 256 kB. The first ones then leave early, and small ones share one latency.
    /// </summary>
    public const int BucketLength = 64 * 1024;

    /// <summary>Operations on gradients take channels 1 to this in turns.</summary>
    private const int LastChannel = 32_000;

    private readonly List<RankOperation> _underWay = [];
    private readonly List<Action> _arrived = []; // called at the end
    private readonly Parcels<float> _weights = new();
    private readonly Parcels<double> _sums = new();
    private readonly Dictionary<LayerMask, int[]> _kept = [];
    private Parcel<float>? _bucket;
    private int _operations; // begun in this pass
    private long _busySince; // timestamp since which messages are under way
    private long _busyTicks; // of this pass, in which messages were under way

    /// <summary>Begins to add up a parameter's gradient over the ranks. The gradient holds the sum of this rank's parts.</summary>
    public void Sum(Parameter parameter)
    {
        if (ranks.Count == 1) return;
        _bucket ??= _weights.Next();
        _bucket.Add(parameter.Gradient, KeptOf(parameter));
        if (_bucket.Length >= BucketLength) SendBucket();
    }

    /// <summary>Begins to add up sums over the ranks.</summary>
    /// <param name="sums">This rank's sums, which become those of all.</param>
    /// <param name="arrived">Called when they have: by <see cref="Finish"/>, or at once if there is one rank.</param>
    public void Sum(double[] sums, Action arrived)
    {
        if (ranks.Count == 1)
        {
            arrived();
            return;
        }

        var parcel = _sums.Next();
        parcel.Add(sums);
        Begin(parcel.Sum(ranks, NextChannel()));
        _arrived.Add(arrived);
    }

    /// <summary>Begins to fill in a convolution's weight gradient. This rank has the filters of its share of the blocks of 16.</summary>
    public void Gather(Parameter weight)
    {
        if (ranks.Count == 1) return;
        var (filters, kept) = (weight.Shape.Shape[0], KeptOf(weight));
        var blocks = Layout.Blocks(filters);
        var bounds = new int[ranks.Count + 1];
        for (var rank = 0; rank <= ranks.Count; rank++)
        {
            var first = Math.Min(filters, ranks.FirstOf(blocks, rank) * Layout.Block) * (weight.Gradient.Length / filters);
            bounds[rank] = kept is null ? first : FirstFrom(kept, first);
        }

        var parcel = _weights.Next();
        parcel.Add(weight.Gradient, kept);
        Begin(parcel.Gather(ranks, NextChannel(), bounds));
    }

    /// <summary>Lets messages go on.</summary>
    public void Advance()
    {
        if (_underWay.Count == 0) return;
        _underWay.RemoveAll(operation => operation.Advance());
        if (_underWay.Count == 0) _busyTicks += Stopwatch.GetTimestamp() - _busySince;
    }

    /// <summary>Waits for all gradients and puts them in their places.</summary>
    public void Finish()
    {
        if (ranks.Count == 1) return;
        if (_bucket is not null) SendBucket();
        var start = Stopwatch.GetTimestamp();
        while (_underWay.Count > 0)
        {
            _underWay[0].Wait();
            Advance();
        }

        ranks.NoteGradients(_busyTicks, Stopwatch.GetTimestamp() - start);
        _weights.UnpackAll();
        _sums.UnpackAll();
        foreach (var arrived in _arrived) arrived();
        _arrived.Clear();
        (_operations, _busyTicks) = (0, 0);
    }

    /// <summary>The index of the first kept weight from <paramref name="first"/> on.</summary>
    private static int FirstFrom(int[] kept, int first)
    {
        var found = Array.BinarySearch(kept, first);
        return found >= 0 ? found : ~found;
    }

    private void SendBucket()
    {
        Begin(_bucket!.Sum(ranks, NextChannel()));
        _bucket = null;
    }

    private void Begin(RankOperation operation)
    {
        if (_underWay.Count == 0) _busySince = Stopwatch.GetTimestamp();
        _underWay.Add(operation);
        operation.Advance();
    }

    private int NextChannel() => 1 + _operations++ % LastChannel;

    /// <summary>
    /// Indices of the weights whose gradients a layer with a mask computes, or null for all. The other gradients are zero on every rank.
    /// </summary>
    private int[]? KeptOf(Parameter parameter)
    {
        if (parameter.Mask is not { } mask) return null;
        if (_kept.TryGetValue(mask, out var known)) return known;
        var (filters, taps) = (parameter.Shape.Shape[0], mask.ToKeptTaps().UnionOverLanes());
        var row = parameter.Gradient.Length / filters;
        return _kept[mask] =
        [
            .. from filter in Enumerable.Range(0, filters)
               from tap in taps[filter / Layout.Block]
               select filter * row + tap,
        ];
    }
}
