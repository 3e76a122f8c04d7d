namespace Dst.Graph;

/// <summary>One operation, the name of its output (unique in the graph) and the names of its inputs.</summary>
/// <param name="Name">Name of the layer, such as <c>layer1.0.conv1</c>; its parameters are <c>Name.weight</c> and so on.</param>
/// <param name="Operation">What it computes.</param>
/// <param name="Inputs">Names of earlier nodes, or <see cref="NetworkGraph.InputName"/>.</param>
public sealed record Node(string Name, Operation Operation, IReadOnlyList<string> Inputs);

/// <summary>
/// A network: nodes in an order in which each comes after its inputs. The last node is the output.
/// Immutable. <see cref="CheckedGraph"/> says whether it is legal and infers every shape.
/// </summary>
/// <param name="Name">Name of the architecture, such as <c>resnet20</c>.</param>
/// <param name="Input">Shape of one input image.</param>
/// <param name="Nodes">All nodes in execution order.</param>
/// <example>
/// <code>
/// var graph = new CheckedGraph(new NetworkGraph("tiny", new FeatureShape(1, 28, 28), [
///     new Node("conv", new Conv2dOp(16, KernelHeight: 3, KernelWidth: 3, Padding: 1), [NetworkGraph.InputName]),
///     new Node("relu", new ReluOp(), ["conv"]),
///     new Node("pool", new GlobalAvgPoolOp(), ["relu"]),
///     new Node("fc", new LinearOp(10), ["pool"]),
/// ]));
/// Console.WriteLine($"{graph.OutputShape}, {NetworkCost.Of(graph).Macs} multiply-accumulates");
/// </code>
/// </example>
public sealed record NetworkGraph(string Name, FeatureShape Input, IReadOnlyList<Node> Nodes)
{
    /// <summary>The name by which nodes refer to the network's input.</summary>
    public const string InputName = "input";

    /// <summary>The network whose output is that of a node, without nodes that this one does not depend on.</summary>
    /// <param name="output">Name of the node.</param>
    internal NetworkGraph LeadingTo(string output)
    {
        var needed = new HashSet<string> { output };
        foreach (var node in Nodes.Reverse())
        {
            if (needed.Contains(node.Name)) needed.UnionWith(node.Inputs);
        }

        return this with { Nodes = [.. Nodes.Where(node => needed.Contains(node.Name))] };
    }
}
