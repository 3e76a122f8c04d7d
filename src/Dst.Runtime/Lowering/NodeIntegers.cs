using Dst.Kernels;

namespace Dst.Runtime.Lowering;

/// <summary>
/// The integers with which a node computes on bytes. Every backend computes with them alone, so that all give the same bytes. A node sums:
/// <list type="bullet">
/// <item>a layer with weights: Σ weight·byte, where the padding is <see cref="Padding"/></item>
/// <item>a mean: the bytes of the window, times 2^<see cref="SumShift"/></item>
/// <item>a sum of two values, or a scale of channels: its first byte, times 2^<see cref="SumShift"/></item>
/// </list>
/// </summary>
public sealed record NodeIntegers
{
    /// <summary>Weights of a layer, in the shape of its floats; else null.</summary>
    public sbyte[]? Weight { get; init; }

    /// <summary>The byte in the padding: that of 0.</summary>
    public byte Padding { get; init; }

    /// <summary>Bits by which bytes are shifted up in a sum without weights.</summary>
    public int SumShift { get; init; }

    /// <summary>
    /// How sums become bytes, or null if they do not. A sum of two values has one multiplier for all channels. A mean has one for each
    /// number of elements from 1 on, or for the only number that there is. Other nodes have one for each channel.
    /// </summary>
    public Requantisation? ToBytes { get; init; }

    /// <summary>How the sums of a layer with weights become floats, or null.</summary>
    public SumScale? ToFloats { get; init; }

    /// <summary>For each input the output byte of each of its 256 bytes: for a function of single elements and for joined values.</summary>
    public IReadOnlyList<byte[]> Tables { get; init; } = [];
}
