using Dst.Kernels;
using Dst.Runtime.Graph;
using Dst.Training.Autodiff.Nodes;

namespace Dst.Training.Autodiff;

/// <summary>Makes the training node of each operation of a graph: the one table of operations.</summary>
internal sealed class NodeFactory(
    NetworkGraph graph,
    IReadOnlyDictionary<string, FeatureShape> shapes,
    IReadOnlyList<Parameter> parameters,
    Workspace workspace,
    FeatureBuffer input,
    Func<FeatureShape, bool, FeatureBuffer> newBuffer,
    long seed,
    IReadOnlyList<string> kept)
{
    private readonly Dictionary<string, Parameter> _parameters = parameters.ToDictionary(p => p.Shape.Name);
    private readonly Dictionary<string, FeatureBuffer> _outputs = new() { [NetworkGraph.InputName] = input };
    private readonly Dictionary<string, Node> _byName = graph.Nodes.ToDictionary(n => n.Name);

    public TrainingNode[] CreateAll()
    {
        var nodes = new TrainingNode[graph.Nodes.Count];
        for (var i = 0; i < nodes.Length; i++) nodes[i] = Create(graph.Nodes[i], i);
        return nodes;
    }

    private TrainingNode Create(Node node, int index)
    {
        FeatureBuffer[] inputs = [.. node.Inputs.Select(name => _outputs[name])];
        var output = RunsInPlace(node) ? inputs[0] : newBuffer(shapes[node.Name], true);
        _outputs.Add(node.Name, output);
        Parameter Required(string suffix) => _parameters[$"{node.Name}.{suffix}"];
        Parameter? Optional(string suffix) => _parameters.GetValueOrDefault($"{node.Name}.{suffix}");
        return node.Operation switch
        {
            Conv2dOp c when c.Groups > 1 && c.Groups == inputs[0].Shape.Channels && c.Groups == c.OutChannels =>
                new DepthwiseNode(node, inputs, output, Required("weight"), Optional("bias"), DepthwiseShape(c, inputs[0].Shape), workspace),
            Conv2dOp => new ConvolutionNode(node, inputs, output, Required("weight"), Optional("bias"), workspace),
            BatchNormOp => new BatchNormNode(node, inputs, output, Required("weight"), Required("bias"), Required("running_mean"), Required("running_var")),
            ReluOp => new ReluNode(node, inputs, output),
            AddOp => new AddNode(node, inputs, output),
            MaxPoolOp => new MaxPoolNode(node, inputs, output),
            AvgPoolOp p => new AvgPoolNode(node, inputs, output, PoolShape(p, inputs[0].Shape)),
            GlobalAvgPoolOp => new AvgPoolNode(node, inputs, output, WindowShape.WholeMap(inputs[0].Shape.Channels, inputs[0].Shape.Height, inputs[0].Shape.Width)),
            FlattenOp => new FlattenNode(node, inputs, output),
            LinearOp => new LinearNode(node, inputs, output, Required("weight"), Optional("bias"), workspace),
            DropoutOp => new DropoutNode(node, inputs, output, seed, index),
            ConcatOp => new ConcatNode(node, inputs, output),
            SoftmaxOp => new SoftmaxNode(node, inputs, output),
            _ => throw new InvalidOperationException($"no training node for {node.Operation}"),
        };
    }

    private static WindowShape DepthwiseShape(Conv2dOp c, FeatureShape x) => new(x.Channels, x.Height, x.Width, c.KernelHeight, c.KernelWidth, c.Stride, c.Padding);

    private static WindowShape PoolShape(AvgPoolOp p, FeatureShape x) => new(x.Channels, x.Height, x.Width, p.Kernel, p.Kernel, p.Stride);

    /// <summary>ReLU overwrites its input where nothing else reads it, neither another node nor the producer's own backward pass.</summary>
    private bool RunsInPlace(Node node) =>
        node.Operation is ReluOp
        && _byName.TryGetValue(node.Inputs[0], out var producer)
        && !kept.Contains(producer.Name)
        && producer.Operation is Conv2dOp or BatchNormOp or AddOp or LinearOp or ConcatOp
        && graph.Nodes.Count(n => n.Inputs.Contains(producer.Name)) == 1;
}
