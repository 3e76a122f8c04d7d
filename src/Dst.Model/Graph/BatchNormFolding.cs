namespace Dst.Graph;

/// <summary>Folds a scale and shift of each channel into the layer with weights before it.</summary>
/// <example>
/// <code>
/// var folded = BatchNormFolding.Apply(Model.Load("dense.safetensors"));
/// </code>
/// </example>
public static class BatchNormFolding
{
    /// <summary>(W·x + b)·scale + shift as (scale·W)·x + (b·scale + shift).</summary>
    /// <param name="weight">[O, …].</param>
    /// <param name="bias">[O], or null for 0.</param>
    /// <param name="scale">[O].</param>
    /// <param name="shift">[O].</param>
    public static (float[] Weight, float[] Bias) Fold(float[] weight, float[]? bias, float[] scale, float[] shift)
    {
        var (folded, sums, row) = ((float[])weight.Clone(), new float[scale.Length], weight.Length / scale.Length);
        for (var filter = 0; filter < scale.Length; filter++)
        {
            foreach (ref var w in folded.AsSpan(filter * row, row)) w *= scale[filter];
            sums[filter] = (bias is null ? 0 : bias[filter] * scale[filter]) + shift[filter];
        }

        return (folded, sums);
    }

    /// <summary>
    /// The same network without normalisations. Those that alone read a layer with weights are folded into it; others become a factor and
    /// a summand for each channel. Statistics are the running ones.
    /// </summary>
    public static Model Apply(Model model)
    {
        var (graph, parameters) = (model.Graph, model.Parameters.ToDictionary());
        var layers = FoldedLayers(graph);
        foreach (var node in graph.Nodes.Where(node => node.Operation.ScalesChannels))
        {
            var (scale, shift) = node.Operation.FoldChannels(suffix => parameters[$"{node.Name}.{suffix}"].Data);
            if (layers.TryGetValue(node.Name, out var layer))
            {
                var weight = parameters[$"{layer.Name}.weight"];
                var folded = Fold(weight.Data, parameters.GetValueOrDefault($"{layer.Name}.bias")?.Data, scale, shift);
                Set(layer.Name, weight.Shape, folded.Weight, folded.Bias);
            }
            else
            {
                Set(node.Name, [scale.Length], scale, shift);
            }
        }

        var result = Apply(graph);
        var kept = result.Parameters.ToDictionary(shape => shape.Name, shape => parameters[shape.Name]);
        return model with { Graph = result, Parameters = kept };

        void Set(string name, int[] weightShape, float[] weight, float[] bias)
        {
            parameters[$"{name}.weight"] = new(weightShape, weight);
            parameters[$"{name}.bias"] = new([bias.Length], bias);
        }
    }

    /// <summary>The graph of <see cref="Apply(Model)"/>.</summary>
    public static CheckedGraph Apply(CheckedGraph graph)
    {
        var layers = FoldedLayers(graph);
        var dropped = layers.Values.Select(layer => layer.Name).ToHashSet();
        string Renamed(string name) => layers.TryGetValue(name, out var layer) ? layer.Name : name;
        // A layer moves to the place of its normalisation, so that the last node stays the last.
        Node[] rest =
        [
            .. graph.Nodes.Where(node => !dropped.Contains(node.Name)).Select(node => layers.GetValueOrDefault(node.Name, node))
                .Select(node => node with
                {
                    Operation = node.Operation.ScalesChannels ? new AffineOp() : node.Operation,
                    Inputs = [.. node.Inputs.Select(Renamed)],
                }),
        ];
        return new(graph.Definition with { Nodes = rest });
    }

    /// <summary>For each normalisation that is folded the layer that takes it, with a bias.</summary>
    private static Dictionary<string, Node> FoldedLayers(CheckedGraph graph)
    {
        var readers = graph.Nodes.SelectMany(node => node.Inputs).CountBy(name => name).ToDictionary();
        var nodes = graph.Nodes.ToDictionary(node => node.Name);
        return graph.Nodes.Where(node => node.Operation.ScalesChannels)
            .Select(node => (node.Name, Layer: nodes.GetValueOrDefault(node.Inputs[0])))
            .Where(pair => pair.Layer is { Operation.IsWeighted: true } layer && readers[layer.Name] == 1)
            .ToDictionary(pair => pair.Name, pair => pair.Layer! with { Operation = pair.Layer.Operation.WithBias() });
    }
}
