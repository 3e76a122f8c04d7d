namespace Dst.Graph;

/// <summary>Softmax over the channels of [C, 1, 1].</summary>
public sealed record SoftmaxOp : Operation
{
    internal override OutputKind Outputs => OutputKind.Probabilities;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(inputs[0] is { Height: 1, Width: 1 }, $"is a softmax but its input is {inputs[0]}; a 1x1 map was expected");
        return inputs[0];
    }
}
