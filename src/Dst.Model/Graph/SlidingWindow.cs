using Dst.Kernels;

namespace Dst.Graph;

/// <summary>Shape rules of operations that slide a window over a map.</summary>
internal static class SlidingWindow
{
    /// <summary>Largest kernel, stride and padding.</summary>
    public const int MaxKernel = 64;

    /// <summary>Number of windows along one side of a map.</summary>
    /// <exception cref="InputException">The map is smaller than the window.</exception>
    public static int OutExtent(NodeLocation node, int extent, int kernel, int stride, int padding) =>
        OutExtent(node, extent, kernel, stride, padding, padding, ceilMode: false);

    /// <summary>The output of a window that reads each channel on its own.</summary>
    /// <exception cref="InputException">The attributes are out of range, or the map is smaller than the window.</exception>
    public static FeatureShape Pool(NodeLocation node, WindowShape w)
    {
        // A window over a whole side may be larger than others.
        static bool IsLegal(int kernel, int stride, int before, int after, int extent) =>
            kernel >= 1 && kernel <= Math.Max(MaxKernel, extent) && stride is >= 1 and <= MaxKernel
            && before >= 0 && before < kernel && after >= 0 && after < kernel;
        node.Expect(
            IsLegal(w.KernelHeight, w.Stride, w.Sides.Top, w.Sides.Bottom, w.Height)
            && IsLegal(w.KernelWidth, w.StrideWidth, w.Sides.Left, w.Sides.Right, w.Width),
            Invariant($"has a window of {w.KernelHeight}x{w.KernelWidth} in steps of {w.Stride} and {w.StrideWidth} ")
            + $"with the padding {w.Sides}; "
            + $"expected kernel and stride 1 to {MaxKernel} and a padding smaller than the kernel");
        return new(
            w.Channels,
            OutExtent(node, w.Height, w.KernelHeight, w.Stride, w.Sides.Top, w.Sides.Bottom, w.CeilMode),
            OutExtent(node, w.Width, w.KernelWidth, w.StrideWidth, w.Sides.Left, w.Sides.Right, w.CeilMode));
    }

    private static int OutExtent(NodeLocation node, int extent, int kernel, int stride, int before, int after, bool ceilMode)
    {
        node.Expect(before + extent + after - kernel >= 0,
            $"needs at least {kernel - before - after} pixels a side but its input has {extent}; "
            + "use a larger input or a shallower network");
        return WindowShape.OutExtent(extent, kernel, stride, before, after, ceilMode);
    }
}
