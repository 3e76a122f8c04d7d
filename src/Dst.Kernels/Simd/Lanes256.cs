using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>Sixteen lanes as 2 vectors of 256 bits.</summary>
internal readonly unsafe struct Lanes256 : ILanes<Lanes256>
{
    private readonly Vector256<float> _v0, _v1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Lanes256(Vector256<float> v0, Vector256<float> v1)
    {
        _v0 = v0;
        _v1 = v1;
    }

    public static int Accumulators => 6;

    public static Lanes256 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector256<float>.Zero, Vector256<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) => new(Vector256.Load(source), Vector256.Load(source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(short* source) =>
        new(
            Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source)),
            Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(source + 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Lanes256 value)
    {
        value._v0.Store(destination);
        value._v1.Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Broadcast(float value)
    {
        var all = Vector256.Create(value);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 a, Lanes256 b) => new(a._v0 + b._v0, a._v1 + b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Subtract(Lanes256 a, Lanes256 b) => new(a._v0 - b._v0, a._v1 - b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Multiply(Lanes256 a, Lanes256 b) => new(a._v0 * b._v0, a._v1 * b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Divide(Lanes256 a, Lanes256 b) => new(a._v0 / b._v0, a._v1 / b._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 PowerOfTwo(Lanes256 exponent) => new(PowerOfTwo(exponent._v0), PowerOfTwo(exponent._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 a, Lanes256 b) => new(Vector256.Max(a._v0, b._v0), Vector256.Max(a._v1, b._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Min(Lanes256 a, Lanes256 b) => new(Vector256.Min(a._v0, b._v0), Vector256.Min(a._v1, b._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Clip(Lanes256 value, Lanes256 least, Lanes256 most) =>
        new(Clip(value._v0, least._v0, most._v0), Clip(value._v1, least._v1, most._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 SelectPositive(Lanes256 condition, Lanes256 a, Lanes256 b) =>
        new(Select(condition._v0, a._v0, b._v0), Select(condition._v1, a._v1, b._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 WherePositive(Lanes256 condition, Lanes256 value) =>
        new(
            Vector256.GreaterThan(condition._v0, Vector256<float>.Zero).AsSingle() & value._v0,
            Vector256.GreaterThan(condition._v1, Vector256<float>.Zero).AsSingle() & value._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 WhereEqual(Lanes256 a, Lanes256 b, Lanes256 value) =>
        new(Vector256.Equals(a._v0, b._v0) & value._v0, Vector256.Equals(a._v1, b._v1) & value._v1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(Lanes256 a, Lanes256 b, Lanes256 c) =>
        new(Vector256.MultiplyAddEstimate(a._v0, b._v0, c._v0), Vector256.MultiplyAddEstimate(a._v1, b._v1, c._v1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(float* scalar, Lanes256 b, Lanes256 c)
    {
        var all = Vector256.Create(*scalar);
        return new(Vector256.MultiplyAddEstimate(all, b._v0, c._v0), Vector256.MultiplyAddEstimate(all, b._v1, c._v1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Pick(Lanes256 source, int* lanes) =>
        new(Pick(source._v0, source._v1, Vector256.Load(lanes)), Pick(source._v0, source._v1, Vector256.Load(lanes + 8)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(double* destination, Lanes256 value)
    {
        AddTo(destination, value._v0);
        AddTo(destination + 8, value._v1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo(double* destination, Vector256<float> value)
    {
        var (lower, upper) = Vector256.Widen(value);
        (lower + Vector256.Load(destination)).Store(destination);
        (upper + Vector256.Load(destination + 4)).Store(destination + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Pick(Vector256<float> lower, Vector256<float> upper, Vector256<int> lanes)
    {
        var ofUpper = Vector256.GreaterThan(lanes, Vector256.Create(7)).AsSingle();
        var picked = Vector256.ConditionalSelect(ofUpper, Avx2.PermuteVar8x32(upper, lanes), Avx2.PermuteVar8x32(lower, lanes));
        return picked & Vector256.LessThan(lanes, Vector256.Create(16)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Select(Vector256<float> condition, Vector256<float> a, Vector256<float> b) =>
        Vector256.ConditionalSelect(Vector256.GreaterThan(condition, Vector256<float>.Zero), a, b);

    /// <summary>If one operand is NaN, the native operations return the second operand or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Clip(Vector256<float> value, Vector256<float> least, Vector256<float> most) =>
        Vector256.MinNative(most, Vector256.MaxNative(least, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> PowerOfTwo(Vector256<float> exponent) =>
        ((Vector256.ConvertToInt32Native(exponent) + Vector256.Create(127)) << 23).AsSingle();
}
