using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The sums of one tile of each of four neighbouring rows, in one dimension. An input meets the three rows of a kernel in three rows of
/// sums: it is loaded once for them.
/// </summary>
internal unsafe struct FourRows<T> where T : unmanaged, ILanes<T>
{
    /// <summary>Rows of a kernel.</summary>
    public const int KernelRows = 3;

    /// <summary>Rows of sums.</summary>
    public const int Count = 4;

    private T _a;
    private T _b;
    private T _c;
    private T _d;

    /// <summary>Adds the products of a channel.</summary>
    /// <param name="scalars">The channel's scalar in the first of six rows of inputs.</param>
    /// <param name="pitch">From one row to the next.</param>
    /// <param name="first">Weights of 16 filters, of the first row of their kernels.</param>
    /// <param name="second">Of the second.</param>
    /// <param name="third">Of the third.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, nint pitch, T first, T second, T third)
    {
        _a = T.MultiplyAdd(scalars, first, _a);
        var x = T.Broadcast(scalars[pitch]);
        _a = T.MultiplyAdd(x, second, _a);
        _b = T.MultiplyAdd(x, first, _b);
        x = T.Broadcast(scalars[2 * pitch]);
        _a = T.MultiplyAdd(x, third, _a);
        _b = T.MultiplyAdd(x, second, _b);
        _c = T.MultiplyAdd(x, first, _c);
        x = T.Broadcast(scalars[3 * pitch]);
        _b = T.MultiplyAdd(x, third, _b);
        _c = T.MultiplyAdd(x, second, _c);
        _d = T.MultiplyAdd(x, first, _d);
        x = T.Broadcast(scalars[4 * pitch]);
        _c = T.MultiplyAdd(x, third, _c);
        _d = T.MultiplyAdd(x, second, _d);
        _d = T.MultiplyAdd(scalars + 5 * pitch, third, _d);
    }

    /// <summary>Writes the sums, <paramref name="pitch"/> floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch)
    {
        T.Store(destination, _a);
        T.Store(destination + pitch, _b);
        T.Store(destination + 2 * pitch, _c);
        T.Store(destination + 3 * pitch, _d);
    }
}
