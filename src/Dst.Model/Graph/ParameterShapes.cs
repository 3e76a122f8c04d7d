namespace Dst.Graph;

/// <summary>What a parameter tensor is for; decides initialisation, weight decay and whether the optimiser sees it.</summary>
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

    /// <summary>Running mean or variance: a statistic, not trained.</summary>
    Statistic,
}

/// <summary>Name, role and shape of one parameter tensor that a graph needs.</summary>
public sealed record ParameterShape(string Name, string Layer, ParameterRole Role, int[] Shape)
{
    /// <summary>Number of elements.</summary>
    public long Count => Shape.Aggregate(1L, (product, extent) => product * extent);

    /// <summary>All parameters of a legal graph, in the order of its nodes.</summary>
    /// <exception cref="InputException">The graph is not legal.</exception>
    public static IReadOnlyList<ParameterShape> Of(NetworkGraph graph)
    {
        var shapes = GraphChecker.Check(graph);
        var result = new List<ParameterShape>();
        foreach (var node in graph.Nodes)
        {
            var inputs = shapes[node.Inputs[0]].Channels;
            void Add(string suffix, ParameterRole role, params int[] shape) => result.Add(new($"{node.Name}.{suffix}", node.Name, role, shape));
            switch (node.Operation)
            {
                case Conv2dOp c:
                    Add("weight", ParameterRole.Weight, c.OutChannels, inputs / c.Groups, c.KernelHeight, c.KernelWidth);
                    if (c.Bias) Add("bias", ParameterRole.Bias, c.OutChannels);
                    break;
                case LinearOp l:
                    Add("weight", ParameterRole.Weight, l.OutFeatures, inputs);
                    if (l.Bias) Add("bias", ParameterRole.Bias, l.OutFeatures);
                    break;
                case BatchNormOp:
                    Add("weight", ParameterRole.Scale, inputs);
                    Add("bias", ParameterRole.Shift, inputs);
                    Add("running_mean", ParameterRole.Statistic, inputs);
                    Add("running_var", ParameterRole.Statistic, inputs);
                    break;
                case AffineOp:
                    Add("weight", ParameterRole.Scale, inputs);
                    Add("bias", ParameterRole.Shift, inputs);
                    break;
                case PReluOp:
                    Add("weight", ParameterRole.Slope, inputs);
                    break;
            }
        }

        return result;
    }
}
