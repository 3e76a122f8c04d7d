using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>Transposes between blocked pixels and rows of channels, four by four.</summary>
internal static unsafe class Transpose
{
    private const int Side = Layout.Block;

    /// <summary>destination[c][p] = source[p][c] for <paramref name="rows"/> p and sixteen c.</summary>
    /// <param name="source">Rows of sixteen floats, <paramref name="sourcePitch"/> apart.</param>
    /// <param name="sourcePitch">Floats between rows of the source.</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="destination">Sixteen rows, <paramref name="destinationPitch"/> apart.</param>
    /// <param name="destinationPitch">Floats between rows of the destination.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SixteenColumns(float* source, nint sourcePitch, int rows, float* destination, nint destinationPitch)
    {
        var p = 0;
        for (; p + 4 <= rows; p += 4)
        {
            for (var c = 0; c < Side; c += 4)
                FourByFour(source + p * sourcePitch + c, sourcePitch, destination + c * destinationPitch + p, destinationPitch);
        }

        for (; p < rows; p++)
        {
            for (var c = 0; c < Side; c++) destination[c * destinationPitch + p] = source[p * sourcePitch + c];
        }
    }

    /// <summary>destination[p][f] = source[f][p] + bias[f] for <paramref name="pixels"/> p and sixteen f.</summary>
    /// <param name="source">Sixteen rows, <paramref name="sourcePitch"/> apart; up to three floats past the last pixel are read.</param>
    /// <param name="sourcePitch">Floats between rows of the source.</param>
    /// <param name="bias">Sixteen floats.</param>
    /// <param name="pixels">Pixels of a row.</param>
    /// <param name="destination">Pixels of sixteen floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SixteenRows(float* source, nint sourcePitch, float* bias, int pixels, float* destination)
    {
        for (var f = 0; f < Side; f += 4, source += 4 * sourcePitch)
        {
            var b = Vector128.Load(bias + f);
            for (var p = 0; p < pixels; p += 4)
            {
                var s = source + p;
                var d = destination + p * Side + f;
                FourByFour(
                    Vector128.Load(s), Vector128.Load(s + sourcePitch),
                    Vector128.Load(s + 2 * sourcePitch), Vector128.Load(s + 3 * sourcePitch),
                    out var r0, out var r1, out var r2, out var r3);
                (r0 + b).Store(d);
                if (p + 1 < pixels) (r1 + b).Store(d + Side);
                if (p + 2 < pixels) (r2 + b).Store(d + 2 * Side);
                if (p + 3 < pixels) (r3 + b).Store(d + 3 * Side);
            }
        }
    }

    /// <summary>destination[t][lane] = source[rows[lane] + t], for up to sixteen lanes.</summary>
    /// <param name="source">What rows are counted from.</param>
    /// <param name="rows">Where the row of each lane begins.</param>
    /// <param name="length">Floats of a row.</param>
    /// <param name="destination">[length][16]; lanes without a row are not written.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(float* source, ReadOnlySpan<int> rows, int length, float* destination)
    {
        var lane = 0;
        for (; lane + 4 <= rows.Length && length >= 4; lane += 4)
        {
            float* a = source + rows[lane], b = source + rows[lane + 1], c = source + rows[lane + 2], d = source + rows[lane + 3];
            for (var next = 0; next < length; next += 4)
            {
                var t = Math.Min(next, length - 4);
                var r = destination + t * Side + lane;
                FourByFour(
                    Vector128.Load(a + t), Vector128.Load(b + t), Vector128.Load(c + t), Vector128.Load(d + t),
                    out var r0, out var r1, out var r2, out var r3);
                r0.Store(r);
                r1.Store(r + Side);
                r2.Store(r + 2 * Side);
                r3.Store(r + 3 * Side);
            }
        }

        for (; lane < rows.Length; lane++)
        {
            for (var t = 0; t < length; t++) destination[t * Side + lane] = source[rows[lane] + t];
        }
    }

    /// <summary>destination[t][f] = source[f][t] for sixteen of both, without gaps.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Square<T>(float* source, float* destination) where T : unmanaged, ILanes<T>
    {
        if (typeof(T) == typeof(Lanes512))
        {
            Square(source, destination);
            return;
        }

        for (var f = 0; f < Side; f += 4)
        {
            for (var t = 0; t < Side; t += 4) FourByFour(source + f * Side + t, Side, destination + t * Side + f, Side);
        }
    }

