namespace Dst.Kernels.Simd;

/// <summary>A long sum adds floats within a chunk, and the sums of the chunks in double.</summary>
internal static class Chunk
{
    /// <summary>Pixels that are summed in floats: few enough to lose nothing that matters, enough to hide the conversion.</summary>
    public const int Pixels = 64;
}
