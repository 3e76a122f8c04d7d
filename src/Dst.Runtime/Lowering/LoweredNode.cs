using Dst.Graph;
using Dst.Kernels;
using Dst.Masks;

namespace Dst.Runtime.Lowering;

/// <summary>One operation of a lowered program, with what passes have fused into it.</summary>
/// <param name="Layer">Name of the layer that it comes from.</param>
/// <param name="Operation">What it computes.</param>
/// <param name="Inputs">Names of the values that it reads.</param>
/// <param name="Output">Name of the value that it writes: that of the last layer fused into it.</param>
public record LoweredNode(string Layer, Operation Operation, IReadOnlyList<string> Inputs, string Output)
{
    /// <summary>
    /// Weights [O, I, Kh, Kw] of a convolution or [O, I] of a linear layer, scale [C] of a batch normalisation or an affine map, slope [C]
    /// of a PReLU; else null.
    /// </summary>
    public float[]? Weight { get; init; }

    /// <summary>Bias [O] of a layer with weights, or shift [C] of a batch normalisation or an affine map; else null.</summary>
    public float[]? Bias { get; init; }

    /// <summary>Which weights are kept, or null for all.</summary>
    public LayerMask? Mask { get; init; }

    /// <summary>The value that is added to the result, or null.</summary>
    public string? Residual { get; init; }

    /// <summary>The bounds to which the result is clipped, after the sum.</summary>
    public Bounds Bounds { get; init; } = Bounds.None;

    /// <summary>The integers with which it computes on bytes, or null if it computes on floats.</summary>
    public NodeIntegers? Integers { get; init; }

    /// <summary>All values that it reads.</summary>
    public IEnumerable<string> Reads => Residual is null ? Inputs : Inputs.Append(Residual);

    /// <summary>Bytes of the weights that its mask keeps, as floats. Transforms of 8-bit weights make 3.6 to 8 bytes of each.</summary>
    internal long KeptWeightBytes => sizeof(float) * (Mask?.KeptWeights ?? Weight?.Length ?? 0L);

    /// <summary>This node with another value in place of each that it reads.</summary>
    internal LoweredNode WithReads(Func<string, string> replace) => this with
    {
        Inputs = [.. Inputs.Select(replace)],
        Residual = Residual is null ? null : replace(Residual),
    };
}

/// <summary>A depthwise convolution: each channel has one filter of its own.</summary>
/// <param name="Layer">Name of the layer that it comes from.</param>
/// <param name="Operation">The convolution.</param>
/// <param name="Inputs">Name of the value that it reads.</param>
/// <param name="Output">Name of the value that it writes.</param>
/// <param name="Window">The window that moves over each channel. Weights are [C, 1, Kh, Kw].</param>
public sealed record LoweredDepthwiseNode(
    string Layer, Operation Operation, IReadOnlyList<string> Inputs, string Output, WindowShape Window)
    : LoweredNode(Layer, Operation, Inputs, Output);
