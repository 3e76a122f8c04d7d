namespace Dst.Graph;

/// <summary>In training zeroes each element with probability <c>Rate</c> and scales the rest by 1/(1−Rate); identity otherwise.</summary>
public sealed record DropoutOp(float Rate) : Operation
{
    internal override bool IsElementwise => true;

    internal override bool IsIdentityInInference => true;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(Rate is >= 0 and < 1, Invariant($"has the rate {Rate}; expected 0 up to but not including 1"));
        return inputs[0];
    }
}
