using Dst.Graph;

namespace Dst.Training.Objectives;

/// <summary>The layers at which the blocks of a network end.</summary>
internal static class BlockEnds
{
    /// <summary>
    /// The sums of a residual network, or the layers with weights of a network without sums; each with the normalisation and activation
    /// behind it, as far as nothing else reads what is between. The network's output is left out.
    /// </summary>
    /// <returns>Names of layers in the order of the graph.</returns>
    public static IReadOnlyList<string> Of(CheckedGraph graph)
    {
        var readers = graph.Nodes.SelectMany(node => node.Inputs, (node, input) => (node, input))
            .ToLookup(edge => edge.input, edge => edge.node);
        var hasSums = graph.Nodes.Any(node => node.Operation.IsSum);
        return
        [
            .. graph.Nodes.Where(node => hasSums ? node.Operation.IsSum : node.Operation.IsWeighted)
                .Select(EndOf).Where(name => name != graph.Output.Name),
        ];

        string EndOf(Node node)
        {
            while (readers[node.Name].ToList() is [var reader] && BelongsToBlock(reader)) node = reader;
            return node.Name;
        }

        static bool BelongsToBlock(Node node) =>
            node.Inputs.Count == 1 && node.Operation is { IsElementwise: true, IsIdentityInInference: false };
    }
}
