using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// A map of <c>Scale</c> times the rows and columns: each value repeated (nearest neighbour), or with <c>Bilinear</c> a mean of the four
/// values around it, as PyTorch's <c>upsample</c> gives without <c>align_corners</c>.
/// </summary>
public sealed record UpsampleOp(int Scale, bool Bilinear = false) : Operation
{
    private const int MaxScale = 64;

    /// <summary>What computes it for features of the shape <paramref name="input"/>.</summary>
    public Resampling ToKernel(FeatureShape input) => Resampling.Enlarge(input.ToMap(), Scale, Bilinear);

    internal override ChannelOrder OrderOfChannels(FeatureShape input) => ChannelOrder.Kept;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(Scale is >= 2 and <= MaxScale, Invariant($"has the scale {Scale}; 2 to {MaxScale} was expected"));
        return new(inputs[0].Channels, inputs[0].Height * Scale, inputs[0].Width * Scale);
    }
}
