using Dst.Kernels;

namespace Dst.Graph;

/// <summary>x where x &gt; 0, else Alpha · (e^x − 1).</summary>
public sealed record EluOp(float Alpha = 1) : Operation
{
    internal override bool IsElementwise => true;

    internal override Activation? ToActivation() => Activation.Elu(Alpha);

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(float.IsFinite(Alpha), Invariant($"has the alpha {Alpha}; a finite one was expected"));
        return inputs[0];
    }
}
