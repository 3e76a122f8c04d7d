using Dst.Foundations;
using Dst.Graph;

namespace Dst.Interop.PyTorch;

/// <summary>Compares a candidate with the network that has its numbers of channels and classes.</summary>
internal sealed class StateDictFit
{
    private const int Shown = 3; // of many tensors that do not fit

    private readonly StateDictCandidate _candidate;
    private readonly CheckedGraph _graph;
    private readonly Dictionary<string, StateTensor> _found;
    private readonly List<string> _problems = [];
    private readonly List<string> _leftOver;

    /// <summary>Compares the tensors with the parameters.</summary>
    /// <param name="candidate">The tensors.</param>
    /// <param name="usual">The network with the usual numbers of channels and classes.</param>
    /// <param name="network">Builds it for others.</param>
    public StateDictFit(StateDictCandidate candidate, CheckedGraph usual, Func<int?, int?, CheckedGraph> network)
    {
        _candidate = candidate;
        var (channels, classes) = TaskOf(candidate, usual);
        _graph = network(channels, classes);
        _found = ParameterNames.Match(candidate.Tensors, _graph);
        foreach (var shape in _graph.Parameters)
        {
            if (!_found.TryGetValue(shape.Name, out var tensor)) _problems.Add($"'{shape.Name}' is missing");
            else if (!tensor.Shape.SequenceEqual(shape.Shape))
                _problems.Add($"'{Phrases.Shorten(tensor.Name)}' is {Describe(tensor.Shape)}, {Describe(shape.Shape)} was expected");
        }

        var others = candidate.Tensors.Except(_found.Values);
        _leftOver = [.. others.Select(tensor => $"'{Phrases.Shorten(tensor.Name)}' is not a part of it")];
    }

    /// <summary>Key of the candidate.</summary>
    public string Key => _candidate.Key;

    /// <summary>The key as messages have it and the option takes it.</summary>
    public string QuotedKey => StateDictImporter.Quote(Key);

    /// <summary>Whether the candidate is the network, in floats.</summary>
    public bool IsExact => _problems.Count + _leftOver.Count == 0 && _found.Values.All(tensor => tensor.IsFloat);

    /// <summary>The network with the tensors of the candidate.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="notes">Receives what was ignored.</param>
    /// <exception cref="InputException">The candidate is not the network; the message says why.</exception>
    public Model ToModel(string path, ICollection<string> notes)
    {
        if (_found.Values.FirstOrDefault(tensor => !tensor.IsFloat) is { } other)
            throw StateDictImporter.NotFloat(path, other.Name, other.Type);
        if (!IsExact) throw Misfit(path);
        if (_candidate.Ignored.Count > 0)
        {
            var names = _candidate.Ignored.Select(name => $"'{Phrases.Shorten(name)}'").ToList();
            notes.Add($"tensors that are not of {_graph.Name} were ignored: {Phrases.First(names)}");
        }

        Tensor TensorOf(ParameterShape shape) => new(shape.Shape, _found[shape.Name].Read());
        return new(_graph, _graph.Parameters.ToDictionary(shape => shape.Name, TensorOf));
    }

    /// <summary>
    /// Channels of the input, which the first convolution reads, and the number of classes, the filters of the last layer with weights.
    /// Null where the tensors have none for this layer.
    /// </summary>
    private static (int? Channels, int? Classes) TaskOf(StateDictCandidate candidate, CheckedGraph graph)
    {
        var found = ParameterNames.Match(candidate.Tensors, graph);
        IReadOnlyList<int> ShapeOf(ParameterShape layer) => found.GetValueOrDefault(layer.Name)?.Shape ?? [];
        var weights = graph.Parameters.Where(shape => shape.Role == ParameterRole.Weight).ToList();
        int? channels = ShapeOf(weights[0]) is [_, var read and > 0, _, _] ? read : null;
        return (channels, ShapeOf(weights[^1]) is [var filters and > 0, _, ..] ? filters : null);
    }

    private InputException Misfit(string path)
    {
        string[] shown = [.. Cut(_problems, "are missing or of another shape"), .. Cut(_leftOver, "are not a part of it")];
        var advice = _found.Count == 0 ? "; it is of another network, which an ONNX file would have with it"
            : shown.Length < _problems.Count + _leftOver.Count ? "; the network of the file was expected: dst networks lists those known"
            : "";
        return new($"{path} does not fit {_graph.Name}: {string.Join("; ", shown)}{advice}");
    }

    private static IEnumerable<string> Cut(List<string> problems, string what) =>
        problems.Count <= Shown ? problems : problems.Take(Shown).Append($"{problems.Count - Shown} more {what}");

    private static string Describe(IEnumerable<int> shape) => $"[{string.Join(", ", shape)}]";
}
