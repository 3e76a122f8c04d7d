using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference;

/// <summary>How much memory values take in a session.</summary>
internal static class ValueLayout
{
    /// <summary>Floats of one image's value. Each image of bytes begins in a cache line of its own.</summary>
    public static long FloatsOf(LoweredValue value)
    {
        var length = value.Shape.BlockedLength;
        return value.Type == ElementType.Float32 ? length : Layout.RoundUp(length, Layout.CacheLine) / sizeof(float);
    }
}
