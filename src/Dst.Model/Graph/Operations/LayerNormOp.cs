namespace Dst.Graph;

/// <summary>
/// Layer normalisation over the channels of each pixel: weight[c]·(x − mean) / √(variance + Epsilon) + bias[c]. Parameters:
/// <c>.weight</c> and <c>.bias</c>, both [C].
/// </summary>
public sealed record LayerNormOp(float Epsilon = 1e-6f) : Operation
{
    /// <summary>The sums over the channels do not depend on their order.</summary>
    internal override ChannelOrder OrderOfChannels(FeatureShape input) => ChannelOrder.Kept;

    internal override Operation? OnChannels(int count, FeatureShape input) => null;

    internal override IEnumerable<OperationParameter> Parameters(FeatureShape input) =>
        [new("weight", ParameterRole.Scale, input.Channels), new("bias", ParameterRole.Shift, input.Channels)];

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(Epsilon > 0 && float.IsFinite(Epsilon), Invariant($"has the epsilon {Epsilon}; a finite one above 0 was expected"));
        return inputs[0];
    }
}
