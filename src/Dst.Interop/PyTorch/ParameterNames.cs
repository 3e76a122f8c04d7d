using Dst.Graph;

namespace Dst.Interop.PyTorch;

/// <summary>Finds the parameters of a network among tensors whose names differ as they do between published networks.</summary>
internal static class ParameterNames
{
    // Each group is one module by the names that different authors give it.
    private static readonly string[][] Synonyms = [["downsample", "shortcut", "convShortcut"], ["fc", "linear", "classifier", "head"]];

    /// <summary>The tensor of each parameter: the one of its name, else the only one whose name means the same.</summary>
    public static Dictionary<string, StateTensor> Match(IReadOnlyCollection<StateTensor> tensors, CheckedGraph graph)
    {
        var parameters = graph.Parameters.Select(shape => shape.Name).ToHashSet();
        var found = tensors.Where(tensor => parameters.Contains(tensor.Name)).ToDictionary(tensor => tensor.Name);
        var others = tensors.Except(found.Values).ToLookup(tensor => Canonical(tensor.Name));
        foreach (var missing in parameters.Where(name => !found.ContainsKey(name)).GroupBy(Canonical).ToList())
        {
            if (missing.Count() == 1 && others[missing.Key].Count() == 1) found[missing.First()] = others[missing.Key].First();
        }

        return found;
    }

    private static string Canonical(string name) =>
        string.Join('.', name.Split('.').Select(part => Array.Find(Synonyms, group => group.Contains(part))?[0] ?? part));
}
