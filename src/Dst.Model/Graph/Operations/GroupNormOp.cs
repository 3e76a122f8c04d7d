using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Graph;

/// <summary>
/// Group normalisation of each image: weight[c]·(x − mean) / √(variance + Epsilon) + bias[c], mean and variance over all pixels of a group
/// of neighbouring channels (Wu and He, 2018). Parameters: <c>.weight</c> and <c>.bias</c>, both [C].
/// </summary>
/// <param name="Groups">
/// Groups, which divide the channels. As many groups as channels are instance normalisation (Ulyanov, Vedaldi and Lempitsky, 2016), one is
/// layer normalisation over [C, H, W].
/// </param>
/// <param name="Epsilon">Above 0.</param>
public sealed record GroupNormOp(int Groups, float Epsilon = 1e-5f) : Operation
{
    /// <summary>Its kernel.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="input">Shape of its input.</param>
    public GroupNorm ToKernel(SimdTier tier, FeatureShape input) => new(tier, input.Channels, input.Pixels, Groups, Epsilon);

    internal override bool TakesRelu => true;

    /// <summary>The sums over all channels, or over each alone, do not depend on their order.</summary>
    internal override ChannelOrder OrderOfChannels(FeatureShape input) =>
        Groups == 1 || Groups == input.Channels ? ChannelOrder.Kept : ChannelOrder.Fixed;

    internal override Operation? OnChannels(int count, FeatureShape input) =>
        Groups == input.Channels ? this with { Groups = count } : null;

    internal override IEnumerable<OperationParameter> Parameters(FeatureShape input) =>
        [new("weight", ParameterRole.Scale, input.Channels), new("bias", ParameterRole.Shift, input.Channels)];

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(
            Groups >= 1 && inputs[0].Channels % Groups == 0,
            Invariant($"normalises {inputs[0].Channels} channels in {Groups} groups; a number of groups that divides them was expected"));
        node.Expect(Epsilon > 0 && float.IsFinite(Epsilon), Invariant($"has the epsilon {Epsilon}; a finite one above 0 was expected"));
        return inputs[0];
    }
}
