using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// y = Aᵀ M A and what follows it, for whole tiles of F(4×4, 3×3) that stay in registers all the way. Sums are those of the transforms of
/// columns and rows in memory, in the same order.
/// </summary>
internal static unsafe class OutputTiles<T> where T : unmanaged, ILanes<T>
{
    private const int Side = 4;
    private const int Points = 6;

    /// <summary>Whether the registers hold the transformed columns of a tile.</summary>
    public static bool AreInRegisters => T.Accumulators >= Side * Points;

    /// <summary>Some neighbouring tiles.</summary>
    /// <param name="count">How many.</param>
    /// <param name="m">First position of the first tile.</param>
    /// <param name="pitch">Floats from one position to the next.</param>
    /// <param name="epilogue">What follows, of the first pixel on.</param>
    /// <param name="y">First pixel of the first tile.</param>
    /// <param name="rowPitch">Floats from one row of pixels to the next.</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(int count, float* m, nint pitch, Epilogue epilogue, float* y, nint rowPitch)
    {
        T bias = epilogue.Bias == null ? T.Zero : T.Load(epilogue.Bias);
        T least = T.Broadcast(epilogue.Bounds.Least), most = T.Broadcast(epilogue.Bounds.Most);
        // Without a residual zeros are added: with a branch the method is too large for the JIT to inline all of it.
        var zeros = stackalloc float[Side * Layout.Block];
        for (var c = 0; c < Side; c++) T.Store(zeros + c * Layout.Block, T.Zero);
        var added = epilogue.Residual == null ? zeros : epilogue.Residual;
        var (addedPitch, addedStep) = epilogue.Residual == null ? ((nint)0, 0) : (rowPitch, Side * Layout.Block);
        for (; count > 0; count--, m += Layout.Block, y += Side * Layout.Block)
        {
            Column(m, Points * pitch, out var a0, out var a1, out var a2, out var a3);
            Column(m + pitch, Points * pitch, out var b0, out var b1, out var b2, out var b3);
            Column(m + 2 * pitch, Points * pitch, out var c0, out var c1, out var c2, out var c3);
            Column(m + 3 * pitch, Points * pitch, out var d0, out var d1, out var d2, out var d3);
            Column(m + 4 * pitch, Points * pitch, out var e0, out var e1, out var e2, out var e3);
            Column(m + 5 * pitch, Points * pitch, out var f0, out var f1, out var f2, out var f3);
            Row(a0, b0, c0, d0, e0, f0, bias, least, most, added, y);
            Row(a1, b1, c1, d1, e1, f1, bias, least, most, added + addedPitch, y + rowPitch);
            Row(a2, b2, c2, d2, e2, f2, bias, least, most, added + 2 * addedPitch, y + 2 * rowPitch);
            Row(a3, b3, c3, d3, e3, f3, bias, least, most, added + 3 * addedPitch, y + 3 * rowPitch);
            added += addedStep;
        }
    }

    /// <summary>Some neighbouring tiles, of which the maxima over 2×2 pixels are kept.</summary>
    /// <param name="count">How many.</param>
    /// <param name="m">First position of the first tile.</param>
    /// <param name="pitch">Floats from one position to the next.</param>
    /// <param name="epilogue">What follows, with a bias and without a residual.</param>
    /// <param name="y">First maximum of the first tile.</param>
    /// <param name="rowPitch">Floats from one row of maxima to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunPooled(int count, float* m, nint pitch, Epilogue epilogue, float* y, nint rowPitch)
    {
        T bias = T.Load(epilogue.Bias), least = T.Broadcast(epilogue.Bounds.Least), most = T.Broadcast(epilogue.Bounds.Most);
        for (; count > 0; count--, m += Layout.Block, y += Side / 2 * Layout.Block)
        {
            Column(m, Points * pitch, out var a0, out var a1, out var a2, out var a3);
            Column(m + pitch, Points * pitch, out var b0, out var b1, out var b2, out var b3);
            Column(m + 2 * pitch, Points * pitch, out var c0, out var c1, out var c2, out var c3);
            Column(m + 3 * pitch, Points * pitch, out var d0, out var d1, out var d2, out var d3);
            Column(m + 4 * pitch, Points * pitch, out var e0, out var e1, out var e2, out var e3);
            Column(m + 5 * pitch, Points * pitch, out var f0, out var f1, out var f2, out var f3);
            Maxima(a0, b0, c0, d0, e0, f0, out var upper0, out var upper1);
            Maxima(a1, b1, c1, d1, e1, f1, out var lower0, out var lower1);
            T.Store(y, T.Clip(T.Add(T.Max(upper0, lower0), bias), least, most));
            T.Store(y + Layout.Block, T.Clip(T.Add(T.Max(upper1, lower1), bias), least, most));
            Maxima(a2, b2, c2, d2, e2, f2, out upper0, out upper1);
            Maxima(a3, b3, c3, d3, e3, f3, out lower0, out lower1);
            T.Store(y + rowPitch, T.Clip(T.Add(T.Max(upper0, lower0), bias), least, most));
            T.Store(y + rowPitch + Layout.Block, T.Clip(T.Add(T.Max(upper1, lower1), bias), least, most));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Column(float* m, nint pitch, out T y0, out T y1, out T y2, out T y3) =>
        Points6<T>.Outputs(
            T.Load(m), T.Load(m + pitch), T.Load(m + 2 * pitch), T.Load(m + 3 * pitch), T.Load(m + 4 * pitch), T.Load(m + 5 * pitch),
            out y0, out y1, out y2, out y3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Row(T m0, T m1, T m2, T m3, T m4, T m5, T bias, T least, T most, float* added, float* y)
    {
        Points6<T>.Outputs(m0, m1, m2, m3, m4, m5, out var y0, out var y1, out var y2, out var y3);
        T.Store(y, T.Clip(T.Add(T.Add(y0, bias), T.Load(added)), least, most));
        T.Store(y + Layout.Block, T.Clip(T.Add(T.Add(y1, bias), T.Load(added + Layout.Block)), least, most));
        T.Store(y + 2 * Layout.Block, T.Clip(T.Add(T.Add(y2, bias), T.Load(added + 2 * Layout.Block)), least, most));
        T.Store(y + 3 * Layout.Block, T.Clip(T.Add(T.Add(y3, bias), T.Load(added + 3 * Layout.Block)), least, most));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Maxima(T m0, T m1, T m2, T m3, T m4, T m5, out T left, out T right)
    {
        Points6<T>.Outputs(m0, m1, m2, m3, m4, m5, out var y0, out var y1, out var y2, out var y3);
        left = T.Max(y0, y1);
        right = T.Max(y2, y3);
    }
}
