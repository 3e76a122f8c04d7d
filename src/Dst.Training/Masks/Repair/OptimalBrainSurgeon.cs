using Dst.Kernels;
using Dst.Masks;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Masks.Repair;

/// <summary>
/// Optimal brain surgeon: Frantar, Alistarh, "Optimal Brain Compression", NeurIPS 2022. A candidate q has some weights w_q in each filter
/// that shares the choice. When it is dropped, the other weights make up for it as well as they can. The squared error then rises by
/// <code>
/// loss(q) = Σ over the filters of s²·w_qᵀ·([H⁻¹]_qq)⁻¹·w_q        s: how much the filter's output counts
/// </code>
/// The candidate of least loss goes. Then w and H⁻¹ become those of the smaller problem, until every run keeps as many as it should.
/// </summary>
internal sealed unsafe class OptimalBrainSurgeon
{
    private readonly double[] _inverse; // H⁻¹; the lower triangle
    private readonly double[][] _weights; // s·w of each filter
    private readonly int _candidateSize; // weights of a candidate in each filter
    private readonly bool[] _dropped;
    private readonly double[] _column;
    private readonly double[] _factor;

    private OptimalBrainSurgeon(double[] inverse, IEnumerable<double[]> weights, int candidateSize)
    {
        (_inverse, _candidateSize) = ((double[])inverse.Clone(), candidateSize);
        _weights = [.. weights.Select(filter => (double[])filter.Clone())];
        _column = new double[_weights[0].Length];
        _dropped = new bool[_column.Length / candidateSize];
        _factor = new double[candidateSize * candidateSize];
    }

    private int Size => _column.Length;

    /// <summary>Chooses what a layer keeps.</summary>
    /// <param name="outline">Pattern, and how many weights an unstructured mask keeps.</param>
    /// <param name="inverse">H⁻¹ of all positions; the lower triangle is read.</param>
    /// <param name="weights">s·w of each filter: the weights of least error while nothing is dropped.</param>
    /// <param name="pool">Threads; the choice does not depend on their number.</param>
    /// <param name="ranks">The processes that share the blocks, or null for this one alone.</param>
    public static LayerMask Choose(LayerMask outline, double[] inverse, double[][] weights, WorkerPool pool, RankGroup? ranks = null)
    {
        ranks ??= RankGroup.Single;
        var kept = new bool[outline.Kept.Length];
        Array.Fill(kept, true);
        var drops = new List<(int Candidate, double Loss)>[outline.Blocks];
        var own = ranks.OwnShareOf(outline.Blocks);
        pool.Run(own.End - own.First, part =>
        {
            var block = own.First + part;
            var first = block * outline.Block;
            var filters = weights[first..Math.Min(weights.Length, first + outline.Block)];
            var surgeon = new OptimalBrainSurgeon(inverse, filters, outline.WeightsPerCandidate);
            drops[block] = outline.Pattern is { } pattern
                ? surgeon.DropAll(pattern.Group, pattern.KeptOf)
                : surgeon.DropAll(surgeon.Size, keptOf: _ => 0);
        });
        Gather(drops, ranks);
        var count = outline.Pattern is null ? kept.Length - (int)outline.KeptWeights : drops.Sum(order => order.Count);
        foreach (var (block, candidate) in Cheapest(drops, count)) kept[block * outline.Candidates + candidate] = false;
        return new(outline.WeightShape, outline.Pattern, kept);
    }

    /// <summary>Fills in what other ranks have found for their blocks.</summary>
    private static void Gather(List<(int Candidate, double Loss)>[] drops, RankGroup ranks)
    {
        if (ranks.Count == 1) return;
        int FirstBlock(int rank) => ranks.FirstOf(drops.Length, rank);
        var own = ranks.OwnShareOf(drops.Length);
        var firsts = new int[drops.Length + 1]; // where the drops of a block begin among those of all
        for (var block = own.First; block < own.End; block++) firsts[block + 1] = drops[block].Count;
        ranks.Gather(firsts.AsSpan(1), FirstBlock);
        for (var block = 0; block < drops.Length; block++) firsts[block + 1] += firsts[block];
        var all = new (int Candidate, double Loss)[firsts[^1]];
        for (var block = own.First; block < own.End; block++) drops[block].CopyTo(all, firsts[block]);
        ranks.Gather<(int, double)>(all, rank => firsts[FirstBlock(rank)]);
        for (var block = 0; block < drops.Length; block++) drops[block] = [.. all[firsts[block]..firsts[block + 1]]];
    }

