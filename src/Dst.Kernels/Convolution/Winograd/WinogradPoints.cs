using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The points where a form multiplies polynomials; the transform of inputs depends on them alone. All methods take a row or a column
/// of vectors; pitches are in floats.
/// </summary>
/// <remarks>
/// With M(x) = ∏ (x − p) over the finite points, a point's row of Bᵀ has the coefficients of M(x) / (x − p), that of infinity those of
/// M(x). Outputs and weights are polynomials too, of which A and G take the values, at infinity the highest coefficient; weights are
/// scaled by 1 / ∏ (p − q) over the other finite points.
/// Each set of points is written out: the JIT inlines only straight-line code, and the order of additions is part of the results.
/// </remarks>
internal unsafe interface IWinogradPoints<T> where T : unmanaged, IVector<T>
{
    /// <summary>Number of products, and of inputs of a tile.</summary>
    static abstract int Count { get; }

    /// <summary>Bᵀ: inputs to factors of the products.</summary>
    static abstract void Input(float* source, nint sourcePitch, float* destination, nint pitch);

    /// <summary>B: the transpose of <see cref="Input"/>.</summary>
    static abstract void InputGradient(float* source, nint sourcePitch, float* destination, nint pitch);

    /// <summary>A or G: outputs' gradients, or weights, to factors of the products.</summary>
    static abstract void Evaluate<TSide>(float* source, nint sourcePitch, float* destination, nint pitch) where TSide : IWinogradSide;

    /// <summary>Aᵀ or Gᵀ: the transpose of <see cref="Evaluate"/>.</summary>
    static abstract void EvaluateTransposed<TSide>(float* source, nint sourcePitch, float* destination, nint pitch)
        where TSide : IWinogradSide;
}

/// <summary>A row or a column of vectors.</summary>
internal interface IVectorSource<T> where T : unmanaged, IVector<T>
{
    /// <summary>Vector <paramref name="i"/>, a constant to the JIT.</summary>
    T Load(int i);
}

/// <summary>Vectors in memory that are equally far apart, in floats.</summary>
internal readonly unsafe struct PitchedVectors<T>(float* start, nint pitch) : IVectorSource<T> where T : unmanaged, IVector<T>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load(int i) => T.Load(start + i * pitch);
}

// One struct for each method: the JIT inlines a static method of a type argument, but not a delegate.

/// <summary>Bᵀ as a transform.</summary>
internal readonly unsafe struct InputTransform<T, TPoints> : IWinogradTransform<T>
    where T : unmanaged, ILanes<T>
    where TPoints : IWinogradPoints<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TPoints.Count;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TPoints.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch) =>
        TPoints.Input(source, sourcePitch, destination, pitch);
}

/// <summary>B as a transform.</summary>
internal readonly unsafe struct InputGradientTransform<T, TPoints> : IWinogradTransform<T>
    where T : unmanaged, ILanes<T>
    where TPoints : IWinogradPoints<T>
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TPoints.Count;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TPoints.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch) =>
        TPoints.InputGradient(source, sourcePitch, destination, pitch);
}

/// <summary>A or G as a transform.</summary>
internal readonly unsafe struct EvaluateTransform<T, TPoints, TSide> : IWinogradTransform<T>
    where T : unmanaged, ILanes<T>
    where TPoints : IWinogradPoints<T>
    where TSide : IWinogradSide
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSide.Coefficients;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TPoints.Count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch) =>
        TPoints.Evaluate<TSide>(source, sourcePitch, destination, pitch);
}

/// <summary>Aᵀ or Gᵀ as a transform.</summary>
internal readonly unsafe struct EvaluateTransposedTransform<T, TPoints, TSide> : IWinogradTransform<T>
    where T : unmanaged, ILanes<T>
    where TPoints : IWinogradPoints<T>
    where TSide : IWinogradSide
{
    public static int In
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TPoints.Count;
    }

    public static int Out
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSide.Coefficients;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch) =>
        TPoints.EvaluateTransposed<TSide>(source, sourcePitch, destination, pitch);
}
