using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference;

/// <summary>How much memory values take in a session.</summary>
internal static class ValueLayout
{
    private const int CacheLine = 64;

    /// <summary>Floats of one image's value. Each image of bytes begins in a cache line of its own.</summary>
    public static long FloatsOf(LoweredValue value)
    {
        var length = Layout.ImageLength(value.Shape.Channels, value.Shape.Height * value.Shape.Width);
        return value.Type == ElementType.Float32 ? length : (length + CacheLine - 1) / CacheLine * (CacheLine / sizeof(float));
    }
}
