using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>Sixteen integer lanes as 2 vectors of 256 bits.</summary>
internal readonly unsafe struct IntLanes256 : IIntLanes<IntLanes256>
{
    private readonly Vector256<int> _v0, _v1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private IntLanes256(Vector256<int> v0, Vector256<int> v1) => (_v0, _v1) = (v0, v1);

    public static IntLanes256 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<int>.Zero, Vector256<int>.Zero);
    }

    public static int Channels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    public static int Pixels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 Weights(sbyte* source) => new(
        Avx2.ConvertToVector256Int16(Vector128.Load(source)).AsInt32(),
        Avx2.ConvertToVector256Int16(Vector128.Load(source + 16)).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 Load(int* source) => new(Vector256.Load(source), Vector256.Load(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 Bytes(byte* source)
    {
        var (low, high) = Vector128.Widen(Vector128.Load(source));
        return new(Avx2.ConvertToVector256Int32(low), Avx2.ConvertToVector256Int32(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 Broadcast(int value)
    {
        var all = Vector256.Create(value);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 Add(IntLanes256 a, IntLanes256 b) => new(a._v0 + b._v0, a._v1 + b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 Subtract(IntLanes256 a, IntLanes256 b) => new(a._v0 - b._v0, a._v1 - b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 Max(IntLanes256 a, IntLanes256 b) => new(Vector256.Max(a._v0, b._v0), Vector256.Max(a._v1, b._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 Multiply(IntLanes256 value, int factor) =>
        new(value._v0 * factor, value._v1 * factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 MultiplyAdd(IntLanes256 a, IntLanes256 b, IntLanes256 sum) =>
        new(AddDot(sum._v0, a._v0, b._v0), AddDot(sum._v1, a._v1, b._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 ShiftLeft(IntLanes256 value, int bits) => new(value._v0 << bits, value._v1 << bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 ShiftRight(IntLanes256 value, int bits) =>
        new(value._v0 >> bits, value._v1 >> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 Requantise(IntLanes256 sum, in LaneRequantisation<IntLanes256> by) => new(
        Requantise(
            sum._v0, by.Multipliers._v0, by.OddMultipliers._v0, by.EvenOffsets._v0.AsInt64(), by.OddOffsets._v0.AsInt64(),
            by.Shift),
        Requantise(
            sum._v1, by.Multipliers._v1, by.OddMultipliers._v1, by.EvenOffsets._v1.AsInt64(), by.OddOffsets._v1.AsInt64(),
            by.Shift));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 AddProducts(IntLanes256 offsets, IntLanes256 values, int factor, int shift) => new(
        AddProducts(offsets._v0, values._v0, factor, shift),
        AddProducts(offsets._v1, values._v1, factor, shift));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 OddLanes(IntLanes256 value) => new(Odd(value._v0), Odd(value._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* destination, IntLanes256 value)
    {
        value._v0.Store(destination);
        value._v1.Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 Pack(IntLanes256 a, IntLanes256 b, IntLanes256 c, IntLanes256 d) => new(Pack(a, b), Pack(c, d));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 ClampBytes(IntLanes256 bytes, IntLanes256 low, IntLanes256 high) =>
        new(ClampBytes(bytes._v0, low._v0, high._v0), ClampBytes(bytes._v1, low._v1, high._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePixel(byte* destination, IntLanes256 bytes) => bytes._v0.AsByte().GetLower().Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFloats(float* destination, IntLanes256 value, float* scales)
    {
        (Vector256.ConvertToSingle(value._v0) * Vector256.Load(scales)).Store(destination);
        (Vector256.ConvertToSingle(value._v1) * Vector256.Load(scales + 8)).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes256 FromFloats(float* source, float steps, float low, float high, float half) => new(
        FromFloats(Vector256.Load(source), steps, low, high, half),
        FromFloats(Vector256.Load(source + 8), steps, low, high, half));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddDot(Vector256<int> sum, Vector256<int> a, Vector256<int> b) => AvxVnni.IsSupported
        ? AvxVnni.MultiplyWideningAndAdd(sum, a.AsInt16(), b.AsInt16())
        : sum + Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    /// <summary>Products of the even lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<long> Product(Vector256<int> a, Vector256<int> b) => Avx2.Multiply(a, b);

    /// <summary>Even and odd lanes have products of 64 bits, of which the upper halves become the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Requantise(
        Vector256<int> sum, Vector256<int> multipliers, Vector256<int> oddMultipliers,
        Vector256<long> evenOffsets, Vector256<long> oddOffsets, int shift)
    {
        var (even, odd) = (Product(sum, multipliers) + evenOffsets, Product(Odd(sum), oddMultipliers) + oddOffsets);
        return Vector256.ConditionalSelect(Vector256.Create(-1L << 32), odd, even >>> 32).AsInt32() >> shift;
    }

    /// <summary>Thirty-two bytes of two pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Pack(IntLanes256 a, IntLanes256 b)
    {
        // Packs stay in halves of the vectors: channels 0 to 3 and 8 to 11 of each pixel in the first, the others in the second.
        var (first, second) = (Avx2.PackSignedSaturate(a._v0, a._v1), Avx2.PackSignedSaturate(b._v0, b._v1));
        var halves = Avx2.PackUnsignedSaturate(first, second).AsInt32();
        return Avx2.PermuteVar8x32(halves, Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> ClampBytes(Vector256<int> bytes, Vector256<int> low, Vector256<int> high) =>
        Vector256.Min(Vector256.Max(bytes.AsByte(), low.AsByte()), high.AsByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddProducts(Vector256<int> offsets, Vector256<int> values, int factor, int shift) =>
        (offsets.AsInt64() + (Product(values, Vector256.Create(factor)) << shift)).AsInt32();

    /// <summary>The odd lanes in place of the even ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Odd(Vector256<int> value) => (value.AsInt64() >>> 32).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> FromFloats(Vector256<float> source, float steps, float low, float high, float half)
    {
        var (least, most) = (Vector256.Create(low), Vector256.Create(high));
        var value = source * Vector256.Create(steps);
        value = Vector256.ConditionalSelect(Vector256.GreaterThan(value, least), value, least);
        value = Vector256.ConditionalSelect(Vector256.LessThan(value, most), value, most);
        return Vector256.ConvertToInt32Native(value + Vector256.Create(half));
    }
}
