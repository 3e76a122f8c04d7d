using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>Sixteen integer lanes as 1 vector of 512 bits.</summary>
internal readonly unsafe struct IntLanes512 : IIntLanes<IntLanes512>
{
    private readonly Vector512<int> _v0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private IntLanes512(Vector512<int> v0) => _v0 = v0;

    public static IntLanes512 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<int>.Zero);
    }

    public static int Channels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    public static int Pixels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 Weights(sbyte* source) => new(Avx512BW.ConvertToVector512Int16(Vector256.Load(source)).AsInt32());

    /// <summary>Thirty-two integers of 16 bits: two in each lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 Shorts(Vector512<short> values) => new(values.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 Load(int* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 Bytes(byte* source) => new(Avx512F.ConvertToVector512Int32(Vector128.Load(source)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 Broadcast(int value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 Add(IntLanes512 a, IntLanes512 b) => new(a._v0 + b._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 Subtract(IntLanes512 a, IntLanes512 b) => new(a._v0 - b._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 Max(IntLanes512 a, IntLanes512 b) => new(Vector512.Max(a._v0, b._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 Multiply(IntLanes512 value, int factor) => new(value._v0 * factor);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 MultiplyAdd(IntLanes512 a, IntLanes512 b, IntLanes512 sum) =>
        new(sum._v0 + Dot(a._v0, b._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 ShiftLeft(IntLanes512 value, int bits) => new(value._v0 << bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 ShiftRight(IntLanes512 value, int bits) => new(value._v0 >> bits);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 Requantise(IntLanes512 sum, in LaneRequantisation<IntLanes512> by) => new(
        Requantise(
            sum._v0, by.Multipliers._v0, by.OddMultipliers._v0, by.EvenOffsets._v0.AsInt64(), by.OddOffsets._v0.AsInt64(),
            by.Shift));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 AddProducts(IntLanes512 offsets, IntLanes512 values, int factor, int shift) => new(
        AddProducts(offsets._v0, values._v0, factor, shift));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 OddLanes(IntLanes512 value) => new(Odd(value._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* destination, IntLanes512 value) => value._v0.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 Pack(IntLanes512 a, IntLanes512 b, IntLanes512 c, IntLanes512 d)
    {
        // Packs stay in quarters of the vectors: four channels of each pixel in the first, the next four in the second.
        var (ab, cd) = (Avx512BW.PackSignedSaturate(a._v0, b._v0), Avx512BW.PackSignedSaturate(c._v0, d._v0));
        var quarters = Avx512BW.PackUnsignedSaturate(ab, cd).AsInt32();
        return new(Avx512F.PermuteVar16x32(quarters, Vector512.Create(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 ClampBytes(IntLanes512 bytes, IntLanes512 low, IntLanes512 high) =>
        new(Vector512.Min(Vector512.Max(bytes._v0.AsByte(), low._v0.AsByte()), high._v0.AsByte()).AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StorePixel(byte* destination, IntLanes512 bytes) => bytes._v0.AsByte().GetLower().GetLower().Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreFloats(float* destination, IntLanes512 value, float* scales)
    {
        (Vector512.ConvertToSingle(value._v0) * Vector512.Load(scales)).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes512 FromFloats(float* source, float steps, float low, float high, float half) =>
        new(FromFloats(Vector512.Load(source), steps, low, high, half));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Dot(Vector512<int> a, Vector512<int> b) => Avx512BW.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    /// <summary>Products of the even lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<long> Product(Vector512<int> a, Vector512<int> b) => Avx512F.Multiply(a, b);

    /// <summary>Even and odd lanes have products of 64 bits, of which the upper halves become the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Requantise(
        Vector512<int> sum, Vector512<int> multipliers, Vector512<int> oddMultipliers,
        Vector512<long> evenOffsets, Vector512<long> oddOffsets, int shift)
    {
        var (even, odd) = (Product(sum, multipliers) + evenOffsets, Product(Odd(sum), oddMultipliers) + oddOffsets);
        return Vector512.ConditionalSelect(Vector512.Create(-1L << 32), odd, even >>> 32).AsInt32() >> shift;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> AddProducts(Vector512<int> offsets, Vector512<int> values, int factor, int shift) =>
        (offsets.AsInt64() + (Product(values, Vector512.Create(factor)) << shift)).AsInt32();

    /// <summary>The odd lanes in place of the even ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Odd(Vector512<int> value) => (value.AsInt64() >>> 32).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> FromFloats(Vector512<float> source, float steps, float low, float high, float half)
    {
        var (least, most) = (Vector512.Create(low), Vector512.Create(high));
        var value = source * Vector512.Create(steps);
        value = Vector512.ConditionalSelect(Vector512.GreaterThan(value, least), value, least);
        value = Vector512.ConditionalSelect(Vector512.LessThan(value, most), value, most);
        return Vector512.ConvertToInt32Native(value + Vector512.Create(half));
    }
}
