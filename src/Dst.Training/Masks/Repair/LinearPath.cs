using Dst.Graph;

namespace Dst.Training.Masks.Repair;

/// <summary>
/// What follows a layer with weights up to the next function that is not linear: normalisations, affine maps and sums with features that
/// are known when the layer is fitted. The end of the path is where the layer's output should agree with the dense network. So in a
/// residual network the second convolution of a block makes up for what the residual stream has lost before.
/// </summary>
/// <param name="Layer">The layer.</param>
/// <param name="Steps">The nodes behind it, each the only reader of the one before.</param>
/// <param name="IsRectified">Whether a ReLU alone reads the end.</param>
internal sealed record LinearPath(Node Layer, IReadOnlyList<Node> Steps, bool IsRectified)
{
    /// <summary>The node at the end.</summary>
    public string End => Steps.Count == 0 ? Layer.Name : Steps[^1].Name;

    /// <summary>Whether a constant can be added to each channel of the layer's output: by its bias or a normalisation behind it.</summary>
    public bool HasIntercept => HasBias || Steps.Count > 0 && Steps[0].Operation.ScalesChannels;

    /// <summary>Whether the layer has a bias.</summary>
    public bool HasBias => Layer.Operation is Conv2dOp { Bias: true } or LinearOp { Bias: true };

    /// <summary>The path behind a layer.</summary>
    public static LinearPath From(CheckedGraph graph, Node layer)
    {
        var known = graph.Nodes.TakeWhile(node => node != layer).Select(node => node.Name).Append(NetworkGraph.InputName).ToHashSet();
        var path = new LinearPath(layer, [], IsRectified: false);
        while (OnlyReader(graph, path.End) is { } reader)
        {
            if (reader.Operation is ReluOp) return path with { IsRectified = true };
            var isLinear = reader.Operation.ScalesChannels || reader.Operation.IsIdentityInInference
                || reader.Operation is AddOp && reader.Inputs.All(name => name == path.End || known.Contains(name));
            if (!isLinear) break;
            path = path with { Steps = [.. path.Steps, reader] };
        }

        return path;
    }

    private static Node? OnlyReader(CheckedGraph graph, string name)
    {
        if (graph.Nodes.Sum(node => node.Inputs.Count(input => input == name)) + (name == graph.Output.Name ? 1 : 0) != 1) return null;
        return graph.Nodes.FirstOrDefault(node => node.Inputs.Contains(name));
    }
}
