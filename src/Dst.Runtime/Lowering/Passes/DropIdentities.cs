namespace Dst.Runtime.Lowering.Passes;

/// <summary>dropout(x) → x.</summary>
internal static class DropIdentities
{
    /// <summary>Rewrites the graph.</summary>
    public static void Apply(PlanGraph graph)
    {
        foreach (var node in graph.Nodes.Where(node => node.Operation.IsIdentityInInference).ToList()) graph.Remove(graph.ProducerOf(node.Output)!);
    }
}
