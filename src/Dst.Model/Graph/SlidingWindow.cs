using Dst.Kernels;

namespace Dst.Graph;

/// <summary>Shape rules of operations that slide a window over a map.</summary>
internal static class SlidingWindow
{
    /// <summary>Largest kernel, stride and padding.</summary>
    public const int MaxKernel = 64;

    /// <summary>Number of windows along one side of a map.</summary>
    /// <exception cref="InputException">The map is smaller than the window.</exception>
    public static int OutExtent(NodeLocation node, int extent, int kernel, int stride, int padding, bool ceilMode = false)
    {
        node.Expect(extent + 2 * padding - kernel >= 0,
            $"needs at least {kernel - 2 * padding} pixels a side but its input has {extent}; use a larger input or a shallower network");
        return WindowShape.OutExtent(extent, kernel, stride, padding, ceilMode);
    }

    /// <summary>The output of a square window that reads each channel on its own.</summary>
    /// <exception cref="InputException">The attributes are out of range, or the map is smaller than the window.</exception>
    public static FeatureShape Pool(
        NodeLocation node, Operation operation, FeatureShape x, int kernel, int stride, int padding, bool ceilMode)
    {
        node.Expect(kernel is >= 1 and <= MaxKernel && stride is >= 1 and <= MaxKernel && padding >= 0 && padding < kernel,
            $"has attributes out of range ({operation}); expected kernel and stride 1 to {MaxKernel} "
            + "and a padding smaller than the kernel");
        int Out(int extent) => OutExtent(node, extent, kernel, stride, padding, ceilMode);
        return new(x.Channels, Out(x.Height), Out(x.Width));
    }
}
