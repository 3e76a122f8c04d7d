namespace Dst.Runtime.Lowering.Passes;

/// <summary>(W·x + b) · scale + shift → (scale·W)·x + (b · scale + shift), if nothing else reads W·x + b.</summary>
internal static class FoldBatchNorm
{
    /// <summary>Rewrites the program.</summary>
    public static void Apply(ProgramRewriter program)
    {
        foreach (var normalisation in program.Nodes.Where(node => node.Operation.ScalesChannels))
        {
            if (program.ProducerOf(normalisation.Inputs[0]) is { Operation.IsWeighted: true } layer && program.ReadersOf(layer.Output) == 1)
                program.Fuse(layer, normalisation, Fold(layer, normalisation, program.ShapeOf(layer.Output).Channels));
        }
    }

    private static LoweredNode Fold(LoweredNode layer, LoweredNode normalisation, int filters)
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
