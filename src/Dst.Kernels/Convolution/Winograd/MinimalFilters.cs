namespace Dst.Kernels;

/// <summary>Winograd's minimal filter F(m, r): m neighbouring outputs of r taps with m + r − 1 multiplications with stride 1.</summary>
internal interface IMinimalFilter
{
    /// <summary>Outputs m.</summary>
    static abstract int Tile { get; }

    /// <summary>Taps r.</summary>
    static abstract int Kernel { get; }
}

/// <summary>F(2, 3).</summary>
internal readonly struct F2x3 : IMinimalFilter
{
    public static int Tile => 2;

    public static int Kernel => 3;
}

/// <summary>F(4, 3).</summary>
internal readonly struct F4x3 : IMinimalFilter
{
    public static int Tile => 4;

    public static int Kernel => 3;
}

/// <summary>F(8, 3).</summary>
internal readonly struct F8x3 : IMinimalFilter
{
    public static int Tile => 8;

    public static int Kernel => 3;
}

/// <summary>F(2, 5).</summary>
internal readonly struct F2x5 : IMinimalFilter
{
    public static int Tile => 2;

    public static int Kernel => 5;
}

/// <summary>F(4, 5).</summary>
internal readonly struct F4x5 : IMinimalFilter
{
    public static int Tile => 4;

    public static int Kernel => 5;
}

/// <summary>F(3, 6).</summary>
internal readonly struct F3x6 : IMinimalFilter
{
    public static int Tile => 3;

    public static int Kernel => 6;
}

/// <summary>What a filter reads as coefficients of a polynomial.</summary>
internal interface IWinogradSide
{
    /// <summary>Number of coefficients, 2 to 8.</summary>
    static abstract int Coefficients { get; }

    /// <summary>Whether values are scaled for the points.</summary>
    static abstract bool IsScaled { get; }
}

/// <summary>The outputs of a tile: A.</summary>
internal readonly struct OutputSide<TFilter> : IWinogradSide where TFilter : IMinimalFilter
{
    public static int Coefficients => TFilter.Tile;

    public static bool IsScaled => false;
}

/// <summary>The weights: G.</summary>
internal readonly struct KernelSide<TFilter> : IWinogradSide where TFilter : IMinimalFilter
{
    public static int Coefficients => TFilter.Kernel;

    public static bool IsScaled => true;
}
