using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The points where a form multiplies polynomials: 0, ±1 and infinity, then ±2, then ±½, in this order. The inputs' transform depends on
/// the points alone. All methods take a row or a column of vectors; pitches are in floats.
/// </summary>
internal unsafe interface IWinogradPoints<T> where T : unmanaged, ILanes<T>
{
    /// <summary>Number of points, and of inputs of a tile: m + r − 1.</summary>
    static abstract int Count { get; }

    /// <summary>Bᵀ: inputs to the products' inputs. A point p has the coefficients of M(x) / (x − p), infinity those of M(x) = x ∏ (x² − q²) over the pairs.</summary>
    static abstract void Input(float* source, nint sourcePitch, float* destination, nint pitch);

    /// <summary>B: the transpose of <see cref="Input"/>.</summary>
    static abstract void InputGradient(float* source, nint sourcePitch, float* destination, nint pitch);

    /// <summary>A or G: coefficients of a polynomial to its values at the points. The norm of a point is the product of its differences from the others.</summary>
    static abstract void Evaluate<TSide>(float* source, nint sourcePitch, float* destination, nint pitch) where TSide : IWinogradSide;

    /// <summary>Aᵀ or Gᵀ: the transpose of <see cref="Evaluate"/>.</summary>
    static abstract void EvaluateTransposed<TSide>(float* source, nint sourcePitch, float* destination, nint pitch) where TSide : IWinogradSide;
}

/// <summary>Bᵀ as a step.</summary>
internal readonly unsafe struct InputStep<T, TPoints> : IWinogradStep<T>
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
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch) => TPoints.Input(source, sourcePitch, destination, pitch);
}

/// <summary>B as a step.</summary>
internal readonly unsafe struct InputGradientStep<T, TPoints> : IWinogradStep<T>
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
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch) => TPoints.InputGradient(source, sourcePitch, destination, pitch);
}

/// <summary>A or G as a step.</summary>
internal readonly unsafe struct EvaluateStep<T, TPoints, TSide> : IWinogradStep<T>
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
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch) => TPoints.Evaluate<TSide>(source, sourcePitch, destination, pitch);
}

/// <summary>Aᵀ or Gᵀ as a step.</summary>
internal readonly unsafe struct EvaluateTransposedStep<T, TPoints, TSide> : IWinogradStep<T>
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
    public static void Apply(float* source, nint sourcePitch, float* destination, nint pitch) => TPoints.EvaluateTransposed<TSide>(source, sourcePitch, destination, pitch);
}
