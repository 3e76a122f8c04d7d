using Dst.Kernels;

namespace Dst.Graph;

/// <summary>Channels, height and width of one image's features.</summary>
/// <param name="Channels">Channels C.</param>
/// <param name="Height">Rows H.</param>
/// <param name="Width">Columns W.</param>
public readonly record struct FeatureShape(int Channels, int Height, int Width)
{
    /// <summary>Number of elements.</summary>
    public long Count => (long)Channels * Height * Width;

    /// <summary>Pixels of a channel.</summary>
    internal int Pixels => Height * Width;

    /// <summary>Floats that they take in blocked layout.</summary>
    internal long BlockedLength => Layout.ImageLength(Channels, Pixels);

    /// <summary>The window that is the whole map.</summary>
    public WindowShape WholeMap() => WindowShape.WholeMap(Channels, Height, Width);

    /// <summary>The shape as kernels take it.</summary>
    internal MapShape ToMap() => new(Channels, Height, Width);

    /// <inheritdoc/>
    public override string ToString() => Invariant($"{Channels}x{Height}x{Width}");
}
