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

    /// <summary>The same network without the normalisations that can be folded: those that alone read a layer with weights.</summary>
    public static Model Apply(Model model)
    {
        var (graph, parameters) = (model.Graph, model.Parameters.ToDictionary());
        var readers = graph.Nodes.SelectMany(node => node.Inputs).CountBy(name => name).ToDictionary();
        var nodes = graph.Nodes.ToDictionary(node => node.Name);
        var folded = new Dictionary<string, Node>();
        foreach (var node in graph.Nodes.Where(node => node.Operation.ScalesChannels))
        {
            if (!nodes.TryGetValue(node.Inputs[0], out var layer) || !layer.Operation.IsWeighted || readers[layer.Name] != 1) continue;
            var (scale, shift) = (new float[graph.Shapes[node.Name].Channels], new float[graph.Shapes[node.Name].Channels]);
            node.Operation.FoldChannels(suffix => parameters[$"{node.Name}.{suffix}"].Data, scale, shift);
            var weight = parameters[$"{layer.Name}.weight"];
            var (values, bias) = Fold(weight.Data, parameters.GetValueOrDefault($"{layer.Name}.bias")?.Data, scale, shift);
            parameters[$"{layer.Name}.weight"] = new(weight.Shape, values);
            parameters[$"{layer.Name}.bias"] = new([bias.Length], bias);
            folded.Add(node.Name, layer with { Operation = layer.Operation.WithBias() });
        }

        var dropped = folded.Values.Select(layer => layer.Name).ToHashSet();
        string Renamed(string name) => folded.TryGetValue(name, out var layer) ? layer.Name : name;
        // A layer moves to the place of its normalisation, so that the last node stays the last.
        Node[] rest =
        [
            .. graph.Nodes.Where(node => !dropped.Contains(node.Name)).Select(node => folded.GetValueOrDefault(node.Name, node))
                .Select(node => node with { Inputs = [.. node.Inputs.Select(Renamed)] }),
        ];
        var result = new CheckedGraph(graph.Definition with { Nodes = rest });
        var kept = result.Parameters.ToDictionary(shape => shape.Name, shape => parameters[shape.Name]);
        return model with { Graph = result, Parameters = kept };
    }
}
