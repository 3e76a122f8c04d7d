namespace Dst.Kernels;

/// <summary>The packed weights of a <see cref="DirectConvolution"/>: floats, or integers of 16 bits with a scale for each filter.</summary>
public readonly unsafe struct DirectWeights
{
    internal readonly float* Floats;
    internal readonly short* Integers;
    internal readonly float* Scales;

    /// <summary>Floats.</summary>
    /// <param name="floats">Of <see cref="DirectConvolution.PackWeights"/>.</param>
    public DirectWeights(float* floats) => Floats = floats;

    /// <summary>Integers.</summary>
    /// <param name="integers">Of <see cref="DirectConvolution.RoundWeights"/>.</param>
    /// <param name="scales">Their scales, [FilterBlocks · 16].</param>
    public DirectWeights(short* integers, float* scales)
    {
        Integers = integers;
        Scales = scales;
    }

    /// <summary>Floats.</summary>
    public static implicit operator DirectWeights(float* floats) => new(floats);
}
