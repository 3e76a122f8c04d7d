using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>Sixteen lanes as 1 vector of 512 bits.</summary>
internal readonly unsafe struct Lanes512 : ILanes<Lanes512>, ITileLanes<Lanes512>
{
    private readonly Vector512<float> _v0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Lanes512(Vector512<float> v0)
    {
        _v0 = v0;
    }

    public static int Accumulators => 28;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 16;
    }

    public static Lanes512 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Vector512<float>.Zero);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* source) => new(Vector512.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadWhere(float* source, Lanes512 mask) => new(Avx512F.MaskLoad(source, mask._v0, default));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 And(Lanes512 a, Lanes512 b) => new(a._v0 & b._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Square<TRows>(float* source, int* places, TRows rows) where TRows : struct, IRowWriter<Lanes512> =>
        Transpose.Square(source, places, rows);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(short* source) =>
        new(Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector256.Load(source))));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, Lanes512 value)
    {
        value._v0.Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Broadcast(float value) => new(Vector512.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Add(Lanes512 a, Lanes512 b) => new(a._v0 + b._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Subtract(Lanes512 a, Lanes512 b) => new(a._v0 - b._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Multiply(Lanes512 a, Lanes512 b) => new(a._v0 * b._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Divide(Lanes512 a, Lanes512 b) => new(a._v0 / b._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 PowerOfTwo(Lanes512 exponent) => new(PowerOfTwo(exponent._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 a, Lanes512 b) => new(Vector512.Max(a._v0, b._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Min(Lanes512 a, Lanes512 b) => new(Vector512.Min(a._v0, b._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Clip(Lanes512 value, Lanes512 least, Lanes512 most) => new(Clip(value._v0, least._v0, most._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 SelectPositive(Lanes512 condition, Lanes512 a, Lanes512 b) => new(Select(condition._v0, a._v0, b._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 WherePositive(Lanes512 condition, Lanes512 value) =>
        new(Vector512.GreaterThan(condition._v0, Vector512<float>.Zero).AsSingle() & value._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 WhereEqual(Lanes512 a, Lanes512 b, Lanes512 value) => new(Vector512.Equals(a._v0, b._v0) & value._v0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(Lanes512 a, Lanes512 b, Lanes512 c) => new(Vector512.MultiplyAddEstimate(a._v0, b._v0, c._v0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(float* scalar, Lanes512 b, Lanes512 c)
    {
        var all = Vector512.Create(*scalar);
        return new(Vector512.MultiplyAddEstimate(all, b._v0, c._v0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Pick(Lanes512 source, int* lanes) =>
        new(Avx512F.PermuteVar16x32x2(source._v0, Vector512.Load(lanes), Vector512<float>.Zero));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTo(double* destination, Lanes512 value)
    {
        var (lower, upper) = Vector512.Widen(value._v0);
        (lower + Vector512.Load(destination)).Store(destination);
        (upper + Vector512.Load(destination + 8)).Store(destination + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Select(Vector512<float> condition, Vector512<float> a, Vector512<float> b) =>
        Vector512.ConditionalSelect(Vector512.GreaterThan(condition, Vector512<float>.Zero), a, b);

    /// <summary>If one operand is NaN, the native operations return the second operand or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Clip(Vector512<float> value, Vector512<float> least, Vector512<float> most) =>
        Vector512.MinNative(most, Vector512.MaxNative(least, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> PowerOfTwo(Vector512<float> exponent) =>
        ((Vector512.ConvertToInt32Native(exponent) + Vector512.Create(127)) << 23).AsSingle();
}
