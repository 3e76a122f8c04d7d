namespace Dst.Kernels;

/// <summary>A run of rows of Winograd tiles.</summary>
/// <param name="First">First row, counted from the top of the first image and on through the images that follow.</param>
/// <param name="Place">
/// Where the first row is in the transform domain. All rows there have the same First − Place, or one that differs by whole images.
/// </param>
/// <param name="Count">Number of rows.</param>
public readonly record struct TileRows(int First, int Place, int Count);
