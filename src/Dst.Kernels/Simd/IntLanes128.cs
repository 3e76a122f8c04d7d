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

    public static int Pixels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 2;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IntLanes128 Pairs(sbyte* source)
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
    public static IntLanes128 Requantise(IntLanes128 sum, in LaneRequantisation by, IntLanes128 residual) => new(
        Requantise(sum._v0, by, 0, residual._v0),
        Requantise(sum._v1, by, 4, residual._v1),
        Requantise(sum._v2, by, 8, residual._v2),
        Requantise(sum._v3, by, 12, residual._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(int* destination, IntLanes128 value)
    {
        value._v0.Store(destination);
        value._v1.Store(destination + 4);
        value._v2.Store(destination + 8);
        value._v3.Store(destination + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBytes(byte* destination, IntLanes128 value) => Vector128.Narrow(
        Vector128.Narrow(value._v0, value._v1).AsUInt16(), Vector128.Narrow(value._v2, value._v3).AsUInt16()).Store(destination);

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
    private static Vector128<long> Product(Vector128<int> a, Vector128<int> b) => Sse41.IsSupported
        ? Sse41.Multiply(a, b)
        : Vector128.Create((long)a[0] * b[0], (long)a[2] * b[2]);

    /// <summary>Even and odd lanes have products of 64 bits, of which the upper halves become the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Requantise(Vector128<int> sum, in LaneRequantisation by, int first, Vector128<int> residual)
    {
        var multipliers = Vector128.Load(by.Multipliers + first);
        var even = Product(sum, multipliers) + Vector128.Load(by.Offsets + first / 2);
        var odd = Product(Odd(sum), Odd(multipliers)) + Vector128.Load(by.Offsets + 8 + first / 2);
        if (by.ResidualMultiplier != 0)
        {
            var factor = Vector128.Create(by.ResidualMultiplier);
            even += Product(residual, factor) << by.ResidualShift;
            odd += Product(Odd(residual), factor) << by.ResidualShift;
        }

        var upper = Vector128.ConditionalSelect(Vector128.Create(-1L << 32), odd, even >>> 32).AsInt32() >> by.Shift;
        return Vector128.Min(Vector128.Max(upper, Vector128.Create(by.Low)), Vector128.Create(by.High));
    }

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
