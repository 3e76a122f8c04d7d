namespace Dst.Graph;

/// <summary>
/// Fully connected layer on [F, 1, 1]. Parameters: <c>.weight</c> [OutFeatures, InFeatures] and, if <c>Bias</c>, <c>.bias</c>.
/// </summary>
/// <param name="OutFeatures">Length of the output, at least 1.</param>
/// <param name="Bias">Whether a number is added to each output.</param>
public sealed record LinearOp(int OutFeatures, bool Bias = true) : Operation
{
    internal override bool IsWeighted => true;

    internal override ChannelOrder OrderOfChannels(FeatureShape input) => ChannelOrder.Summed;

    internal override Operation WithBias() => this with { Bias = true };

    internal override ByteForm OnBytes(FeatureShape input) => ByteForm.Rescales;

    internal override IEnumerable<OperationParameter> Parameters(FeatureShape input)
    {
        yield return new("weight", ParameterRole.Weight, OutFeatures, input.Channels);
        if (Bias) yield return new("bias", ParameterRole.Bias, OutFeatures);
    }

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(inputs[0] is { Height: 1, Width: 1 }, $"is linear but its input is {inputs[0]}; flatten or pool it to 1x1 first");
        node.Expect(OutFeatures >= 1, Invariant($"has {OutFeatures} output features; at least 1 was expected"));
        return new(OutFeatures, 1, 1);
    }
}
