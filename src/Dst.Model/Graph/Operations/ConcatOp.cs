namespace Dst.Graph;

/// <summary>Joins its inputs along the channels.</summary>
public sealed record ConcatOp : Operation
{
    internal override bool TakesReluInTraining => true;

    internal override ByteForm OnBytes(FeatureShape input) => ByteForm.Rescales;

    internal override bool TakesInputs(int count) => count >= 1;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        var x = inputs[0];
        foreach (var other in inputs)
            node.Expect(other with { Channels = x.Channels } == x, $"joins {x} and {other}; equal heights and widths were expected");
        var channels = inputs.Sum(input => (long)input.Channels);
        node.Expect(channels <= int.MaxValue, $"joins {channels} channels, which is too many");
        return x with { Channels = (int)channels };
    }
}
