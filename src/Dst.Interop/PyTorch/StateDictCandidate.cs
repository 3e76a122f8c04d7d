using Dst.Graph;

namespace Dst.Interop.PyTorch;

/// <summary>Tensors that may be those of a network: what one dictionary of a file has under one prefix.</summary>
/// <param name="Key">Key of the dictionary and the prefix, joined by dots; empty for all of the file itself.</param>
/// <param name="Tensors">The tensors, without the prefix.</param>
/// <param name="Ignored">Names of the other tensors of the dictionary.</param>
/// <param name="Found">How many parameters of the network are among the tensors.</param>
internal sealed record StateDictCandidate(string Key, IReadOnlyList<StateTensor> Tensors, IReadOnlyList<string> Ignored, int Found)
{
    private const string Counter = ".num_batches_tracked"; // of a batch normalisation; inference does not need it
    private const string Averaged = "n_averaged"; // of AveragedModel: how many networks its weights are the mean of
    private const int MaxPrefix = 8; // modules around a network

    /// <summary>The candidates of a dictionary: each prefix with all parameters of a network, else the one with most of them.</summary>
    public static IEnumerable<StateDictCandidate> AllOf(StateTensors dictionary, CheckedGraph graph)
    {
        // Each module is a prefix; the empty one stays, and others that have about as many tensors as the network.
        var groups = dictionary.Tensors.SelectMany(Splits).GroupBy(split => split.Prefix, split => split.Tensor)
            .Where(group => group.Key.Length == 0 || 2 * group.Count() >= graph.Parameters.Count).ToList();
        var counts = groups.ToDictionary(group => group.Key, group => ParameterNames.Match([.. group], graph).Count);
        var whole = groups.Where(group => counts[group.Key] == graph.Parameters.Count).ToList();
        if (whole.Count == 0) whole = [groups.MaxBy(group => counts[group.Key])!];
        return whole.Select(group => Of(dictionary, group, whole.Select(other => other.Key), counts[group.Key]));
    }

    /// <summary>A prefix without the tensors of a longer prefix, which are another network inside of this one.</summary>
    private static StateDictCandidate Of(
        StateTensors dictionary, IGrouping<string, StateTensor> group, IEnumerable<string> prefixes, int found)
    {
        var prefix = group.Key;
        var inner = prefixes.Where(other => other.Length > prefix.Length && other.StartsWith(prefix, StringComparison.Ordinal))
            .Select(other => other[prefix.Length..]).ToList();
        var own = group.Where(tensor => tensor.Name != Averaged
            && !inner.Exists(other => tensor.Name.StartsWith(other, StringComparison.Ordinal))).ToList();
        var ignored = dictionary.Tensors.Select(tensor => tensor.Name).Except(own.Select(tensor => prefix + tensor.Name));
        var key = string.Join('.', new[] { dictionary.Key, prefix.TrimEnd('.') }.Where(part => part.Length > 0));
        return new(key, own.FindAll(tensor => !tensor.Name.EndsWith(Counter, StringComparison.Ordinal)), [.. ignored], found);
    }

    /// <summary>A tensor under each prefix of its name, the empty one first.</summary>
    private static IEnumerable<(string Prefix, StateTensor Tensor)> Splits(StateTensor tensor)
    {
        var length = 0;
        for (var depth = 0; depth <= MaxPrefix; depth++)
        {
            yield return (tensor.Name[..length], tensor with { Name = tensor.Name[length..] });
            length = tensor.Name.IndexOf('.', length) + 1;
            if (length == 0) yield break;
        }
    }
}
