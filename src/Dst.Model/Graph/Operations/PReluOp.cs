namespace Dst.Graph;

/// <summary>x where x &gt; 0, else weight[c]·x. Parameter: <c>.weight</c> [C].</summary>
public sealed record PReluOp : Operation
{
    internal override bool IsElementwise => true;

    internal override IEnumerable<OperationParameter> Parameters(FeatureShape input) =>
        [new("weight", ParameterRole.Slope, input.Channels)];
}
