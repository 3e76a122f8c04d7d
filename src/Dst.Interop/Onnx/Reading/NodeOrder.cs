namespace Dst.Interop.Onnx.Reading;

/// <summary>Sorts nodes so that each comes after its inputs.</summary>
internal static class NodeOrder
{
    /// <summary>The nodes on which <paramref name="output"/> depends, each after its inputs; otherwise in the given order.</summary>
    /// <param name="nodes">All nodes in any order.</param>
    /// <param name="given">Values that no node writes: the input and the initialisers.</param>
    /// <param name="output">The network's output.</param>
    /// <exception cref="InputException">A value is written twice or never, or depends on itself.</exception>
    public static IReadOnlyList<OnnxNode> Sort(IReadOnlyList<OnnxNode> nodes, IReadOnlySet<string> given, string output)
    {
        var producers = FindProducers(nodes, given);
        if (!producers.TryGetValue(output, out var last)) throw new InputException($"has the output '{output}', which no node writes");
        var needed = FindNeeded(last, producers);
        var sorted = new List<OnnxNode>();
        var isSorted = new Dictionary<OnnxNode, bool>();
        foreach (var node in nodes.Where(needed.Contains)) AddBehindItsInputs(node);
        return sorted;

        void AddBehindItsInputs(OnnxNode first)
        {
            // An explicit stack, as recursion along a chain of many nodes would overflow the thread's.
            var path = new Stack<(OnnxNode Node, int Next)>();
            if (isSorted.TryAdd(first, false)) path.Push((first, 0));
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
                if (!producers.TryGetValue(value, out var producer))
                    throw node.Illegal($"reads '{value}', which is no input, initialiser or output of another node");
                if (isSorted.TryAdd(producer, false)) path.Push((producer, 0));
                else if (!isSorted[producer])
                    throw node.Illegal($"reads '{value}', which depends on this node itself; a graph without cycles was expected");
            }
        }
    }

    private static HashSet<OnnxNode> FindNeeded(OnnxNode last, Dictionary<string, OnnxNode> producers)
    {
        var needed = new HashSet<OnnxNode> { last };
        var open = new Stack<OnnxNode>(needed);
        while (open.TryPop(out var node))
        {
            foreach (var value in node.Inputs)
            {
                if (producers.TryGetValue(value, out var producer) && needed.Add(producer)) open.Push(producer);
            }
        }

        return needed;
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
