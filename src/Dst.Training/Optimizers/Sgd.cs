using System.Numerics;
using System.Runtime.CompilerServices;
using Dst.Training.Autodiff;

namespace Dst.Training.Optimizers;

/// <summary>
/// Stochastic gradient descent with momentum: Sutskever et al., "On the importance of initialization and momentum in deep
/// learning", 2013, in PyTorch's form: the learning rate scales the momentum, not the gradients that it gathers.
/// <code>
/// g = ∂L/∂w + λ·w        m ← μ·m + g        w ← w − η·m, or with Nesterov w − η·(g + μ·m)
/// </code>
/// m starts at 0, so that the first step's m is g.
/// </summary>
internal sealed class Sgd : Optimizer
{
    private readonly float _momentum;
    private readonly bool _nesterov;

    public Sgd(OptimizerOptions options, IReadOnlyList<Parameter> parameters) : base(options, parameters, "momentum")
    {
        _momentum = (float)options.Momentum;
        _nesterov = options.Nesterov;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void Update(
        Span<float> value, ReadOnlySpan<float> gradient, float[][] state, int first, double learningRate, float decay)
    {
        var momentum = state[0].AsSpan(first, value.Length);
        var (rate, mu) = ((float)learningRate, _momentum);
        var i = 0;
        for (; i <= value.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var w = new Vector<float>(value[i..]);
            var g = new Vector<float>(gradient[i..]) + decay * w;
            var m = mu * new Vector<float>(momentum[i..]) + g;
            m.CopyTo(momentum[i..]);
            (w - rate * (_nesterov ? g + mu * m : m)).CopyTo(value[i..]);
        }

        for (; i < value.Length; i++)
        {
            var g = gradient[i] + decay * value[i];
            var m = mu * momentum[i] + g;
            momentum[i] = m;
            value[i] -= rate * (_nesterov ? g + mu * m : m);
        }
    }
}
