using Dst.Graph;
using Dst.Masks;

namespace Dst.Training.Autodiff;

/// <summary>One parameter tensor of a network in training: its value, its gradient and its mask.</summary>
public sealed class Parameter
{
    /// <summary>Wraps a value; parameters that are trained get a gradient of the same length.</summary>
    public Parameter(ParameterShape shape, float[] value)
    {
        Shape = shape;
        Value = value;
        Gradient = shape.Role == ParameterRole.Statistic ? [] : new float[value.Length];
    }

    /// <summary>Name, layer, role and extents.</summary>
    public ParameterShape Shape { get; }

    /// <summary>Values in canonical layout.</summary>
    public float[] Value { get; }

    /// <summary>Gradient of the loss, overwritten by each backward pass; empty for statistics.</summary>
    public float[] Gradient { get; }

    /// <summary>Mask of a pruned convolution weight: pruned positions stay zero at each optimiser step.</summary>
    public LayerMask? Mask { get; set; }

    /// <summary>Whether the optimiser updates it.</summary>
    public bool IsTrained => Shape.Role != ParameterRole.Statistic;
}
