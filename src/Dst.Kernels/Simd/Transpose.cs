using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>Transposes between blocked pixels and rows of channels, four by four.</summary>
internal static unsafe class Transpose
{
    private const int Side = Layout.Block;

    /// <summary>Where the rows of a square without gaps begin.</summary>
    public static readonly int[] RowsOfSquare = [.. Enumerable.Range(0, Side).Select(row => row * Side)];

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

    /// <summary>As above, on 512 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Square(float* source, float* destination)
    {
        fixed (int* rows = RowsOfSquare) Square(source, rows, new ToPlaces<Lanes512>(rows, destination));
    }

    /// <summary>
    /// Row t of a square for each t, on 512 bits: source[places[f] + t] for sixteen f. First four by four in each quarter of the vectors,
    /// then the quarters.
    /// </summary>
    /// <param name="source">What places are counted from.</param>
    /// <param name="places">Where the columns of the square lie.</param>
    /// <param name="rows">Takes the rows, in any order.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Square<TRows>(float* source, int* places, TRows rows) where TRows : struct, IRowWriter<Lanes512>
    {
        FourByFourInQuarters(source, places, out var a0, out var a1, out var a2, out var a3);
        FourByFourInQuarters(source, places + 4, out var b0, out var b1, out var b2, out var b3);
        FourByFourInQuarters(source, places + 8, out var c0, out var c1, out var c2, out var c3);
        FourByFourInQuarters(source, places + 12, out var d0, out var d1, out var d2, out var d3);
        WriteQuarters(a0, b0, c0, d0, 0, rows);
        WriteQuarters(a1, b1, c1, d1, 1, rows);
        WriteQuarters(a2, b2, c2, d2, 2, rows);
        WriteQuarters(a3, b3, c3, d3, 3, rows);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourByFourInQuarters(
        float* source, int* places,
        out Vector512<float> r0, out Vector512<float> r1, out Vector512<float> r2, out Vector512<float> r3)
    {
        Vector512<float> a = Vector512.Load(source + places[0]), b = Vector512.Load(source + places[1]);
        Vector512<float> c = Vector512.Load(source + places[2]), d = Vector512.Load(source + places[3]);
        FourByFourInQuarters(a, b, c, d, out r0, out r1, out r2, out r3);
    }

    /// <summary>Four by four in each quarter of the vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FourByFourInQuarters(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d,
        out Vector512<float> r0, out Vector512<float> r1, out Vector512<float> r2, out Vector512<float> r3)
    {
        Vector512<double> abLow = Avx512F.UnpackLow(a, b).AsDouble(), abHigh = Avx512F.UnpackHigh(a, b).AsDouble();
        Vector512<double> cdLow = Avx512F.UnpackLow(c, d).AsDouble(), cdHigh = Avx512F.UnpackHigh(c, d).AsDouble();
        r0 = Avx512F.UnpackLow(abLow, cdLow).AsSingle();
        r1 = Avx512F.UnpackHigh(abLow, cdLow).AsSingle();
        r2 = Avx512F.UnpackLow(abHigh, cdHigh).AsSingle();
        r3 = Avx512F.UnpackHigh(abHigh, cdHigh).AsSingle();
    }

    /// <summary>Quarter i of each as row 4 i + <paramref name="first"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteQuarters<TRows>(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, int first, TRows rows)
        where TRows : struct, IRowWriter<Lanes512>
    {
        Vector512<float> abLow = Avx512F.Shuffle4x128(a, b, 0x44), abHigh = Avx512F.Shuffle4x128(a, b, 0xEE);
        Vector512<float> cdLow = Avx512F.Shuffle4x128(c, d, 0x44), cdHigh = Avx512F.Shuffle4x128(c, d, 0xEE);
        rows.Write(first, 0, new(Avx512F.Shuffle4x128(abLow, cdLow, 0x88)));
        rows.Write(first + 4, 0, new(Avx512F.Shuffle4x128(abLow, cdLow, 0xDD)));
        rows.Write(first + 8, 0, new(Avx512F.Shuffle4x128(abHigh, cdHigh, 0x88)));
        rows.Write(first + 12, 0, new(Avx512F.Shuffle4x128(abHigh, cdHigh, 0xDD)));
    }

