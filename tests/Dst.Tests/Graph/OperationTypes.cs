using Dst.Graph;

namespace Dst.Tests.Graph;

/// <summary>The operations that a model can have, for tests that none is left out.</summary>
public static class OperationTypes
{
    /// <summary>The public ones: that of lowered programs alone is not.</summary>
    public static IReadOnlyList<Type> All { get; } =
        [.. typeof(Operation).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Operation)) && !type.IsAbstract)];

    /// <summary>Those that no node of some graphs has.</summary>
    public static IEnumerable<Type> MissingIn(IEnumerable<CheckedGraph> graphs) =>
        All.Except(graphs.SelectMany(graph => graph.Nodes).Select(node => node.Operation.GetType()));
}
