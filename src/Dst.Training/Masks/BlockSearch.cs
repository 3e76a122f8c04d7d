using Dst.Foundations;
using Dst.Kernels;
using Dst.Training.Ranks;

namespace Dst.Training.Masks;

/// <summary>
/// Balanced clustering of filters. It chooses which of them share a block, so that the candidates that blocks keep have the highest score.
/// <code>
/// f(o, c) = score of candidate c in filter o alone
/// kept score = Σ over blocks, Σ over runs, the best candidates of Σ over the block's filters of f
/// </code>
/// Like k-means, the search alternates two steps. With the masks fixed, pairs of filters of different blocks change places while that
/// raises the sum of f under their blocks' masks. Then each block chooses its mask anew. Neither step lowers the kept score.
/// The search starts from the given order, from blocks that are filled greedily, and from some random orders. The best order found is
/// the result; it depends on the scores alone.
/// </summary>
internal sealed class BlockSearch
{
    private const int Starts = 8;
    private const double LeastGain = 1e-9; // of the whole score: rounding is no gain

    private readonly double[][] _scores; // [filter][candidate]
    private readonly int _block;
    private readonly IReadOnlyList<(Range Candidates, int Kept)> _runs;
    private readonly double _leastGain;
    private readonly double[] _sums;
    private readonly bool[][] _masks; // [block][candidate]

    /// <summary>Prepares a search.</summary>
    /// <param name="scores">f, [filter][candidate]; candidates of several layers that share the order stand one after another.</param>
    /// <param name="block">Filters in a block.</param>
    /// <param name="runs">Runs of candidates, and how many of each are kept.</param>
    public BlockSearch(double[][] scores, int block, IReadOnlyList<(Range Candidates, int Kept)> runs)
    {
        (_scores, _block, _runs) = (scores, block, runs);
        _leastGain = LeastGain * scores.Sum(filter => filter.Sum());
        _sums = new double[scores[0].Length];
        _masks = [.. Enumerable.Range(0, Layout.CeilDiv(scores.Length, block)).Select(_ => new bool[_sums.Length])];
    }

    /// <summary>The score that the masks of an order keep.</summary>
    public double KeptScore(int[] order)
    {
        var kept = 0.0;
        for (var block = 0; block < _masks.Length; block++)
        {
            Array.Clear(_sums);
            for (var i = block * _block; i < Math.Min(order.Length, (block + 1) * _block); i++) AddToSums(order[i]);
            ChooseMask(_masks[block]);
            kept += ScoreUnder(_masks[block], _sums);
        }

        return kept;
    }

    /// <summary>The best order found: position to filter, ascending within each block. It is no worse than 0, 1, 2, ….</summary>
    /// <param name="ranks">The processes that share the starts. Of equal ends the first is taken, whoever found it.</param>
    public int[] FindOrder(RankGroup ranks)
    {
        var count = _scores.Length;
        var (orders, scores) = (new int[Starts * count], new double[Starts]);
        var (first, end) = ranks.OwnShareOf(Starts);
        for (var start = first; start < end; start++)
        {
            var order = OrderOf(start);
            scores[start] = Improve(order);
            order.CopyTo(orders, start * count);
        }

        ranks.Gather<double>(scores, rank => ranks.FirstOf(Starts, rank));
        ranks.Gather<int>(orders, rank => ranks.FirstOf(Starts, rank) * count);
        var best = 0;
        for (var start = 1; start < Starts; start++) if (scores[start] > scores[best] + _leastGain) best = start;
        var found = orders[(best * count)..((best + 1) * count)];
        for (var block = 0; block < count; block += _block) Array.Sort(found, block, Math.Min(_block, count - block));
        return found;
    }

    /// <summary>The given order, the greedy one, or a random one.</summary>
    private int[] OrderOf(int start) => start switch
    {
        0 => [.. Enumerable.Range(0, _scores.Length)],
        1 => FillGreedily(),
        _ => new RandomStream(seed: 0, RandomPurpose.Permute, sample: start - 1).NextPermutation(_scores.Length),
    };

    /// <summary>
    /// Block by block: the filter with the highest score of those left, then those that keep most under the block's mask.
    /// </summary>
    private int[] FillGreedily()
    {
        var left = Enumerable.Range(0, _scores.Length).ToList();
        var (order, mask) = (new int[left.Count], new bool[_sums.Length]);
        for (var i = 0; i < order.Length; i++)
        {
            if (i % _block == 0)
            {
                Array.Clear(_sums);
                Array.Fill(mask, true);
            }

            order[i] = left.MaxBy(filter => ScoreUnder(mask, _scores[filter]));
            left.Remove(order[i]);
            AddToSums(order[i]);
            ChooseMask(mask);
        }

        return order;
    }

    /// <summary>Improves an order in place until neither step raises its kept score, which is returned.</summary>
    private double Improve(int[] order)
    {
        var score = KeptScore(order);
        while (true)
        {
            var before = score;
            var worth = ScoresUnderMasks();
            while (SwapPairs(order, worth))
            {
            }

            score = KeptScore(order);
            if (score <= before + _leastGain) return score;
        }
    }

    /// <summary>The score that each filter would keep under the present mask of each block, [filter][block].</summary>
    private double[][] ScoresUnderMasks() => [.. _scores.Select(filter => _masks.Select(mask => ScoreUnder(mask, filter)).ToArray())];

    private void AddToSums(int filter)
    {
        for (var c = 0; c < _sums.Length; c++) _sums[c] += _scores[filter][c];
    }

    /// <summary>Keeps the best of each run of the sums.</summary>
    private void ChooseMask(bool[] mask)
    {
        foreach (var (candidates, kept) in _runs) TopScores.Keep(_sums.AsSpan(candidates), kept, mask.AsSpan(candidates));
    }

    /// <summary>Σ of the scores that a mask keeps.</summary>
    private static double ScoreUnder(bool[] mask, double[] scores)
    {
        var sum = 0.0;
        for (var c = 0; c < mask.Length; c++) if (mask[c]) sum += scores[c];
        return sum;
    }

    /// <summary>One sweep over all pairs of filters of different blocks; whether any changed places.</summary>
    private bool SwapPairs(int[] order, double[][] worth)
    {
        var changed = false;
        for (var i = 0; i < order.Length; i++)
        {
            for (var j = (i / _block + 1) * _block; j < order.Length; j++)
            {
                var (a, b) = (worth[order[i]], worth[order[j]]);
                if (a[j / _block] + b[i / _block] - a[i / _block] - b[j / _block] <= _leastGain) continue;
                (order[i], order[j]) = (order[j], order[i]);
                changed = true;
            }
        }

        return changed;
    }
}
