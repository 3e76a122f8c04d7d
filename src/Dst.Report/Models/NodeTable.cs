using System.Reflection;
using System.Text.Json.Serialization;
using Dst.Graph;

namespace Dst.Report.Models;

/// <summary>One node of a network: a layer with weights, an activation, a pooling, a sum and so on.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Operation">What it computes, as model files name it.</param>
/// <param name="Inputs">Names of the nodes that it reads, or of the network's input.</param>
/// <param name="Output">Its output: <c>CxHxW</c>.</param>
/// <seealso cref="LayerTable"/>
public sealed record NodeRow(string Node, string Operation, IReadOnlyList<string> Inputs, string Output)
{
    /// <summary>A row for each node, in the order of the graph.</summary>
    public static IReadOnlyList<NodeRow> AllOf(Model model) =>
    [
        .. model.Graph.Nodes.Select(
            node => new NodeRow(node.Name, NameOf(node.Operation), node.Inputs, model.Graph.Shapes[node.Name].ToString())),
    ];

    private static string NameOf(Operation operation) => (string)typeof(Operation).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .Single(type => type.DerivedType == operation.GetType()).TypeDiscriminator!;
}

/// <summary>The nodes of a model as a table.</summary>
/// <seealso cref="LayerTable"/>
public static class NodeTable
{
    /// <summary>A row for each node.</summary>
    public static Table Of(IReadOnlyList<NodeRow> rows) => Table.Of(
        rows,
        new("node", "node", row => row.Node) { Alignment = Alignment.Left },
        new("op", "operation", row => row.Operation) { Alignment = Alignment.Left },
        new("output", "output", row => row.Output),
        new("inputs", "inputs", row => string.Join(", ", row.Inputs)) { Alignment = Alignment.Left });
}
