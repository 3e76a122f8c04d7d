using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Products of some filters, [position][filter][tile], and a cache line between positions.</summary>
/// <param name="first">The first one.</param>
/// <param name="filters">Number of filters.</param>
/// <param name="tiles">Tiles, in whole vectors.</param>
internal readonly unsafe struct TileProducts(float* first, int filters, int tiles)
{
    public readonly float* First = first;
    public readonly int Filters = filters;
    public readonly int Tiles = tiles;

    /// <summary>Floats from one position to the next.</summary>
    public readonly nint Pitch = PitchOf(filters, tiles);

    /// <summary>Floats from one position to the next.</summary>
    public static int PitchOf(int filters, int tiles) => filters * tiles + Layout.Block;
}

/// <summary>Where the planes of filters lie.</summary>
/// <param name="first">The first tile of the first plane.</param>
/// <param name="filterPitch">Floats from one filter to the next.</param>
/// <param name="planePitch">From one plane of a filter to the next.</param>
internal readonly unsafe struct PlanePlace(float* first, nint filterPitch, nint planePitch)
{
    public readonly float* First = first;
    public readonly nint FilterPitch = filterPitch;
    public readonly nint PlanePitch = planePitch;

    /// <summary>From a filter and a tile on; no place stays none.</summary>
    public PlanePlace From(int filter, int tile) =>
        First == null ? this : new(First + filter * FilterPitch + tile, FilterPitch, PlanePitch);
}

/// <summary>What follows the outputs of some filters.</summary>
/// <param name="bias">Of each filter.</param>
/// <param name="bounds">Of the outputs.</param>
internal readonly unsafe struct TileEnding(float* bias, Bounds bounds)
{
    public readonly float* Bias = bias;
    public readonly Bounds Bounds = bounds;

    /// <summary>From a filter on.</summary>
    public TileEnding From(int filter) => new(Bias + filter, Bounds);
}

/// <summary>What is added to outputs, a type so that the JIT leaves out what is not.</summary>
internal unsafe interface ITileSum<T>
{
    /// <summary>A vector, and what is added to it if anything is.</summary>
    static abstract T Add(T value, float* added);
}

/// <summary>Nothing is added.</summary>
internal readonly unsafe struct NoTileSum<T> : ITileSum<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add(T value, float* added) => value;
}

/// <summary>A residual is added.</summary>
internal readonly unsafe struct ResidualTileSum<T> : ITileSum<T> where T : unmanaged, IVector<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Add(T value, float* added) => T.Add(value, T.Load(added));
}