    /// <summary>As above, on 512 bits: first four by four in each quarter of the vectors, then the quarters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Square(float* source, float* destination)
    {
        FourByFourInQuarters(source, out var a0, out var a1, out var a2, out var a3);
        FourByFourInQuarters(source + 4 * Side, out var b0, out var b1, out var b2, out var b3);
        FourByFourInQuarters(source + 8 * Side, out var c0, out var c1, out var c2, out var c3);
        FourByFourInQuarters(source + 12 * Side, out var d0, out var d1, out var d2, out var d3);
        StoreQuarters(a0, b0, c0, d0, destination);
        StoreQuarters(a1, b1, c1, d1, destination + Side);
        StoreQuarters(a2, b2, c2, d2, destination + 2 * Side);
        StoreQuarters(a3, b3, c3, d3, destination + 3 * Side);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourByFourInQuarters(
        float* source, out Vector512<float> r0, out Vector512<float> r1, out Vector512<float> r2, out Vector512<float> r3)
    {
        Vector512<float> a = Vector512.Load(source), b = Vector512.Load(source + Side);
        Vector512<float> c = Vector512.Load(source + 2 * Side), d = Vector512.Load(source + 3 * Side);
        Vector512<double> abLow = Avx512F.UnpackLow(a, b).AsDouble(), abHigh = Avx512F.UnpackHigh(a, b).AsDouble();
        Vector512<double> cdLow = Avx512F.UnpackLow(c, d).AsDouble(), cdHigh = Avx512F.UnpackHigh(c, d).AsDouble();
        r0 = Avx512F.UnpackLow(abLow, cdLow).AsSingle();
        r1 = Avx512F.UnpackHigh(abLow, cdLow).AsSingle();
        r2 = Avx512F.UnpackLow(abHigh, cdHigh).AsSingle();
        r3 = Avx512F.UnpackHigh(abHigh, cdHigh).AsSingle();
    }

    /// <summary>Quarter i of each to the row 4 i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreQuarters(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* destination)
    {
        Vector512<float> abLow = Avx512F.Shuffle4x128(a, b, 0x44), abHigh = Avx512F.Shuffle4x128(a, b, 0xEE);
        Vector512<float> cdLow = Avx512F.Shuffle4x128(c, d, 0x44), cdHigh = Avx512F.Shuffle4x128(c, d, 0xEE);
        Avx512F.Shuffle4x128(abLow, cdLow, 0x88).Store(destination);
        Avx512F.Shuffle4x128(abLow, cdLow, 0xDD).Store(destination + 4 * Side);
        Avx512F.Shuffle4x128(abHigh, cdHigh, 0x88).Store(destination + 8 * Side);
        Avx512F.Shuffle4x128(abHigh, cdHigh, 0xDD).Store(destination + 12 * Side);
    }

    /// <summary>destination[i][t] = source[t][i] for four of both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourByFour(float* source, nint sourcePitch, float* destination, nint pitch)
    {
        FourByFour(
            Vector128.Load(source), Vector128.Load(source + sourcePitch),
            Vector128.Load(source + 2 * sourcePitch), Vector128.Load(source + 3 * sourcePitch),
            out var r0, out var r1, out var r2, out var r3);
        r0.Store(destination);
        r1.Store(destination + pitch);
        r2.Store(destination + 2 * pitch);
        r3.Store(destination + 3 * pitch);
    }

    /// <summary>Two copies of four rows of four: first[i][t] = second[i][t] = source[4 t + i].</summary>
    /// <param name="source">Sixteen floats.</param>
    /// <param name="first">Rows that are <paramref name="pitch"/> apart.</param>
    /// <param name="second">The same.</param>
    /// <param name="pitch">Floats between rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FourByFourTwice(float* source, float* first, float* second, nint pitch)
    {
        FourByFour(
            Vector128.Load(source), Vector128.Load(source + 4), Vector128.Load(source + 8), Vector128.Load(source + 12),
            out var r0, out var r1, out var r2, out var r3);
        r0.Store(first);
        r1.Store(first + pitch);
        r2.Store(first + 2 * pitch);
        r3.Store(first + 3 * pitch);
        r0.Store(second);
        r1.Store(second + pitch);
        r2.Store(second + 2 * pitch);
        r3.Store(second + 3 * pitch);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourByFour(
        Vector128<float> a, Vector128<float> b, Vector128<float> c, Vector128<float> d,
        out Vector128<float> r0, out Vector128<float> r1, out Vector128<float> r2, out Vector128<float> r3)
    {
        var abLow = ZipLow(a, b);
        var abHigh = ZipHigh(a, b);
        var cdLow = ZipLow(c, d);
        var cdHigh = ZipHigh(c, d);
        r0 = ZipLow(abLow.AsDouble(), cdLow.AsDouble()).AsSingle();
        r1 = ZipHigh(abLow.AsDouble(), cdLow.AsDouble()).AsSingle();
        r2 = ZipLow(abHigh.AsDouble(), cdHigh.AsDouble()).AsSingle();
        r3 = ZipHigh(abHigh.AsDouble(), cdHigh.AsDouble()).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b)
    {
        if (Sse.IsSupported) return Sse.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipLow(a, b);
        return Vector128.Create(a[0], b[0], a[1], b[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b)
    {
        if (Sse.IsSupported) return Sse.UnpackHigh(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipHigh(a, b);
        return Vector128.Create(a[2], b[2], a[3], b[3]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> ZipLow(Vector128<double> a, Vector128<double> b)
    {
        if (Sse2.IsSupported) return Sse2.UnpackLow(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipLow(a, b);
        return Vector128.Create(a[0], b[0]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<double> ZipHigh(Vector128<double> a, Vector128<double> b)
    {
        if (Sse2.IsSupported) return Sse2.UnpackHigh(a, b);
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipHigh(a, b);
        return Vector128.Create(a[1], b[1]);
    }
}
