using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Dst.Kernels.Simd;

/// <summary>Sixteen lanes as 4 vectors of 128 bits.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Lanes128>
{
    private readonly Vector128<float> _v0, _v1, _v2, _v3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes128(Vector128<float> v0, Vector128<float> v1, Vector128<float> v2, Vector128<float> v3)
    {
        _v0 = v0;
        _v1 = v1;
        _v2 = v2;
        _v3 = v3;
    }

    /// <summary>Six on ARM64, which has 32 registers: 24 for sums, four for weights.</summary>
    public static int Accumulators => AdvSimd.Arm64.IsSupported ? 6 : 2;

    public static Lanes128 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector128<float>.Zero, Vector128<float>.Zero, Vector128<float>.Zero, Vector128<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* source) =>
        new(Vector128.Load(source), Vector128.Load(source + 4), Vector128.Load(source + 8), Vector128.Load(source + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(short* source)
    {
        Vector128<short> lower = Vector128.Load(source), upper = Vector128.Load(source + 8);
        return new(
            Vector128.ConvertToSingle(Vector128.WidenLower(lower)), Vector128.ConvertToSingle(Vector128.WidenUpper(lower)),
            Vector128.ConvertToSingle(Vector128.WidenLower(upper)), Vector128.ConvertToSingle(Vector128.WidenUpper(upper)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Lanes128 value)
    {
        value._v0.Store(destination);
        value._v1.Store(destination + 4);
        value._v2.Store(destination + 8);
        value._v3.Store(destination + 12);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Broadcast(float value)
    {
        var all = Vector128.Create(value);
        return new(all, all, all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add(Lanes128 a, Lanes128 b) => new(a._v0 + b._v0, a._v1 + b._v1, a._v2 + b._v2, a._v3 + b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Subtract(Lanes128 a, Lanes128 b) => new(a._v0 - b._v0, a._v1 - b._v1, a._v2 - b._v2, a._v3 - b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Multiply(Lanes128 a, Lanes128 b) => new(a._v0 * b._v0, a._v1 * b._v1, a._v2 * b._v2, a._v3 * b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Divide(Lanes128 a, Lanes128 b) => new(a._v0 / b._v0, a._v1 / b._v1, a._v2 / b._v2, a._v3 / b._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 PowerOfTwo(Lanes128 exponent) =>
        new(PowerOfTwo(exponent._v0), PowerOfTwo(exponent._v1), PowerOfTwo(exponent._v2), PowerOfTwo(exponent._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 a, Lanes128 b) =>
        new(Vector128.Max(a._v0, b._v0), Vector128.Max(a._v1, b._v1), Vector128.Max(a._v2, b._v2), Vector128.Max(a._v3, b._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Min(Lanes128 a, Lanes128 b) =>
        new(Vector128.Min(a._v0, b._v0), Vector128.Min(a._v1, b._v1), Vector128.Min(a._v2, b._v2), Vector128.Min(a._v3, b._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Clip(Lanes128 value, Lanes128 least, Lanes128 most) =>
        new(
            Clip(value._v0, least._v0, most._v0), Clip(value._v1, least._v1, most._v1),
            Clip(value._v2, least._v2, most._v2), Clip(value._v3, least._v3, most._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 SelectPositive(Lanes128 condition, Lanes128 a, Lanes128 b) =>
        new(
            Select(condition._v0, a._v0, b._v0), Select(condition._v1, a._v1, b._v1),
            Select(condition._v2, a._v2, b._v2), Select(condition._v3, a._v3, b._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 WherePositive(Lanes128 condition, Lanes128 value) =>
        new(
            Vector128.GreaterThan(condition._v0, Vector128<float>.Zero).AsSingle() & value._v0,
            Vector128.GreaterThan(condition._v1, Vector128<float>.Zero).AsSingle() & value._v1,
            Vector128.GreaterThan(condition._v2, Vector128<float>.Zero).AsSingle() & value._v2,
            Vector128.GreaterThan(condition._v3, Vector128<float>.Zero).AsSingle() & value._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 WhereEqual(Lanes128 a, Lanes128 b, Lanes128 value) =>
        new(
            Vector128.Equals(a._v0, b._v0) & value._v0, Vector128.Equals(a._v1, b._v1) & value._v1,
            Vector128.Equals(a._v2, b._v2) & value._v2, Vector128.Equals(a._v3, b._v3) & value._v3);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(Lanes128 a, Lanes128 b, Lanes128 c) =>
        new(
            Vector128.MultiplyAddEstimate(a._v0, b._v0, c._v0), Vector128.MultiplyAddEstimate(a._v1, b._v1, c._v1),
            Vector128.MultiplyAddEstimate(a._v2, b._v2, c._v2), Vector128.MultiplyAddEstimate(a._v3, b._v3, c._v3));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(float* scalar, Lanes128 b, Lanes128 c)
    {
        if (AdvSimd.Arm64.IsSupported)
        {
            var lane = Vector128.CreateScalarUnsafe(*scalar); // ARM64 multiplies by one lane without a broadcast
            return new(
                AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(c._v0, b._v0, lane, 0),
                AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(c._v1, b._v1, lane, 0),
                AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(c._v2, b._v2, lane, 0),
                AdvSimd.Arm64.FusedMultiplyAddBySelectedScalar(c._v3, b._v3, lane, 0));
        }

        var all = Vector128.Create(*scalar);
        return new(
            Vector128.MultiplyAddEstimate(all, b._v0, c._v0), Vector128.MultiplyAddEstimate(all, b._v1, c._v1),
            Vector128.MultiplyAddEstimate(all, b._v2, c._v2), Vector128.MultiplyAddEstimate(all, b._v3, c._v3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Pick(Lanes128 source, int* lanes)
    {
        var values = (float*)&source;
        return new(PickFour(values, lanes), PickFour(values, lanes + 4), PickFour(values, lanes + 8), PickFour(values, lanes + 12));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(double* destination, Lanes128 value)
    {
        AddTo(destination, value._v0);
        AddTo(destination + 4, value._v1);
        AddTo(destination + 8, value._v2);
        AddTo(destination + 12, value._v3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo(double* destination, Vector128<float> value)
    {
        var (lower, upper) = Vector128.Widen(value);
        (lower + Vector128.Load(destination)).Store(destination);
        (upper + Vector128.Load(destination + 2)).Store(destination + 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> PickFour(float* source, int* lanes) =>
        Vector128.Create(PickOne(source, lanes[0]), PickOne(source, lanes[1]), PickOne(source, lanes[2]), PickOne(source, lanes[3]));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float PickOne(float* source, int lane) => lane < 16 ? source[lane] : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Select(Vector128<float> condition, Vector128<float> a, Vector128<float> b) =>
        Vector128.ConditionalSelect(Vector128.GreaterThan(condition, Vector128<float>.Zero), a, b);

    /// <summary>If one operand is NaN, the native operations return the second operand or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Clip(Vector128<float> value, Vector128<float> least, Vector128<float> most) =>
        Vector128.MinNative(most, Vector128.MaxNative(least, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> PowerOfTwo(Vector128<float> exponent) =>
        ((Vector128.ConvertToInt32Native(exponent) + Vector128.Create(127)) << 23).AsSingle();
}
