namespace Dst.Kernels.Simd;

/// <summary>The widths of vectors that the kernels are compiled for, narrowest first.</summary>
public enum SimdTier
{
    /// <summary>No vectors: the reference implementations run.</summary>
    Scalar,

    /// <summary>128-bit vectors (SSE, NEON).</summary>
    V128,

    /// <summary>256-bit vectors with fused multiply-add (AVX2).</summary>
    V256,

    /// <summary>512-bit vectors (AVX-512).</summary>
    V512,
}
