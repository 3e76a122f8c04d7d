using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// min(max(x, Min), Max): ReLU6 is <c>Clip(0, 6)</c>. A side without a bound is <see cref="float.MinValue"/> or
/// <see cref="float.MaxValue"/>.
/// </summary>
public sealed record ClipOp(float Min, float Max) : Operation
{
    internal override bool IsElementwise => true;

    internal override Bounds? ToBounds() => new Bounds(Min, Max);

    internal override Activation? ToActivation() => Activation.Clip(Min, Max);

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(float.IsFinite(Min) && float.IsFinite(Max) && Min < Max,
            Invariant($"clips from {Min} to {Max}; two finite bounds, the lower first, were expected"));
        return inputs[0];
    }
}
