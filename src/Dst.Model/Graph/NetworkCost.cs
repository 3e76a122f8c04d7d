using Dst.Masks;

namespace Dst.Graph;

/// <summary>What one convolution or linear layer costs for one image.</summary>
/// <param name="Name">The layer's name.</param>
/// <param name="WeightShape">[O, I, Kh, Kw] or [O, I].</param>
/// <param name="Output">Shape of its output.</param>
/// <param name="Weights">Number of weights, without biases.</param>
/// <param name="Nonzeros">Number of weights that its mask keeps; all of them without a mask.</param>
/// <param name="Macs">Multiply-accumulates when all weights are used.</param>
/// <param name="EffectiveMacs">Multiply-accumulates of the weights that are kept.</param>
public sealed record LayerCost(
    string Name, IReadOnlyList<int> WeightShape, FeatureShape Output, long Weights, long Nonzeros, long Macs, long EffectiveMacs);

/// <summary>What a network costs for one image: every layer with weights, and totals.</summary>
/// <param name="Layers">Convolutions and linear layers in the order of the graph.</param>
/// <param name="Weights">Trained parameters of the whole network: weights, biases, scales, shifts and slopes.</param>
public sealed record NetworkCost(IReadOnlyList<LayerCost> Layers, long Weights)
{
    /// <summary>Trained parameters that no mask prunes.</summary>
    public long Nonzeros => Weights - Layers.Sum(layer => layer.Weights - layer.Nonzeros);

    /// <summary>Multiply-accumulates of all layers when all weights are used.</summary>
    public long Macs => Layers.Sum(layer => layer.Macs);

    /// <summary>Multiply-accumulates of all layers when only the kept weights are used.</summary>
    public long EffectiveMacs => Layers.Sum(layer => layer.EffectiveMacs);

    /// <summary>Counts what <paramref name="graph"/> costs with <paramref name="masks"/> by layer name; null prunes nothing.</summary>
    public static NetworkCost Of(CheckedGraph graph, IReadOnlyDictionary<string, LayerMask>? masks = null)
    {
        var layers = new List<LayerCost>();
        var nodes = graph.Nodes.ToDictionary(node => node.Name);
        foreach (var weight in graph.Parameters.Where(parameter => parameter.Role == ParameterRole.Weight))
        {
            var output = graph.Shapes[weight.Layer];
            var uses = nodes[weight.Layer].Operation.WeightUses(graph.Shapes[nodes[weight.Layer].Inputs[0]], output);
            var pixels = (long)uses.Height * uses.Width;
            var kept = masks?.GetValueOrDefault(weight.Layer)?.KeptWeights ?? weight.Count;
            layers.Add(new(weight.Layer, weight.Shape, output, weight.Count, kept, weight.Count * pixels, kept * pixels));
        }

        var trained = graph.Parameters.Where(parameter => parameter.Role != ParameterRole.Statistic);
        return new(layers, trained.Sum(parameter => parameter.Count));
    }
}
