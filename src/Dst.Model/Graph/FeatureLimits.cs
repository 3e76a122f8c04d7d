using Dst.Kernels;

namespace Dst.Graph;

/// <summary>How large features may be.</summary>
internal static class FeatureLimits
{
    /// <summary>Most channels of a map of more than one pixel.</summary>
    public const int MaxChannels = 1 << 16;

    /// <summary>Most pixels along one side.</summary>
    public const int MaxExtent = 1 << 14;

    /// <summary>Channels in memory: whole blocks of 16.</summary>
    public static long Padded(int channels) => Layout.RoundUp((long)channels, Layout.Block);

    /// <summary>Refuses a shape that is too small or too large.</summary>
    /// <exception cref="InputException">The shape is not legal.</exception>
    public static void Check(NodeLocation node, FeatureShape shape)
    {
        var hasChannels = shape.Channels is >= 1 and <= MaxChannels || shape is { Height: 1, Width: 1, Channels: >= 1 };
        node.Expect(
            hasChannels && shape.Height is >= 1 and <= MaxExtent && shape.Width is >= 1 and <= MaxExtent,
            $"has the shape {shape}; expected 1 to {MaxChannels} channels and 1 to {MaxExtent} pixels a side");
        node.Expect(
            Padded(shape.Channels) * shape.Height * shape.Width <= int.MaxValue,
            $"has the shape {shape}, which is too large; expected at most {int.MaxValue} values in whole blocks of 16 channels");
    }
}
