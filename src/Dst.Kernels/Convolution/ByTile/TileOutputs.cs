using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dst.Kernels;

/// <summary>Products of some filters, [position][filter][tile], and a cache line between positions.</summary>
/// <param name="first">The first one.</param>
/// <param name="filters">Number of filters.</param>
/// <param name="vectors">Vectors of tiles.</param>
internal readonly unsafe struct TileProducts(float* first, int filters, int vectors)
{
    public readonly float* First = first;
    public readonly int Filters = filters;
    public readonly int Vectors = vectors;

    /// <summary>Floats from one position to the next.</summary>
    public readonly nint Pitch = PitchOf(filters, vectors);

    /// <summary>Floats from one position to the next.</summary>
    public static int PitchOf(int filters, int vectors) => (filters * vectors + 1) * Layout.Block;
}

/// <summary>Where the planes of filters lie.</summary>
/// <param name="first">The first vector of the first plane.</param>
/// <param name="vectorPitch">Floats from one vector of tiles to the next.</param>
/// <param name="filterPitch">From one filter to the next.</param>
/// <param name="planePitch">From one plane of a filter to the next.</param>
internal readonly unsafe struct PlanePlace(float* first, nint vectorPitch, nint filterPitch, nint planePitch)
{
    public readonly float* First = first;
    public readonly nint VectorPitch = vectorPitch;
    public readonly nint FilterPitch = filterPitch;
    public readonly nint PlanePitch = planePitch;

    /// <summary>From a filter and a vector on.</summary>
    public PlanePlace From(int filter, int vector) =>
        new(First + filter * FilterPitch + vector * VectorPitch, VectorPitch, FilterPitch, PlanePitch);
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

    /// <summary>As <see cref="Simd.Lanes512"/> clips.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Clip(Vector512<float> value, Vector512<float> least, Vector512<float> most) =>
        Vector512.MinNative(most, Vector512.MaxNative(least, value));
}

/// <summary>What is added to outputs, a type so that the JIT leaves out what is not.</summary>
internal unsafe interface ITileSum
{
    /// <summary>A vector, and what is added to it if anything is.</summary>
    static abstract Vector512<float> Add(Vector512<float> value, float* added);
}

/// <summary>Nothing is added.</summary>
internal readonly unsafe struct NoTileSum : ITileSum
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> value, float* added) => value;
}

/// <summary>A residual is added.</summary>
internal readonly unsafe struct ResidualTileSum : ITileSum
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Add(Vector512<float> value, float* added) => value + Vector512.Load(added);
}
