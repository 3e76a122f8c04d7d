namespace Dst.Graph;

/// <summary>Sum of two inputs of equal shape.</summary>
public sealed record AddOp : Operation
{
    internal override bool IsElementwise => true;

    internal override bool IsSum => true;

    internal override bool TakesRelu => true;

    internal override bool TakesReluInTraining => true;

    internal override ByteForm OnBytes(FeatureShape input) => ByteForm.Rescales;

    internal override bool TakesInputs(int count) => count == 2;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(inputs[1] == inputs[0], $"adds {inputs[0]} and {inputs[1]}; equal shapes were expected");
        return inputs[0];
    }
}
