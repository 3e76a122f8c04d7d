namespace Dst.Kernels.Simd;

/// <summary>Long sums run in floats over chunks and in doubles over the chunks' results.</summary>
internal static class Chunk
{
    /// <summary>Pixels that are summed in floats: few enough to lose nothing that matters, enough to hide the conversion.</summary>
    public const int Pixels = 64;
}
