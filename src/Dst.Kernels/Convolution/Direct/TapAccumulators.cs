using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Sums of a few taps × 16 filters of a weight gradient, of one block of filters or of two, held in registers with the taps' offsets
/// while the pixels go by. Of two blocks, <c>next</c> is how many floats the second is behind the first.
/// </summary>
internal unsafe interface ITapAccumulators<T> where T : unmanaged, ILanes<T>
{
    /// <summary>Number of taps.</summary>
    static abstract int Count { get; }

    /// <summary>Reads the sums [taps][16] and the offsets of the taps.</summary>
    void Load(float* sums, nint next, int* offsets);

    /// <summary>Adds each tap's scalar beside <paramref name="pixel"/> × the gradient of the pixel's filters.</summary>
    void MultiplyAdd(float* pixel, float* gradient, nint next);

    /// <summary>Writes the sums.</summary>
    void Store(float* sums, nint next);
}

/// <summary>The lists of taps of weight gradients, cut into runs that any <see cref="ITapAccumulators{T}"/> divides.</summary>
internal static class TapRuns
{
    /// <summary>Taps of a run: the most of an <see cref="ITapAccumulators{T}"/>.</summary>
    public const int Length = 8;

    /// <summary>The runs of a list. Copies of its last tap fill up the last run; their sums are never read.</summary>
    public static IEnumerable<TTap[]> Of<TTap>(IEnumerable<TTap> taps) =>
        taps.Chunk(Length).Select(run => (TTap[])[.. run, .. Enumerable.Repeat(run[^1], Length - run.Length)]);

    /// <summary>How many taps at the beginning of two lists are the same, in whole runs.</summary>
    public static int Common(ReadOnlySpan<int> one, ReadOnlySpan<int> other)
    {
        var common = one.CommonPrefixLength(other);
        return common - common % Length;
    }
}

/// <summary>Where the scalars of four taps are.</summary>
internal readonly unsafe struct FourOffsets(int* offsets)
{
    public readonly nint A = offsets[0];
    public readonly nint B = offsets[1];
    public readonly nint C = offsets[2];
    public readonly nint D = offsets[3];
}

/// <summary>Four taps of one block.</summary>
internal unsafe struct FourTaps<T> : ITapAccumulators<T> where T : unmanaged, ILanes<T>
{
    private FourOffsets _offsets;
    private T _a;
    private T _b;
    private T _c;
    private T _d;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* sums, nint next, int* offsets)
    {
        _offsets = new(offsets);
        _a = T.Load(sums);
        _b = T.Load(sums + Layout.Block);
        _c = T.Load(sums + 2 * Layout.Block);
        _d = T.Load(sums + 3 * Layout.Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* pixel, float* gradient, nint next)
    {
        var ofFilters = T.Load(gradient);
        _a = T.MultiplyAdd(pixel + _offsets.A, ofFilters, _a);
        _b = T.MultiplyAdd(pixel + _offsets.B, ofFilters, _b);
        _c = T.MultiplyAdd(pixel + _offsets.C, ofFilters, _c);
        _d = T.MultiplyAdd(pixel + _offsets.D, ofFilters, _d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* sums, nint next)
    {
        T.Store(sums, _a);
        T.Store(sums + Layout.Block, _b);
        T.Store(sums + 2 * Layout.Block, _c);
        T.Store(sums + 3 * Layout.Block, _d);
    }
}

/// <summary>Four taps of two blocks, which share the loads of the scalars.</summary>
internal unsafe struct FourTapPairs<T> : ITapAccumulators<T> where T : unmanaged, ILanes<T>
{
    private FourOffsets _offsets;
    private T _a;
    private T _b;
    private T _c;
    private T _d;
    private T _nextA;
    private T _nextB;
    private T _nextC;
    private T _nextD;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* sums, nint next, int* offsets)
    {
        _offsets = new(offsets);
        _a = T.Load(sums);
        _b = T.Load(sums + Layout.Block);
        _c = T.Load(sums + 2 * Layout.Block);
        _d = T.Load(sums + 3 * Layout.Block);
        sums += next;
        _nextA = T.Load(sums);
        _nextB = T.Load(sums + Layout.Block);
        _nextC = T.Load(sums + 2 * Layout.Block);
        _nextD = T.Load(sums + 3 * Layout.Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* pixel, float* gradient, nint next)
    {
        T ofFirst = T.Load(gradient), ofSecond = T.Load(gradient + next);
        var scalar = T.Broadcast(pixel[_offsets.A]);
        _a = T.MultiplyAdd(scalar, ofFirst, _a);
        _nextA = T.MultiplyAdd(scalar, ofSecond, _nextA);
        scalar = T.Broadcast(pixel[_offsets.B]);
        _b = T.MultiplyAdd(scalar, ofFirst, _b);
        _nextB = T.MultiplyAdd(scalar, ofSecond, _nextB);
        scalar = T.Broadcast(pixel[_offsets.C]);
        _c = T.MultiplyAdd(scalar, ofFirst, _c);
        _nextC = T.MultiplyAdd(scalar, ofSecond, _nextC);
        scalar = T.Broadcast(pixel[_offsets.D]);
        _d = T.MultiplyAdd(scalar, ofFirst, _d);
        _nextD = T.MultiplyAdd(scalar, ofSecond, _nextD);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* sums, nint next)
    {
        T.Store(sums, _a);
        T.Store(sums + Layout.Block, _b);
        T.Store(sums + 2 * Layout.Block, _c);
        T.Store(sums + 3 * Layout.Block, _d);
        sums += next;
        T.Store(sums, _nextA);
        T.Store(sums + Layout.Block, _nextB);
        T.Store(sums + 2 * Layout.Block, _nextC);
        T.Store(sums + 3 * Layout.Block, _nextD);
    }
}

/// <summary>Some taps, and as many more. The JIT loads a gradient once for both.</summary>
internal unsafe struct TwiceTaps<T, TTaps> : ITapAccumulators<T>
    where T : unmanaged, ILanes<T>
    where TTaps : unmanaged, ITapAccumulators<T>
{
    private TTaps _left;
    private TTaps _right;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2 * TTaps.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Load(float* sums, nint next, int* offsets)
    {
        _left = default;
        _right = default;
        _left.Load(sums, next, offsets);
        _right.Load(sums + TTaps.Count * Layout.Block, next, offsets + TTaps.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* pixel, float* gradient, nint next)
    {
        _left.MultiplyAdd(pixel, gradient, next);
        _right.MultiplyAdd(pixel, gradient, next);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* sums, nint next)
    {
        _left.Store(sums, next);
        _right.Store(sums + TTaps.Count * Layout.Block, next);
    }
}
