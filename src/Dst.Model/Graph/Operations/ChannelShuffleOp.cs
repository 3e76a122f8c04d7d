using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// Channel shuffle: channels [Groups, C / Groups] are transposed, so that channel g·(C / Groups) + i becomes i·Groups + g
/// (Zhang, Zhou, Lin, Sun, "ShuffleNet", CVPR 2018).
/// </summary>
public sealed record ChannelShuffleOp(int Groups) : Operation
{
    internal override Rearrangement? ToRearrangement(FeatureShape input) =>
        Rearrangement.ShuffleChannels(input.ToMap(), Groups);

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(Groups >= 1 && inputs[0].Channels % Groups == 0,
            Invariant($"shuffles {Groups} groups, which must divide its {inputs[0].Channels} channels"));
        return inputs[0];
    }
}
