using Dst.Masks;

namespace Dst.Training.Masks;

/// <summary>
/// Magnitude pruning without any structure, the control for UHP: Han et al., "Learning both Weights and Connections for
/// Efficient Neural Networks", 2015, one layer at a time.
/// </summary>
/// <seealso cref="UhpPruner"/>
public static class UnstructuredPruner
{
    /// <summary>Keeps the weights of largest magnitude of one convolution.</summary>
    /// <param name="weight">[O, I, Kh, Kw], finite: the weight itself, or its <see cref="WeightScores"/>; not changed.</param>
    /// <param name="keptWeights">How many stay, 0 to all.</param>
    /// <returns>A mask with exactly that many weights; ties go to the lower index.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There are not as many weights.</exception>
    public static LayerMask Prune(Tensor weight, int keptWeights)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keptWeights);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(keptWeights, weight.Data.Length);
        var kept = new bool[weight.Data.Length];
        TopScores.Keep(Array.ConvertAll(weight.Data, w => Math.Abs((double)w)), keptWeights, kept);
        return new(weight.Shape, pattern: null, kept);
    }
}