    /// <summary>
    /// The <paramref name="count"/> drops to make: again and again the one of least loss among the next of each block.
    /// </summary>
    private static IEnumerable<(int Block, int Candidate)> Cheapest(List<(int Candidate, double Loss)>[] drops, int count)
    {
        var next = new PriorityQueue<(int Block, int Step), (double Loss, int Block)>();
        void Offer(int block, int step)
        {
            if (step < drops[block].Count) next.Enqueue((block, step), (drops[block][step].Loss, block));
        }

        for (var block = 0; block < drops.Length; block++) Offer(block, 0);
        for (; count > 0; count--)
        {
            var (block, step) = next.Dequeue();
            yield return (block, drops[block][step].Candidate);
            Offer(block, step + 1);
        }
    }

    /// <summary>Drops candidates until each run keeps its number. Returns them in their order, with the loss of each.</summary>
    private List<(int Candidate, double Loss)> DropAll(int group, Func<int, int> keptOf)
    {
        var left = new int[Layout.CeilDiv(_dropped.Length, group)]; // how many each run must still drop
        for (var run = 0; run < left.Length; run++)
        {
            var length = Math.Min(group, _dropped.Length - run * group);
            left[run] = length - keptOf(length);
        }

        var drops = new List<(int Candidate, double Loss)>();
        for (var count = left.Sum(); count > 0; count--)
        {
            var (best, least) = (-1, 0.0);
            for (var candidate = 0; candidate < _dropped.Length; candidate++)
            {
                if (_dropped[candidate] || left[candidate / group] == 0) continue;
                var loss = LossOf(candidate);
                if (best < 0 || loss < least) (best, least) = (candidate, loss);
            }

            Drop(best);
            left[best / group]--;
            drops.Add((best, least));
        }

        return drops;
    }

    /// <summary>loss(q) as Σ over the filters of ‖L⁻¹·w_q‖², with the Cholesky factor L of [H⁻¹]_qq.</summary>
    private double LossOf(int candidate)
    {
        var first = candidate * _candidateSize;
        for (var i = 0; i < _candidateSize; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                var value = _inverse[(long)(first + i) * Size + first + j];
                for (var k = 0; k < j; k++) value -= _factor[i * _candidateSize + k] * _factor[j * _candidateSize + k];
                _factor[i * _candidateSize + j] = i == j ? Math.Sqrt(value) : value / _factor[j * _candidateSize + j];
            }
        }

        var loss = 0.0;
        Span<double> z = stackalloc double[_candidateSize];
        foreach (var weights in _weights)
        {
            for (var i = 0; i < _candidateSize; i++)
            {
                z[i] = weights[first + i];
                for (var j = 0; j < i; j++) z[i] -= _factor[i * _candidateSize + j] * z[j];
                z[i] /= _factor[i * _candidateSize + i];
                loss += z[i] * z[i];
            }
        }

        return loss;
    }

    /// <summary>
    /// Drops the weights of a candidate one by one: w ← w − h·w_p/H⁻¹_pp and H⁻¹ ← H⁻¹ − h·hᵀ/H⁻¹_pp, h the column p of H⁻¹. What is
    /// left of dropped rows is never read.
    /// </summary>
    private void Drop(int candidate)
    {
        _dropped[candidate] = true;
        fixed (double* inverse = _inverse, column = _column)
        {
            for (var p = candidate * _candidateSize; p < (candidate + 1) * _candidateSize; p++)
            {
                var scale = 1 / Math.Sqrt(inverse[(long)p * Size + p]);
                for (var i = 0; i < Size; i++) column[i] = scale * inverse[i >= p ? (long)i * Size + p : (long)p * Size + i];
                foreach (var weights in _weights)
                {
                    fixed (double* w = weights) CholeskyFactor.AddScaled(w, column, -scale * w[p], Size);
                }

                for (var i = 0; i < Size; i++)
                {
                    if (!_dropped[i / _candidateSize] || i / _candidateSize == candidate)
                        CholeskyFactor.AddScaled(inverse + (long)i * Size, column, -column[i], i + 1);
                }
            }
        }
    }
}
