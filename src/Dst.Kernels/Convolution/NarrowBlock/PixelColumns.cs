using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>A register tile of some filters × some columns of 16 neighbouring output pixels.</summary>
internal unsafe interface IPixelColumns<T> where T : unmanaged, ILanes<T>
{
    /// <summary>Number of columns of 16 pixels.</summary>
    static abstract int Width { get; }

    /// <summary>Adds each filter's weight × the pixels' inputs, for one tap.</summary>
    /// <param name="pixels">The tap's input at the first output pixel.</param>
    /// <param name="weights">The tap's weight in each filter.</param>
    void MultiplyAdd(float* pixels, float* weights);

    /// <summary>Writes the sums, the rows of filters <paramref name="pitch"/> floats apart.</summary>
    void Store(float* destination, nint pitch);
}

/// <summary>One column.</summary>
internal unsafe struct PixelColumn<T, TFilters> : IPixelColumns<T>
    where T : unmanaged, ILanes<T>
    where TFilters : unmanaged, IAccumulators<T>
{
    private TFilters _sums;

    public PixelColumn() => _sums = default;

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* pixels, float* weights) => _sums.MultiplyAdd(weights, 1, T.Load(pixels));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch) => _sums.Store(destination, pitch);
}

/// <summary>The columns of one tile and then those of another.</summary>
internal unsafe struct JoinColumns<T, TLeft, TRight> : IPixelColumns<T>
    where T : unmanaged, ILanes<T>
    where TLeft : unmanaged, IPixelColumns<T>
    where TRight : unmanaged, IPixelColumns<T>
{
    private TLeft _left;
    private TRight _right;

    public JoinColumns()
    {
        _left = default;
        _right = default;
    }

    public static int Width
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TLeft.Width + TRight.Width;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* pixels, float* weights)
    {
        _left.MultiplyAdd(pixels, weights);
        _right.MultiplyAdd(pixels + TLeft.Width * Layout.Block, weights);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Store(float* destination, nint pitch)
    {
        _left.Store(destination, pitch);
        _right.Store(destination + TLeft.Width * Layout.Block, pitch);
    }
}
