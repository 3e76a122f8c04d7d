using Dst.Graph;
using Dst.Kernels;

namespace Dst.Runtime.Lowering;

/// <summary>Reads a model as nodes that passes can rewrite: one for each layer, with its weights.</summary>
internal static class ModelReader
{
    /// <summary>Reads a model, without its masks if <paramref name="dense"/>.</summary>
    /// <exception cref="InputException">The graph is not legal.</exception>
    public static ProgramRewriter Read(Model model, bool dense)
    {
        var shapes = GraphChecker.Check(model.Graph);
        return new(model.Graph.Nodes.Select(node => Read(model, node, shapes[node.Inputs[0]], dense)), shapes, model.Graph.Output.Name);
    }

    private static LoweredNode Read(Model model, Node node, FeatureShape input, bool dense)
    {
        float[]? Parameter(string suffix) => model.Parameters.GetValueOrDefault($"{node.Name}.{suffix}")?.Data;
        var (weight, bias) = node.Operation is BatchNormOp normalisation
            ? FoldStatistics(normalisation, Parameter)
            : (Parameter("weight"), Parameter("bias"));
        return Create(node, input) with { Weight = weight, Bias = bias, Mask = dense ? null : model.Masks.GetValueOrDefault(node.Name) };
    }

    private static LoweredNode Create(Node node, FeatureShape input) =>
        node.Operation is Conv2dOp c && c.Groups > 1 && c.Groups == input.Channels && c.Groups == c.OutChannels
            ? new DepthwiseNode(
                node.Name, c, node.Inputs, node.Name,
                new(input.Channels, input.Height, input.Width, c.KernelHeight, c.KernelWidth, c.Stride, c.Padding))
            : new LoweredNode(node.Name, node.Operation, node.Inputs, node.Name);

    private static (float[] Scale, float[] Shift) FoldStatistics(BatchNormOp normalisation, Func<string, float[]?> parameter)
    {
        var gamma = parameter("weight");
        var (scale, shift) = (new float[gamma!.Length], new float[gamma.Length]);
        BatchNorm.FoldRunning(
            gamma, parameter("bias"), parameter("running_mean"), parameter("running_var"), normalisation.Epsilon, scale, shift);
        return (scale, shift);
    }
}
