namespace Dst.Graph;

/// <summary>Product of two inputs of equal shape, or of [C, H, W] and [C, 1, 1], which holds one factor for each channel.</summary>
public sealed record MulOp : Operation
{
    internal override bool IsElementwise => true;

    internal override bool TakesReluInTraining => true;

    internal override bool TakesInputs(int count) => count == 2;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        var (x, factors) = (inputs[0], inputs[1]);
        node.Expect(factors == x || factors == new FeatureShape(x.Channels, 1, 1),
            $"multiplies {x} by {factors}; equal shapes, or {x.Channels}x1x1 as the second, were expected");
        return x;
    }
}
