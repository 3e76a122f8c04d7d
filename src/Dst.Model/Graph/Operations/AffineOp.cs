namespace Dst.Graph;

/// <summary>weight[c]·x + bias[c]. Parameters: <c>.weight</c> and <c>.bias</c>, both [C].</summary>
public sealed record AffineOp : Operation
{
    internal override bool IsElementwise => true;

    internal override bool ScalesChannels => true;

    internal override IEnumerable<OperationParameter> Parameters(FeatureShape input) =>
        [new("weight", ParameterRole.Scale, input.Channels), new("bias", ParameterRole.Shift, input.Channels)];

    internal override (float[] Scale, float[] Shift) FoldChannels(Func<string, float[]> parameter) =>
        ([.. parameter("weight")], [.. parameter("bias")]);
}
