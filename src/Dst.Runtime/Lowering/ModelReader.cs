using Dst.Graph;

namespace Dst.Runtime.Lowering;

/// <summary>Reads a model into nodes that passes can rewrite: one for each layer, with its weights.</summary>
internal static class ModelReader
{
    /// <summary>Reads a model, without its masks if <paramref name="dense"/>.</summary>
    public static ProgramRewriter Read(Model model, bool dense)
    {
        var shapes = model.Graph.Shapes;
        return new(model.Graph.Nodes.Select(node => Read(model, node, dense)), shapes, model.Graph.Output.Name);
    }

    /// <summary>Reads one node of a model, without its mask if <paramref name="dense"/>.</summary>
    public static LoweredNode Read(Model model, Node node, bool dense)
    {
        var input = model.Graph.Shapes[node.Inputs[0]];
        float[]? Parameter(string suffix) => model.Parameters.GetValueOrDefault($"{node.Name}.{suffix}")?.Data;
        var read = Create(node, input) with { Mask = dense ? null : model.Masks.GetValueOrDefault(node.Name) };
        if (!node.Operation.ScalesChannels) return read with { Weight = Parameter("weight"), Bias = Parameter("bias") };
        var (scale, shift) = node.Operation.FoldChannels(suffix => Parameter(suffix)!);
        return read with { Weight = scale, Bias = shift };
    }

    private static LoweredNode Create(Node node, FeatureShape x) => node.Operation is Conv2dOp c && c.IsDepthwise(x)
        ? new LoweredDepthwiseNode(
            node.Name, c, node.Inputs, node.Name, new(x.Channels, x.Height, x.Width, c.KernelHeight, c.KernelWidth, c.Stride, c.Padding))
        : new LoweredNode(node.Name, node.Operation, node.Inputs, node.Name);
}