    /// <summary>The same square on 256 bits: four squares of eight by eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void SquareOfEights<TRows>(float* source, int* places, TRows rows) where TRows : struct, IRowWriter<EightLanes256>
    {
        for (var lane = 0; lane < Side; lane += 8)
        {
            for (var row = 0; row < Side; row += 8) EightByEight(source + row, places + lane, row, lane, rows);
        }
    }

    /// <summary>First four by four in each half of the vectors, then the halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void EightByEight<TRows>(float* source, int* places, int row, int lane, TRows rows)
        where TRows : struct, IRowWriter<EightLanes256>
    {
        FourByFourInHalves(source, places, out var a0, out var a1, out var a2, out var a3);
        FourByFourInHalves(source, places + 4, out var b0, out var b1, out var b2, out var b3);
        rows.Write(row, lane, new(Avx.Permute2x128(a0, b0, 0x20)));
        rows.Write(row + 1, lane, new(Avx.Permute2x128(a1, b1, 0x20)));
        rows.Write(row + 2, lane, new(Avx.Permute2x128(a2, b2, 0x20)));
        rows.Write(row + 3, lane, new(Avx.Permute2x128(a3, b3, 0x20)));
        rows.Write(row + 4, lane, new(Avx.Permute2x128(a0, b0, 0x31)));
        rows.Write(row + 5, lane, new(Avx.Permute2x128(a1, b1, 0x31)));
        rows.Write(row + 6, lane, new(Avx.Permute2x128(a2, b2, 0x31)));
        rows.Write(row + 7, lane, new(Avx.Permute2x128(a3, b3, 0x31)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FourByFourInHalves(
        float* source, int* places,
        out Vector256<float> r0, out Vector256<float> r1, out Vector256<float> r2, out Vector256<float> r3)
    {
        Vector256<float> a = Vector256.Load(source + places[0]), b = Vector256.Load(source + places[1]);
        Vector256<float> c = Vector256.Load(source + places[2]), d = Vector256.Load(source + places[3]);
        Vector256<double> abLow = Avx.UnpackLow(a, b).AsDouble(), abHigh = Avx.UnpackHigh(a, b).AsDouble();
        Vector256<double> cdLow = Avx.UnpackLow(c, d).AsDouble(), cdHigh = Avx.UnpackHigh(c, d).AsDouble();
        r0 = Avx.UnpackLow(abLow, cdLow).AsSingle();
        r1 = Avx.UnpackHigh(abLow, cdLow).AsSingle();
        r2 = Avx.UnpackLow(abHigh, cdHigh).AsSingle();
        r3 = Avx.UnpackHigh(abHigh, cdHigh).AsSingle();
    }

    /// <summary>destination[i][t] = source[t][i] for four of both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FourByFour(float* source, nint sourcePitch, float* destination, nint pitch)
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

/// <summary>Takes the rows of a transposed square, whole or in halves.</summary>
internal interface IRowWriter<T> where T : unmanaged, IVector<T>
{
    /// <summary>Takes what begins at lane <paramref name="lane"/>, 0 or 8, of row <paramref name="t"/>, 0 to 15.</summary>
    void Write(int t, int lane, T part);
}

/// <summary>Writes rows to places that are counted from a pointer.</summary>
internal readonly unsafe struct ToPlaces<T>(int* places, float* destination) : IRowWriter<T> where T : unmanaged, IVector<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(int t, int lane, T part) => T.Store(destination + places[t] + lane, part);
}

/// <summary>Writes rows that are equally far apart.</summary>
internal readonly unsafe struct ToRows<T>(float* destination, nint pitch) : IRowWriter<T> where T : unmanaged, IVector<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Write(int t, int lane, T part) => T.Store(destination + t * pitch + lane, part);
}
