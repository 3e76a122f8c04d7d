namespace Dst.Graph;

/// <summary>What a parameter tensor is for. It decides initialisation, weight decay and whether the optimiser updates it.</summary>
public enum ParameterRole
{
    /// <summary>Weights of a convolution or linear layer.</summary>
    Weight,

    /// <summary>Bias of a convolution or linear layer.</summary>
    Bias,

    /// <summary>Factor for each channel: the scale (gamma) of a batch normalisation or the weight of an affine map.</summary>
    Scale,

    /// <summary>Summand for each channel: the shift (beta) of a batch normalisation or the bias of an affine map.</summary>
    Shift,

    /// <summary>Slope of a PReLU below 0.</summary>
    Slope,

    /// <summary>Running mean or variance, which is not trained.</summary>
    Statistic,
}

/// <summary>Name, role and shape of one parameter tensor that a graph needs.</summary>
/// <param name="Name">Name of the tensor, such as <c>conv1.weight</c>.</param>
/// <param name="Layer">Name of the node that it belongs to, such as <c>conv1</c>.</param>
/// <param name="Role">What it is for.</param>
/// <param name="Shape">Extent of each dimension.</param>
public sealed record ParameterShape(string Name, string Layer, ParameterRole Role, int[] Shape)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, extent) => product * extent);
}
