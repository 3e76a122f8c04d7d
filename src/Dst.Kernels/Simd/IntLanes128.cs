using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>Sixteen integer lanes as 4 vectors of 128 bits.</summary>
internal readonly unsafe struct IntLanes128 : IIntLanes<IntLanes128>
{
    private readonly Vector128<int> _v0, _v1, _v2, _v3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private IntLanes128(Vector128<int> v0, Vector128<int> v1, Vector128<int> v2, Vector128<int> v3) =>
        (_v0, _v1, _v2, _v3) = (v0, v1, v2, v3);

    public static IntLanes128 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector128<int>.Zero, Vector128<int>.Zero, Vector128<int>.Zero, Vector128<int>.Zero);
    }

    public static int Channels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    public static int Pixels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 Weights(sbyte* source)
    {
        var (a, b) = (Vector128.Load(source), Vector128.Load(source + 16));
        return new(
            Vector128.WidenLower(a).AsInt32(), Vector128.WidenUpper(a).AsInt32(), Vector128.WidenLower(b).AsInt32(),
            Vector128.WidenUpper(b).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 Load(int* source) =>
        new(Vector128.Load(source), Vector128.Load(source + 4), Vector128.Load(source + 8), Vector128.Load(source + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 Bytes(byte* source)
    {
        var (low, high) = Vector128.Widen(Vector128.Load(source));
        return new(
            Vector128.WidenLower(low).AsInt32(), Vector128.WidenUpper(low).AsInt32(), Vector128.WidenLower(high).AsInt32(),
            Vector128.WidenUpper(high).AsInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 Broadcast(int value)
    {
        var all = Vector128.Create(value);
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 Add(IntLanes128 a, IntLanes128 b) => new(a._v0 + b._v0, a._v1 + b._v1, a._v2 + b._v2, a._v3 + b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 Subtract(IntLanes128 a, IntLanes128 b) => new(a._v0 - b._v0, a._v1 - b._v1, a._v2 - b._v2, a._v3 - b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 Max(IntLanes128 a, IntLanes128 b) => new(
        Vector128.Max(a._v0, b._v0), Vector128.Max(a._v1, b._v1), Vector128.Max(a._v2, b._v2), Vector128.Max(a._v3, b._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 Multiply(IntLanes128 value, int factor) =>
        new(value._v0 * factor, value._v1 * factor, value._v2 * factor, value._v3 * factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 MultiplyAdd(IntLanes128 a, IntLanes128 b, IntLanes128 sum) =>
        new(sum._v0 + Dot(a._v0, b._v0), sum._v1 + Dot(a._v1, b._v1), sum._v2 + Dot(a._v2, b._v2), sum._v3 + Dot(a._v3, b._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 ShiftLeft(IntLanes128 value, int bits) =>
        new(value._v0 << bits, value._v1 << bits, value._v2 << bits, value._v3 << bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 ShiftRight(IntLanes128 value, int bits) =>
        new(value._v0 >> bits, value._v1 >> bits, value._v2 >> bits, value._v3 >> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 Requantise(IntLanes128 sum, in LaneRequantisation<IntLanes128> by) => new(
        Requantise(
            sum._v0, by.Multipliers._v0, by.OddMultipliers._v0, by.EvenOffsets._v0.AsInt64(), by.OddOffsets._v0.AsInt64(),
            by.Shift),
        Requantise(
            sum._v1, by.Multipliers._v1, by.OddMultipliers._v1, by.EvenOffsets._v1.AsInt64(), by.OddOffsets._v1.AsInt64(),
            by.Shift),
        Requantise(
            sum._v2, by.Multipliers._v2, by.OddMultipliers._v2, by.EvenOffsets._v2.AsInt64(), by.OddOffsets._v2.AsInt64(),
            by.Shift),
        Requantise(
            sum._v3, by.Multipliers._v3, by.OddMultipliers._v3, by.EvenOffsets._v3.AsInt64(), by.OddOffsets._v3.AsInt64(),
            by.Shift));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 AddProducts(IntLanes128 offsets, IntLanes128 values, int factor, int shift) => new(
        AddProducts(offsets._v0, values._v0, factor, shift),
        AddProducts(offsets._v1, values._v1, factor, shift),
        AddProducts(offsets._v2, values._v2, factor, shift),
        AddProducts(offsets._v3, values._v3, factor, shift));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 OddLanes(IntLanes128 value) => new(Odd(value._v0), Odd(value._v1), Odd(value._v2), Odd(value._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* destination, IntLanes128 value)
    {
        value._v0.Store(destination);
        value._v1.Store(destination + 4);
        value._v2.Store(destination + 8);
        value._v3.Store(destination + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 Pack(IntLanes128 a, IntLanes128 b, IntLanes128 c, IntLanes128 d) => new(Pack(a), Pack(b), Pack(c), Pack(d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 ClampBytes(IntLanes128 bytes, IntLanes128 low, IntLanes128 high) => new(
        ClampBytes(bytes._v0, low._v0, high._v0),
        ClampBytes(bytes._v1, low._v1, high._v1),
        ClampBytes(bytes._v2, low._v2, high._v2),
        ClampBytes(bytes._v3, low._v3, high._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePixel(byte* destination, IntLanes128 bytes) => bytes._v0.AsByte().Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFloats(float* destination, IntLanes128 value, float* scales)
    {
        (Vector128.ConvertToSingle(value._v0) * Vector128.Load(scales)).Store(destination);
        (Vector128.ConvertToSingle(value._v1) * Vector128.Load(scales + 4)).Store(destination + 4);
        (Vector128.ConvertToSingle(value._v2) * Vector128.Load(scales + 8)).Store(destination + 8);
        (Vector128.ConvertToSingle(value._v3) * Vector128.Load(scales + 12)).Store(destination + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 FromFloats(float* source, float steps, float low, float high, float half) => new(
        FromFloats(Vector128.Load(source), steps, low, high, half),
        FromFloats(Vector128.Load(source + 4), steps, low, high, half),
        FromFloats(Vector128.Load(source + 8), steps, low, high, half),
        FromFloats(Vector128.Load(source + 12), steps, low, high, half));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Dot(Vector128<int> a, Vector128<int> b)
    {
        var (x, y) = (a.AsInt16(), b.AsInt16());
        if (Sse2.IsSupported) return Sse2.MultiplyAddAdjacent(x, y);
        if (!AdvSimd.Arm64.IsSupported) return (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
        return AdvSimd.Arm64.AddPairwise(
            AdvSimd.MultiplyWideningLower(x.GetLower(), y.GetLower()), AdvSimd.MultiplyWideningUpper(x, y));
    }

    /// <summary>Products of the even lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<long> Product(Vector128<int> a, Vector128<int> b)
    {
        if (Sse41.IsSupported) return Sse41.Multiply(a, b);
        if (!AdvSimd.IsSupported) return Vector128.Create((long)a[0] * b[0], (long)a[2] * b[2]);
        return AdvSimd.MultiplyWideningLower(
            AdvSimd.ExtractNarrowingLower(a.AsInt64()), AdvSimd.ExtractNarrowingLower(b.AsInt64()));
    }

    /// <summary>Even and odd lanes have products of 64 bits, of which the upper halves become the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Requantise(
        Vector128<int> sum, Vector128<int> multipliers, Vector128<int> oddMultipliers,
        Vector128<long> evenOffsets, Vector128<long> oddOffsets, int shift)
    {
        var (even, odd) = (Product(sum, multipliers) + evenOffsets, Product(Odd(sum), oddMultipliers) + oddOffsets);
        return Vector128.ConditionalSelect(Vector128.Create(-1L << 32), odd, even >>> 32).AsInt32() >> shift;
    }

    /// <summary>Sixteen bytes of a pixel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Pack(IntLanes128 pixel)
    {
        var (first, second) = (
            Vector128.NarrowWithSaturation(pixel._v0, pixel._v1), Vector128.NarrowWithSaturation(pixel._v2, pixel._v3));
        if (Sse2.IsSupported) return Sse2.PackUnsignedSaturate(first, second).AsInt32();
        var (low, high) = (Vector128.Max(first, Vector128<short>.Zero), Vector128.Max(second, Vector128<short>.Zero));
        return Vector128.NarrowWithSaturation(low.AsUInt16(), high.AsUInt16()).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> ClampBytes(Vector128<int> bytes, Vector128<int> low, Vector128<int> high) =>
        Vector128.Min(Vector128.Max(bytes.AsByte(), low.AsByte()), high.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> AddProducts(Vector128<int> offsets, Vector128<int> values, int factor, int shift) =>
        (offsets.AsInt64() + (Product(values, Vector128.Create(factor)) << shift)).AsInt32();

    /// <summary>The odd lanes in place of the even ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Odd(Vector128<int> value) => (value.AsInt64() >>> 32).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> FromFloats(Vector128<float> source, float steps, float low, float high, float half)
    {
        var (least, most) = (Vector128.Create(low), Vector128.Create(high));
        var value = source * Vector128.Create(steps);
        value = Vector128.ConditionalSelect(Vector128.GreaterThan(value, least), value, least);
        value = Vector128.ConditionalSelect(Vector128.LessThan(value, most), value, most);
        return Vector128.ConvertToInt32Native(value + Vector128.Create(half));
    }
}
