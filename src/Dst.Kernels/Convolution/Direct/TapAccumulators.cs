using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Sums of a few taps × 16 filters of a weight gradient, held in registers with the taps' offsets while the pixels go by.
/// </summary>
internal unsafe interface ITapAccumulators<T> where T : unmanaged, ILanes<T>
{
    /// <summary>Number of taps.</summary>
    static abstract int Count { get; }

    /// <summary>Reads the sums [taps][16] and the offsets of the taps.</summary>
    void Load(float* sums, int* offsets);

    /// <summary>Adds each tap's scalar beside <paramref name="pixel"/> × the gradient of the pixel's 16 filters.</summary>
    void MultiplyAdd(float* pixel, T gradient);

    /// <summary>Writes the sums.</summary>
    void Store(float* sums);
}

/// <summary>The lists of taps of weight gradients, cut into runs that any <see cref="ITapAccumulators{T}"/> divides.</summary>
internal static class TapRuns
{
    /// <summary>Taps of a run: the most of an <see cref="ITapAccumulators{T}"/>.</summary>
    public const int Length = 8;

    /// <summary>The runs of a list. Copies of its last tap fill up the last run; their sums are never read.</summary>
    public static IEnumerable<TTap[]> Of<TTap>(IEnumerable<TTap> taps) =>
        taps.Chunk(Length).Select(run => (TTap[])[.. run, .. Enumerable.Repeat(run[^1], Length - run.Length)]);
}

/// <summary>Four taps.</summary>
internal unsafe struct FourTaps<T> : ITapAccumulators<T> where T : unmanaged, ILanes<T>
{
    private T _a;
    private T _b;
    private T _c;
    private T _d;
    private nint _offsetA;
    private nint _offsetB;
    private nint _offsetC;
    private nint _offsetD;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* sums, int* offsets)
    {
        _a = T.Load(sums);
        _b = T.Load(sums + Layout.Block);
        _c = T.Load(sums + 2 * Layout.Block);
        _d = T.Load(sums + 3 * Layout.Block);
        _offsetA = offsets[0];
        _offsetB = offsets[1];
        _offsetC = offsets[2];
        _offsetD = offsets[3];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* pixel, T gradient)
    {
        _a = T.MultiplyAdd(pixel + _offsetA, gradient, _a);
        _b = T.MultiplyAdd(pixel + _offsetB, gradient, _b);
        _c = T.MultiplyAdd(pixel + _offsetC, gradient, _c);
        _d = T.MultiplyAdd(pixel + _offsetD, gradient, _d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* sums)
    {
        T.Store(sums, _a);
        T.Store(sums + Layout.Block, _b);
        T.Store(sums + 2 * Layout.Block, _c);
        T.Store(sums + 3 * Layout.Block, _d);
    }
}

/// <summary>Eight taps.</summary>
internal unsafe struct EightTaps<T> : ITapAccumulators<T> where T : unmanaged, ILanes<T>
{
    private FourTaps<T> _left;
    private FourTaps<T> _right;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* sums, int* offsets)
    {
        _left = default;
        _right = default;
        _left.Load(sums, offsets);
        _right.Load(sums + FourTaps<T>.Count * Layout.Block, offsets + FourTaps<T>.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* pixel, T gradient)
    {
        _left.MultiplyAdd(pixel, gradient);
        _right.MultiplyAdd(pixel, gradient);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* sums)
    {
        _left.Store(sums);
        _right.Store(sums + FourTaps<T>.Count * Layout.Block);
    }
}
