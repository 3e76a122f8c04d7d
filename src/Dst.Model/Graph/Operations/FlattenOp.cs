namespace Dst.Graph;

/// <summary>[C, H, W] to [C·H·W, 1, 1], in NCHW order.</summary>
public sealed record FlattenOp : Operation
{
    internal override ChannelOrder OrderOfChannels(FeatureShape input) =>
        input is { Height: 1, Width: 1 } ? ChannelOrder.Kept : ChannelOrder.Fixed;

    internal override ByteForm OnBytes(FeatureShape input) => ByteForm.Moves;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(inputs[0].Count <= int.MaxValue, $"flattens {inputs[0]}, which is too large");
        return new((int)inputs[0].Count, 1, 1);
    }
}
