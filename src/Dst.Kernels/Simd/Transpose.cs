using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>Transposes between blocked pixels and rows of channels, four by four.</summary>
internal static unsafe class Transpose
{
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
            for (var c = 0; c < ILanes<Lanes128>.Count; c += 4)
            {
                var s = source + p * sourcePitch + c;
                var d = destination + c * destinationPitch + p;
                FourByFour(
                    Vector128.Load(s), Vector128.Load(s + sourcePitch),
                    Vector128.Load(s + 2 * sourcePitch), Vector128.Load(s + 3 * sourcePitch),
                    out var r0, out var r1, out var r2, out var r3);
                r0.Store(d);
                r1.Store(d + destinationPitch);
                r2.Store(d + 2 * destinationPitch);
                r3.Store(d + 3 * destinationPitch);
            }
        }

        for (; p < rows; p++)
        {
            for (var c = 0; c < ILanes<Lanes128>.Count; c++) destination[c * destinationPitch + p] = source[p * sourcePitch + c];
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
        for (var f = 0; f < ILanes<Lanes128>.Count; f += 4, source += 4 * sourcePitch)
        {
            var b = Vector128.Load(bias + f);
            for (var p = 0; p < pixels; p += 4)
            {
                var s = source + p;
                var d = destination + p * ILanes<Lanes128>.Count + f;
                FourByFour(
                    Vector128.Load(s), Vector128.Load(s + sourcePitch),
                    Vector128.Load(s + 2 * sourcePitch), Vector128.Load(s + 3 * sourcePitch),
                    out var r0, out var r1, out var r2, out var r3);
                (r0 + b).Store(d);
                if (p + 1 < pixels) (r1 + b).Store(d + ILanes<Lanes128>.Count);
                if (p + 2 < pixels) (r2 + b).Store(d + 2 * ILanes<Lanes128>.Count);
                if (p + 3 < pixels) (r3 + b).Store(d + 3 * ILanes<Lanes128>.Count);
            }
        }
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
