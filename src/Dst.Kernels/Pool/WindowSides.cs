namespace Dst.Kernels;

/// <summary>Rows and columns by which windows reach beyond the four sides of a map.</summary>
/// <param name="Top">Rows above.</param>
/// <param name="Left">Columns on the left.</param>
/// <param name="Bottom">Rows below.</param>
/// <param name="Right">Columns on the right.</param>
public readonly record struct WindowSides(int Top, int Left, int Bottom, int Right)
{
    /// <summary>Whether all sides are equal.</summary>
    public bool IsEqual => Top == Left && Top == Bottom && Top == Right;

    /// <summary>The same on all sides.</summary>
    public static WindowSides Equal(int side) => new(side, side, side, side);

    /// <inheritdoc/>
    public override string ToString() => Invariant($"[{Top}, {Left}, {Bottom}, {Right}]");
}
