using Dst.Kernels;
using Dst.Runtime;
using Dst.Runtime.Graph;

namespace Dst.Training;

/// <summary>Refuses what cannot fit into the machine's memory before memory is taken for it.</summary>
internal static class MemoryLimit
{
    /// <summary>Compares a lower bound of what is needed with all memory of the machine, or of the container.</summary>
    /// <param name="bytes">At least so much will be taken.</param>
    /// <param name="what">What needs it, plural.</param>
    /// <param name="remedy">What the user can do.</param>
    /// <exception cref="InputException">It is more than there is.</exception>
    public static void Check(double bytes, string what, string remedy)
    {
        const double mebibyte = 1 << 20;
        var available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (bytes > available) throw new InputException($"{what} need {bytes / mebibyte:F0} MB or more and the machine has {available / mebibyte:F0} MB; {remedy}");
    }

    /// <summary>The same for a network's features on a batch, its parameters and their gradients.</summary>
    /// <exception cref="InputException">They are more than there is, or the graph is not legal.</exception>
    public static void Check(NetworkGraph graph, int batch)
    {
        var shapes = GraphChecker.Check(graph);
        var features = graph.Nodes.Where(node => node.Operation is not (ReluOp or BatchNormOp)) // which need not be stored
            .Sum(node => (double)Layout.PaddedChannels(shapes[node.Name].Channels) * shapes[node.Name].Height * shapes[node.Name].Width);
        var parameters = ParameterShape.Of(graph).Sum(parameter => (double)parameter.Count);
        Check(sizeof(float) * (batch * features + 2 * parameters), $"the features and weights of {graph.Name} in a batch of {batch}", "a smaller batch, input or width was expected");
    }
}
