using System.Numerics;
using System.Runtime.CompilerServices;
using Dst.Training.Autodiff;

namespace Dst.Training.Optimizers;

/// <summary>
/// Adam with decoupled weight decay: Loshchilov, Hutter, "Decoupled Weight Decay Regularization", 2019.
/// <code>
/// m ← β₁·m + (1 − β₁)·g        v ← β₂·v + (1 − β₂)·g²
/// w ← (1 − η·λ)·w − η/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε)
/// </code>
/// </summary>
internal sealed class AdamW(OptimizerOptions options, IReadOnlyList<Parameter> parameters)
    : Optimizer(options, parameters, "first_moment", "second_moment")
{
    private readonly double _beta1 = options.Beta1;
    private readonly double _beta2 = options.Beta2;
    private readonly float _epsilon = (float)options.Epsilon;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void Update(
        Span<float> value, ReadOnlySpan<float> gradient, float[][] state, int first, double learningRate, float decay)
    {
        Span<float> mean = state[0].AsSpan(first, value.Length), square = state[1].AsSpan(first, value.Length);
        var (beta1, beta2, rest1, rest2) = ((float)_beta1, (float)_beta2, (float)(1 - _beta1), (float)(1 - _beta2));
        var shrink = (float)(1 - learningRate * decay);
        var rate = (float)(learningRate / (1 - Math.Pow(_beta1, Steps)));
        var correction = (float)(1 / Math.Sqrt(1 - Math.Pow(_beta2, Steps)));
        var epsilon = new Vector<float>(_epsilon);
        var i = 0;
        for (; i <= value.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var g = new Vector<float>(gradient[i..]);
            var m = beta1 * new Vector<float>(mean[i..]) + rest1 * g;
            var v = beta2 * new Vector<float>(square[i..]) + rest2 * g * g;
            m.CopyTo(mean[i..]);
            v.CopyTo(square[i..]);
            (shrink * new Vector<float>(value[i..]) - rate * m / (correction * Vector.SquareRoot(v) + epsilon)).CopyTo(value[i..]);
        }

        for (; i < value.Length; i++)
        {
            var g = gradient[i];
            var m = beta1 * mean[i] + rest1 * g;
            var v = beta2 * square[i] + rest2 * g * g;
            mean[i] = m;
            square[i] = v;
            value[i] = shrink * value[i] - rate * m / (correction * MathF.Sqrt(v) + _epsilon);
        }
    }
}
