using Dst.Kernels;

namespace Dst.Graph;

/// <summary>Adds rows and columns on the four sides, and channels before and after, all of <c>Value</c>.</summary>
/// <param name="Top">Rows above, 0 or more.</param>
/// <param name="Left">Columns on the left, 0 or more.</param>
/// <param name="Bottom">Rows below, 0 or more.</param>
/// <param name="Right">Columns on the right, 0 or more.</param>
/// <param name="ChannelsBefore">Channels before those of the input, 0 or more.</param>
/// <param name="ChannelsAfter">Channels after those of the input, 0 or more.</param>
/// <param name="Value">What the new elements are, finite.</param>
public sealed record PadOp(
    int Top, int Left, int Bottom, int Right, int ChannelsBefore = 0, int ChannelsAfter = 0, float Value = 0) : Operation
{
    private const int MaxChannels = FeatureLimits.MaxChannels;
    private const int MaxExtent = FeatureLimits.MaxExtent;

    internal override ChannelOrder OrderOfChannels(FeatureShape input) =>
        ChannelsBefore == 0 && ChannelsAfter == 0 ? ChannelOrder.Kept : ChannelOrder.Fixed;

    internal override Rearrangement? ToRearrangement(FeatureShape input) =>
        Rearrangement.Pad(input.ToMap(), Top, Left, Bottom, Right, ChannelsBefore, ChannelsAfter, Value);

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        var x = inputs[0];
        int[] sides = [Top, Left, Bottom, Right], channels = [ChannelsBefore, ChannelsAfter];
        node.Expect(
            Array.TrueForAll(sides, side => side is >= 0 and <= MaxExtent)
            && Array.TrueForAll(channels, count => count is >= 0 and <= MaxChannels),
            Invariant($"pads {Top}, {Left}, {Bottom} and {Right} pixels, {ChannelsBefore} and {ChannelsAfter} channels; ")
            + $"expected 0 to {MaxExtent} pixels a side and 0 to {MaxChannels} channels");
        node.Expect(float.IsFinite(Value), Invariant($"pads with {Value}; a finite value was expected"));
        node.Expect(x.Channels <= MaxChannels || ChannelsBefore + ChannelsAfter == 0,
            $"pads {x.Channels} channels with more; at most {MaxChannels} were expected");
        return new(x.Channels + ChannelsBefore + ChannelsAfter, x.Height + Top + Bottom, x.Width + Left + Right);
    }
}
