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
    private const string Counter = ".num_batches_tracked"; // of a batch normalisation; inference does not need it

    private const int Shown = 3; // of many tensors that do not fit

    // Each group is one module by the names that different authors give it.
    private static readonly string[][] Synonyms = [["downsample", "shortcut", "convShortcut"], ["fc", "linear", "classifier", "head"]];

    /// <summary>
    /// Channels of the input, which the first convolution reads, and the number of classes, the filters of the last layer with weights.
    /// Null where the tensors have none for this layer.
    /// </summary>
    /// <param name="tensors">The tensors, in any order.</param>
    /// <param name="graph">The network, with any number of channels and classes.</param>
    /// <exception cref="InputException">A tensor is there twice.</exception>
    public static (int? InputChannels, int? Classes) TaskOf(StateDict tensors, CheckedGraph graph)
    {
        var found = Match([.. WithoutPrefix(tensors, graph)], graph);
        IReadOnlyList<int> ShapeOf(ParameterShape layer) => found.GetValueOrDefault(layer.Name)?.Shape ?? [];
        var weights = graph.Parameters.Where(shape => shape.Role == ParameterRole.Weight).ToList();
        int? channels = ShapeOf(weights[0]) is [_, var read, _, _] ? read : null;
        return (channels, ShapeOf(weights[^1]) is [var filters, _, ..] ? filters : null);
    }

    /// <summary>A model of a graph with the tensors of a state dict.</summary>
    /// <param name="tensors">The tensors.</param>
    /// <param name="graph">The network.</param>
    /// <exception cref="InputException">Tensors are missing, left over or of another shape; the message names the first.</exception>
    public static Model Import(StateDict tensors, CheckedGraph graph)
    {
        var own = WithoutPrefix(tensors, graph).Where(tensor => !tensor.Name.EndsWith(Counter, StringComparison.Ordinal)).ToList();
        var found = Match(own, graph);
        var problems = new List<string>();
        foreach (var shape in graph.Parameters)
        {
            if (!found.TryGetValue(shape.Name, out var tensor)) problems.Add($"'{shape.Name}' is missing");
            else if (!tensor.Shape.SequenceEqual(shape.Shape))
                problems.Add($"'{Words.Shorten(tensor.Name)}' is {Describe(tensor.Shape)}, {Describe(shape.Shape)} was expected");
        }

        List<string> leftOver = [.. own.Except(found.Values).Select(tensor => $"'{Words.Shorten(tensor.Name)}' is not a part of it")];
        if (problems.Count + leftOver.Count > 0)
        {
            string[] shown = [.. Cut(problems, "are missing or of another shape"), .. Cut(leftOver, "are not a part of it")];
            var advice = found.Count == 0 ? "; it is of another network, which an ONNX file would have with it"
                : shown.Length < problems.Count + leftOver.Count ? "; the network of the file was expected: dst networks lists those known"
                : "";
            throw new InputException($"{tensors.Path} does not fit {graph.Name}: {string.Join("; ", shown)}{advice}");
        }

        return new(graph, graph.Parameters.ToDictionary(shape => shape.Name, shape => new Tensor(shape.Shape, found[shape.Name].Read())));
    }

    private static IEnumerable<string> Cut(List<string> problems, string what) =>
        problems.Count <= Shown ? problems : problems.Take(Shown).Append($"{problems.Count - Shown} more {what}");

    /// <summary>The tensor of each parameter: the one of its name, else the only one whose name means the same.</summary>
    private static Dictionary<string, StateTensor> Match(List<StateTensor> tensors, CheckedGraph graph)
    {
        var found = tensors.Where(tensor => graph.Parameters.Any(shape => shape.Name == tensor.Name)).ToDictionary(tensor => tensor.Name);
        var others = tensors.Except(found.Values).ToLookup(tensor => Canonical(tensor.Name));
        foreach (var missing in graph.Parameters.Where(shape => !found.ContainsKey(shape.Name)).GroupBy(shape => Canonical(shape.Name)))
        {
            if (missing.Count() == 1 && others[missing.Key].Count() == 1) found[missing.First().Name] = others[missing.Key].First();
        }

        return found;
    }

    private static string Canonical(string name) =>
        string.Join('.', name.Split('.').Select(part => Array.Find(Synonyms, group => group.Contains(part))?[0] ?? part));

    /// <summary>The tensors without the modules that wrap the whole network, such as <c>module</c> of DataParallel.</summary>
    private static IEnumerable<StateTensor> WithoutPrefix(StateDict tensors, CheckedGraph graph)
    {
        var names = tensors.Tensors.Select(tensor => tensor.Name).ToList();
        if (Words.FindTwice(names) is { } twice) throw new InputException($"{tensors.Path} has the tensor '{Words.Shorten(twice)}' twice");
        var length = 0;
        while (true)
        {
            var prefix = names[0][length..].Split('.')[0] + ".";
            var isCommon = names.All(name => name.AsSpan(length).StartsWith(prefix) && name.Length > length + prefix.Length);
            if (!isCommon || graph.Parameters.Any(shape => shape.Name.StartsWith(prefix, StringComparison.Ordinal))) break;
            length += prefix.Length;
        }

        return tensors.Tensors.Select(tensor => tensor with { Name = tensor.Name[length..] });
    }

    private static string Describe(IEnumerable<int> shape) => $"[{string.Join(", ", shape)}]";
}
