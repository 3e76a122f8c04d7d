using Dst.Graph;
using Dst.Kernels;
using Dst.Masks;

namespace Dst.Runtime.Lowering;

/// <summary>One operation of a network that is being compiled, with what passes have fused into it.</summary>
/// <param name="Layer">Name of the layer that it comes from.</param>
/// <param name="Operation">What it computes.</param>
/// <param name="Inputs">Names of the values that it reads.</param>
/// <param name="Output">Name of the value that it writes: that of the last node fused into it.</param>
internal sealed record PlanNode(string Layer, Operation Operation, IReadOnlyList<string> Inputs, string Output)
{
    /// <summary>Weights in their canonical layout; of a batch normalisation or an affine map the scale, padded to whole blocks.</summary>
    public float[]? Weight { get; init; }

    /// <summary>Bias [O]; of a batch normalisation or an affine map the shift, padded to whole blocks.</summary>
    public float[]? Bias { get; init; }

    /// <summary>What of the weights is kept, or null for all.</summary>
    public LayerMask? Mask { get; init; }

    /// <summary>The value that is added to the result, or null.</summary>
    public string? Residual { get; init; }

    /// <summary>What the result is clipped to at last.</summary>
    public Bounds Bounds { get; init; } = Bounds.None;

    /// <summary>All values that it reads.</summary>
    public IEnumerable<string> Reads => Residual is null ? Inputs : Inputs.Append(Residual);
}
