using System.Runtime.CompilerServices;

namespace Dst.Kernels;

/// <summary>F(m, r): m neighbouring outputs of r taps by m + r − 1 multiplications.</summary>
internal interface IWinogradForm
{
    /// <summary>Outputs m.</summary>
    static abstract int Tile { get; }

    /// <summary>Taps r.</summary>
    static abstract int Kernel { get; }
}

/// <summary>F(2, 3).</summary>
internal readonly struct F2x3 : IWinogradForm
{
    public static int Tile => 2;

    public static int Kernel => 3;
}

/// <summary>F(4, 3).</summary>
internal readonly struct F4x3 : IWinogradForm
{
    public static int Tile => 4;

    public static int Kernel => 3;
}

/// <summary>F(2, 5).</summary>
internal readonly struct F2x5 : IWinogradForm
{
    public static int Tile => 2;

    public static int Kernel => 5;
}

/// <summary>F(4, 5).</summary>
internal readonly struct F4x5 : IWinogradForm
{
    public static int Tile => 4;

    public static int Kernel => 5;
}

/// <summary>F(3, 6).</summary>
internal readonly struct F3x6 : IWinogradForm
{
    public static int Tile => 3;

    public static int Kernel => 6;
}

/// <summary>
/// The points where a form multiplies polynomials: 0, as many of ±1, ±2, ±½ as it needs, and infinity. Forms with as many points share
/// their transform of inputs. All of it is constant once it is compiled.
/// </summary>
internal static class WinogradPoints<TForm> where TForm : IWinogradForm
{
    /// <summary>Number of points, and of inputs of a tile.</summary>
    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TForm.Tile + TForm.Kernel - 1;
    }

    /// <summary>Pairs of points ±p, at most three.</summary>
    public static int Pairs
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Count / 2 - 1;
    }

    /// <summary>The positive point of a pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Point(int pair) => pair switch { 0 => 1, 1 => 2, _ => 0.5f };

    /// <summary>The positive point of a pair to the power of 0 to 5.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Power(int pair, int exponent) => exponent switch
    {
        0 => 1,
        1 => Point(pair),
        2 => Square(pair),
        3 => Square(pair) * Point(pair),
        4 => Square(pair) * Square(pair),
        _ => Square(pair) * Square(pair) * Point(pair),
    };

    /// <summary>Coefficient of x²ᵏ in the product of (x² − p²) over all pairs but <paramref name="without"/>, which is −1 for none; 0 where there is no such power or pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Coefficient(int without, int k)
    {
        float a = Factor(0, without), b = Factor(1, without), c = Factor(2, without); // an absent factor counts as x², so powers are counted from the top
        var degree = without < 0 ? Pairs : Pairs - 1;
        if (k < 0 || k > degree || without >= Pairs) return 0;
        return (degree - k) switch { 0 => 1, 1 => -(a + b + c), 2 => a * b + b * c + c * a, _ => -a * b * c };
    }

    /// <summary>What G divides by for the point 0.</summary>
    public static float NormOfZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Coefficient(-1, 0);
    }

    /// <summary>What G divides by for both points of a pair: the product of their differences from the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Norm(int pair) =>
        2 * Square(pair) * (Coefficient(pair, 0) + Coefficient(pair, 1) * Power(pair, 2) + Coefficient(pair, 2) * Power(pair, 4));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Square(int pair) => Point(pair) * Point(pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Factor(int pair, int without) => pair < Pairs && pair != without ? Square(pair) : 0;
}

/// <summary>What a form has as coefficients of a polynomial.</summary>
internal interface IWinogradSide
{
    /// <summary>Number of coefficients, 2 to 6.</summary>
    static abstract int Coefficients { get; }

    /// <summary>Whether the values are divided by the points' norms; one factor of each product has to be.</summary>
    static abstract bool IsNormalised { get; }
}

/// <summary>The outputs of a tile: A.</summary>
internal readonly struct OutputSide<TForm> : IWinogradSide where TForm : IWinogradForm
{
    public static int Coefficients => TForm.Tile;

    public static bool IsNormalised => false;
}

/// <summary>The weights: G.</summary>
internal readonly struct KernelSide<TForm> : IWinogradSide where TForm : IWinogradForm
{
    public static int Coefficients => TForm.Kernel;

    public static bool IsNormalised => true;
}

/// <summary>The elements of A and G.</summary>
internal static class SidePoints<TForm, TSide>
    where TForm : IWinogradForm
    where TSide : IWinogradSide
{
    /// <summary>The factor of the first coefficient at the point 0.</summary>
    public static float FactorOfZero
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TSide.IsNormalised ? 1 / WinogradPoints<TForm>.NormOfZero : 1;
    }

    /// <summary>The factor of a power of x at the positive point of a pair; 0 where there is no such power or pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Factor(int pair, int power)
    {
        if (power >= TSide.Coefficients || pair >= WinogradPoints<TForm>.Pairs) return 0;
        return TSide.IsNormalised ? WinogradPoints<TForm>.Power(pair, power) / WinogradPoints<TForm>.Norm(pair) : WinogradPoints<TForm>.Power(pair, power);
    }
}
