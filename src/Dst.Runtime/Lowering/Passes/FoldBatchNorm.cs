using Dst.Graph;

namespace Dst.Runtime.Lowering.Passes;

/// <summary>(W·x + b) · scale + shift → (scale·W)·x + (b · scale + shift), if nothing else reads W·x + b.</summary>
internal static class FoldBatchNorm
{
    /// <summary>Rewrites the program.</summary>
    public static void Apply(ProgramRewriter program)
    {
        foreach (var normalisation in program.Nodes.Where(node => node.Operation.ScalesChannels))
        {
            var layer = program.ProducerOf(normalisation.Inputs[0]);
            if (layer is { Operation.IsWeighted: true } && program.CountReaders(layer.Output) == 1)
                program.Fuse(layer, normalisation, Fold(layer, normalisation));
        }
    }

    private static LoweredNode Fold(LoweredNode layer, LoweredNode normalisation)
    {
        var (weight, bias) = BatchNormFolding.Fold(layer.Weight!, layer.Bias, normalisation.Weight!, normalisation.Bias!);
        return layer with { Output = normalisation.Output, Weight = weight, Bias = bias };
    }
}
