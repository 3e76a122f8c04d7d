namespace Dst.Runtime.Lowering.Passes;

/// <summary>(W·x + b) · scale + shift → (scale·W)·x + (b · scale + shift), where nothing else reads W·x + b.</summary>
internal static class FoldBatchNorm
{
    /// <summary>Rewrites the graph.</summary>
    public static void Apply(PlanGraph graph)
    {
        foreach (var normalisation in graph.Nodes.Where(node => node.Operation.ScalesChannels).ToList())
        {
            if (graph.ProducerOf(normalisation.Inputs[0]) is { Operation.IsWeighted: true } layer && graph.Readers(layer.Output) == 1)
                graph.Fuse(layer, normalisation, Fold(layer, normalisation, graph.Shapes[layer.Output].Channels));
        }
    }

    private static PlanNode Fold(PlanNode layer, PlanNode normalisation, int filters)
    {
        var (scale, shift) = (normalisation.Weight!, normalisation.Bias!);
        var weight = (float[])layer.Weight!.Clone();
        var bias = new float[filters];
        var row = weight.Length / filters;
        for (var filter = 0; filter < filters; filter++)
        {
            foreach (ref var w in weight.AsSpan(filter * row, row)) w *= scale[filter];
            bias[filter] = (layer.Bias is null ? 0 : layer.Bias[filter] * scale[filter]) + shift[filter];
        }

        return layer with { Output = normalisation.Output, Weight = weight, Bias = bias };
    }
}
