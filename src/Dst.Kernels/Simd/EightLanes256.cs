using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>Eight lanes as 1 vector of 256 bits.</summary>
internal readonly unsafe struct EightLanes256 : ITileLanes<EightLanes256>
{
    private readonly Vector256<float> _v;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public EightLanes256(Vector256<float> v) => _v = v;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8;
    }

    public static EightLanes256 Zero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => default;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes256 Load(float* source) => new(Vector256.Load(source));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes256 LoadWhere(float* source, EightLanes256 mask) => new(Avx.MaskLoad(source, mask._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes256 And(EightLanes256 a, EightLanes256 b) => new(a._v & b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Square<TRows>(float* source, int* places, TRows rows) where TRows : struct, IRowWriter<EightLanes256> =>
        Transpose.SquareOfEights(source, places, rows);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float* destination, EightLanes256 value) => value._v.Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes256 Broadcast(float value) => new(Vector256.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes256 Add(EightLanes256 a, EightLanes256 b) => new(a._v + b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes256 Subtract(EightLanes256 a, EightLanes256 b) => new(a._v - b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes256 Multiply(EightLanes256 a, EightLanes256 b) => new(a._v * b._v);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes256 MultiplyAdd(EightLanes256 a, EightLanes256 b, EightLanes256 c) =>
        new(Vector256.MultiplyAddEstimate(a._v, b._v, c._v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes256 Max(EightLanes256 a, EightLanes256 b) => new(Vector256.Max(a._v, b._v));

    /// <summary>If one operand is NaN, the native operations return the second operand or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static EightLanes256 Clip(EightLanes256 value, EightLanes256 least, EightLanes256 most) =>
        new(Vector256.MinNative(most._v, Vector256.MaxNative(least._v, value._v)));
}
