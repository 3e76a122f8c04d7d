using Dst.Kernels;

namespace Dst.Graph;

/// <summary>x where x &gt; 0, else Slope·x.</summary>
public sealed record LeakyReluOp(float Slope = 0.01f) : Operation
{
    internal override bool IsElementwise => true;

    internal override Activation? ToActivation() => Activation.LeakyRelu(Slope);

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(float.IsFinite(Slope), Invariant($"has the slope {Slope}; a finite one was expected"));
        return inputs[0];
    }
}
