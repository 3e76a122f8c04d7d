using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>One dimension of a Winograd transform: <see cref="In"/> vectors of sixteen lanes to <see cref="Out"/> of them.</summary>
internal unsafe interface IWinogradTransform<T> where T : unmanaged, ILanes<T>
{
    /// <summary>Vectors read.</summary>
    static abstract int In { get; }

    /// <summary>Vectors written.</summary>
    static abstract int Out { get; }

    /// <summary>Transforms one row or column; pitches are in floats.</summary>
    static abstract void Apply(float* source, nint sourcePitch, float* destination, nint pitch);
}

/// <summary>A square of vectors of sixteen lanes in memory; pitches are in floats.</summary>
internal readonly unsafe struct VectorSquare(float* start, nint rowPitch, nint columnPitch)
{
    public readonly float* Start = start;
    public readonly nint RowPitch = rowPitch;
    public readonly nint ColumnPitch = columnPitch;
}

/// <summary>Both dimensions of a Winograd transform.</summary>
internal static unsafe class SquareTransform
{
    /// <summary>Vectors along a side of the largest square.</summary>
    public const int LargestSide = 9;

    /// <summary>Vectors of the largest row, in one dimension.</summary>
    public const int LargestRow = 10;

    /// <summary>Vectors of the largest tile.</summary>
    public const int LargestTile = LargestSide * LargestSide;

    /// <summary>destination = M · source · Mᵀ, where <typeparamref name="TTransform"/> multiplies by M.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply<T, TTransform>(VectorSquare source, VectorSquare destination)
        where T : unmanaged, ILanes<T>
        where TTransform : IWinogradTransform<T>
    {
        var half = stackalloc float[LargestTile * Layout.Block];
        for (var column = 0; column < TTransform.In; column++)
            TTransform.Apply(
                source.Start + column * source.ColumnPitch, source.RowPitch, half + column * Layout.Block, TTransform.In * Layout.Block);
        for (var row = 0; row < TTransform.Out; row++)
            TTransform.Apply(
                half + row * TTransform.In * Layout.Block, Layout.Block,
                destination.Start + row * destination.RowPitch, destination.ColumnPitch);
    }
}
