namespace Dst.Graph;

/// <summary>Maximum over the whole map: [C, H, W] to [C, 1, 1].</summary>
public sealed record GlobalMaxPoolOp : Operation
{
    internal override ChannelOrder OrderOfChannels(FeatureShape input) => ChannelOrder.Kept;

    internal override ByteForm OnBytes(FeatureShape input) => ByteForm.Moves;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node) => new(inputs[0].Channels, 1, 1);
}
