using Dst.Foundations;
using Dst.Kernels;

namespace Dst.Graph;

/// <summary>Refuses a network that cannot be trained in the machine's memory, before memory is taken for it.</summary>
internal static class NetworkMemory
{
    /// <summary>Compares a network's features on a batch, its parameters and their gradients with the machine's memory.</summary>
    /// <exception cref="InputException">They need more than there is.</exception>
    public static void Check(CheckedGraph graph, int batch)
    {
        var features = graph.Nodes.Where(node => node.Operation.IsStoredInTraining).Sum(node => LengthOf(graph.Shapes[node.Name]));
        var parameters = graph.Parameters.Sum(parameter => (double)parameter.Count);
        MemoryLimit.Check(
            sizeof(float) * (batch * features + 2 * parameters),
            $"the features and weights of {graph.Name} in a batch of {batch}",
            "a smaller batch, input or width was expected");
    }

    private static double LengthOf(FeatureShape shape) => (double)Layout.PaddedChannels(shape.Channels) * shape.Height * shape.Width;
}
