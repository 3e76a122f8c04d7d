using Dst.Runtime;

namespace Dst.Interop.Onnx.Reading;

/// <summary>Sorts nodes by what they read.</summary>
internal static class NodeOrder
{
    /// <summary>The nodes that <paramref name="output"/> depends on, each after those whose values it reads.</summary>
    /// <param name="nodes">All nodes in any order.</param>
    /// <param name="given">Values that no node writes: the input and the initialisers.</param>
    /// <param name="output">The network's output.</param>
    /// <exception cref="InputException">A value is written twice or never, or depends on itself.</exception>
    public static IReadOnlyList<OnnxNode> Sort(IEnumerable<OnnxNode> nodes, IReadOnlySet<string> given, string output)
    {
        var producers = FindProducers(nodes, given);
        if (!producers.TryGetValue(output, out var last)) throw new InputException($"has the output '{output}', which no node writes");
        var sorted = new List<OnnxNode>();
        var isSorted = new Dictionary<OnnxNode, bool> { [last] = false };
        // A stack of its own: a chain of many nodes would overflow the thread's.
        var path = new Stack<(OnnxNode Node, int Next)>([(last, 0)]);
        while (path.TryPop(out var step))
        {
            var (node, next) = step;
            if (next == node.Inputs.Count)
            {
                isSorted[node] = true;
                sorted.Add(node);
                continue;
            }

            path.Push((node, next + 1));
            var value = node.Inputs[next];
            if (value.Length == 0 || given.Contains(value)) continue;
            if (!producers.TryGetValue(value, out var producer)) throw node.Illegal($"reads '{value}', which is no input, initialiser or output of another node");
            if (!isSorted.TryGetValue(producer, out var done))
            {
                isSorted[producer] = false;
                path.Push((producer, 0));
            }
            else if (!done)
            {
                throw node.Illegal($"reads '{value}', which depends on this node itself; a graph without cycles was expected");
            }
        }

        return sorted;
    }

    private static Dictionary<string, OnnxNode> FindProducers(IEnumerable<OnnxNode> nodes, IReadOnlySet<string> given)
    {
        var producers = new Dictionary<string, OnnxNode>();
        foreach (var node in nodes)
        {
            foreach (var value in node.Outputs)
            {
                if (value.Length > 0 && (given.Contains(value) || !producers.TryAdd(value, node)))
                    throw node.Illegal($"writes '{value}', which has a value already; each may be written once");
            }
        }

        return producers;
    }
}
