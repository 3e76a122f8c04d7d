using Dst.Foundations;
using Dst.Graph;

namespace Dst.Interop.PyTorch;

/// <summary>Gives a network the tensors of a state dict, whose names may differ as they do between published networks.</summary>
/// <example>
/// <code>
/// using var tensors = StateDict.Open("resnet20.pt");
/// var model = StateDictImporter.Import(tensors, Zoo.Build("resnet20", new(3, 32, 32), classes: 100));
/// </code>
/// </example>
public static class StateDictImporter
{
    private const string Top = "."; // in place of the empty key

    // Names of the trained network itself, the best first; its averages, teachers and students have others.
    private static readonly string[] Names = ["", "state_dict", "model_state_dict", "model", "net", "network"];

    /// <summary>A model of a graph with the tensors of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="graph">The network.</param>
    /// <exception cref="InputException">
    /// No state dict of the file fits, and the message names the first tensors that do not. Or several do, of which none has a usual name.
    /// </exception>
    public static Model Import(StateDict file, CheckedGraph graph) => Import(file, (_, _) => graph);

    /// <summary>A model of a network with the state dict of a file that fits it. Of several, one with a usual name is taken.</summary>
    /// <param name="file">The file.</param>
    /// <param name="network">
    /// Builds the network for the channels of the input and the number of classes that a state dict has; null stands for the usual ones.
    /// </param>
    /// <param name="key">The state dict to take, as messages name it; null takes the one that fits.</param>
    /// <param name="notes">Takes a sentence about a choice that was made, and about tensors that are not of the network.</param>
    /// <exception cref="InputException">
    /// None fits, and the message names the first tensors that do not. Or several do, of which none has a usual name.
    /// </exception>
    public static Model Import(
        StateDict file, Func<int?, int?, CheckedGraph> network, string? key = null, ICollection<string>? notes = null)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(network);
        notes ??= [];
        var usual = network(null, null);
        var candidates = file.Dictionaries.SelectMany(dictionary => StateDictCandidate.AllOf(dictionary, usual)).ToList();
        if (key is not null) candidates = WithKey(key, candidates, file.Path);
        var most = candidates.Max(candidate => candidate.Found);
        var fits = candidates.FindAll(candidate => candidate.Found == most).ConvertAll(best => new StateDictFit(best, usual, network));
        var exact = fits.FindAll(fit => fit.IsExact);
        var taken = exact.Count == 0 ? fits[0] : Choose(exact, file.Path, usual.Name);
        var model = taken.ToModel(file.Path, notes);
        var others = fits.FindAll(fit => fit != taken);
        if (others.Count > 0)
            notes.Add($"the state dict {taken.QuotedKey} was taken; there are others, which --state-dict KEY takes: {KeysOf(others)}");
        return model;
    }

    /// <summary>A key as messages have it.</summary>
    internal static string Quote(string key) => $"'{(key.Length == 0 ? Top : Phrases.Shorten(key))}'";

    /// <summary>The error of a tensor that cannot be a weight.</summary>
    internal static InputException NotFloat(string path, string name, string type) => new(
        $"{path} has the tensor '{Phrases.Shorten(name)}' of the type {Phrases.Shorten(type)}; float32, float64, float16 or bfloat16 was "
            + "expected, so save it as one of these");

    private static List<StateDictCandidate> WithKey(string key, List<StateDictCandidate> candidates, string path)
    {
        var found = candidates.FindAll(candidate => candidate.Key == (key == Top ? "" : key)
            || candidate.Key.StartsWith($"{key}.", StringComparison.Ordinal));
        if (found.Count > 0) return found;
        var known = candidates.Select(candidate => Quote(candidate.Key)).Distinct().ToList();
        throw new InputException($"{path} has no state dict '{key}'; --state-dict was expected to be one of {Phrases.First(known)}");
    }

    private static StateDictFit Choose(List<StateDictFit> fits, string path, string network)
    {
        var left = fits;
        while (left.Count > 1)
        {
            var best = BestOf(left);
            if (best.Count == left.Count)
                throw new InputException($"{path} has several state dicts that fit {network}: {KeysOf(left)}; one of these was expected as "
                    + "--state-dict KEY");
            left = best;
        }

        return left[0];
    }

    /// <summary>Those with the best name at the first place where their keys differ; all if none has a known name.</summary>
    private static List<StateDictFit> BestOf(List<StateDictFit> fits)
    {
        var keys = fits.ConvertAll(fit => fit.Key.Split('.'));
        var place = 0;
        while (keys.TrueForAll(key => place < key.Length && key[place] == keys[0][place])) place++;
        var ranks = keys.ConvertAll(key => (uint)Array.IndexOf(Names, key.ElementAtOrDefault(place) ?? "")); // unknown is the largest
        var best = ranks.Min();
        return [.. fits.Where((_, i) => ranks[i] == best)];
    }

    private static string KeysOf(IEnumerable<StateDictFit> fits) => Phrases.First([.. fits.Select(fit => fit.QuotedKey)]);
}
