using System.Numerics;
using System.Runtime.Intrinsics;
using Dst.Training.Autodiff;

namespace Dst.Training.Optimizers;

/// <summary>
/// Clipping by global norm: Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks", 2013.
/// <code>
/// n = √Σ g² over all parameters        g ← g · min(1, c / (n + 10⁻⁶))
/// </code>
/// </summary>
/// <seealso cref="Dst.Training.Engine.TrainOptions"/>
public static class GradientClipping
{
    private const double NormFloor = 1e-6;

    /// <summary>
    /// Scales all gradients together so that their norm is at most <paramref name="maxNorm"/>; pruned positions do not count.
    /// </summary>
    /// <param name="parameters">Parameters whose gradients are clipped in place.</param>
    /// <param name="maxNorm">c, above 0.</param>
    /// <returns>The norm n before clipping, in double; NaN or infinite if a gradient is, and then the gradients are unusable.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxNorm"/> is not above 0.</exception>
    public static double Clip(IReadOnlyList<Parameter> parameters, double maxNorm)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNorm);
        var sum = 0.0;
        for (var p = 0; p < parameters.Count; p++) // an enumerator would be an allocation
        {
            parameters[p].Mask?.Apply(parameters[p].Gradient);
            sum += SumOfSquares(parameters[p].Gradient);
        }

        var norm = Math.Sqrt(sum);
        var factor = maxNorm / (norm + NormFloor);
        if (factor >= 1) return norm;
        for (var p = 0; p < parameters.Count; p++) Scale(parameters[p].Gradient, (float)factor);
        return norm;
    }

    /// <summary>Σ x², in sixteen partial sums whatever the processor's vectors are: the same bits everywhere.</summary>
    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        var low = Vector512<double>.Zero;
        var high = Vector512<double>.Zero;
        var i = 0;
        for (; i <= values.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var (a, b) = Vector512.Widen(Vector512.Create(values[i..]));
            low += a * a;
            high += b * b;
        }

        var sum = 0.0;
        for (var lane = 0; lane < Vector512<double>.Count; lane++) sum += low[lane] + high[lane];
        for (; i < values.Length; i++) sum += (double)values[i] * values[i];
        return sum;
    }

    private static void Scale(Span<float> values, float factor)
    {
        var i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
            (factor * new Vector<float>(values[i..])).CopyTo(values[i..]);
        for (; i < values.Length; i++) values[i] *= factor;
    }
}
