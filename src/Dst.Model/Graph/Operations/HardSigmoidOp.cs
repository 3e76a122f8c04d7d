using Dst.Kernels;

namespace Dst.Graph;

/// <summary>max(0, min(1, Alpha·x + Beta)), as in ONNX; PyTorch's <c>Alpha</c> is 1/6.</summary>
public sealed record HardSigmoidOp(float Alpha = 0.2f, float Beta = 0.5f) : Operation
{
    internal override bool IsElementwise => true;

    internal override OutputKind Outputs => OutputKind.None;

    internal override Activation? ToActivation() => Activation.HardSigmoid(Alpha, Beta);

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(
            float.IsFinite(Alpha) && float.IsFinite(Beta), Invariant($"has alpha {Alpha} and beta {Beta}; finite values were expected"));
        return inputs[0];
    }
}
