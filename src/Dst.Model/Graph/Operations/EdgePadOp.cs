using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// Adds rows and columns of the map's own values on the four sides: those at the edge (replication padding), or with <c>Reflects</c>
/// those as far behind the edge (reflection padding).
/// </summary>
/// <param name="Top">Rows above, 0 or more.</param>
/// <param name="Left">Columns on the left, 0 or more.</param>
/// <param name="Bottom">Rows below, 0 or more.</param>
/// <param name="Right">Columns on the right, 0 or more.</param>
/// <param name="Reflects">Whether the map is reflected at its edge pixels. Each side is then smaller than the map.</param>
public sealed record EdgePadOp(int Top, int Left, int Bottom, int Right, bool Reflects = false) : Operation
{
    /// <summary>What computes it for features of the shape <paramref name="input"/>.</summary>
    public Resampling ToKernel(FeatureShape input) => Resampling.Extend(input.ToMap(), Top, Left, Bottom, Right, Reflects);

    internal override ChannelOrder OrderOfChannels(FeatureShape input) => ChannelOrder.Kept;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        var x = inputs[0];
        var (rows, columns) = Reflects ? (x.Height - 1, x.Width - 1) : (FeatureLimits.MaxExtent, FeatureLimits.MaxExtent);
        node.Expect(
            Top >= 0 && Top <= rows && Bottom >= 0 && Bottom <= rows && Left >= 0 && Left <= columns && Right >= 0 && Right <= columns,
            (Reflects ? "reflects" : "repeats")
            + Invariant($" {Top}, {Left}, {Bottom} and {Right} pixels of a map of {x.Height}x{x.Width}; ")
            + $"0 to {rows} rows and 0 to {columns} columns a side were expected");
        return new(x.Channels, x.Height + Top + Bottom, x.Width + Left + Right);
    }
}
