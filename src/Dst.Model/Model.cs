using Dst.Graph;
using Dst.Masks;
using Dst.ModelFiles;

namespace Dst;

/// <summary>A network with its weights, masks, class names and input normalisation: what a model file holds.</summary>
/// <param name="graph">The operations.</param>
/// <param name="parameters">Exactly the tensors that the graph needs.</param>
public sealed class Model(CheckedGraph graph, IReadOnlyDictionary<string, Tensor> parameters)
{
    /// <summary>The operations.</summary>
    public CheckedGraph Graph { get; } = graph;

    /// <summary>Every tensor that <see cref="CheckedGraph.Parameters"/> names, dense, with zeros where a mask prunes.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters { get; } = parameters;

    /// <summary>The mask of each pruned layer, by layer name; layers that are not pruned are absent.</summary>
    public IReadOnlyDictionary<string, LayerMask> Masks { get; init; } = new Dictionary<string, LayerMask>();

    /// <summary>Class names in the order of the logits.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>Input normalisation, or null if inputs are used as they are.</summary>
    public InputNormalisation? Normalisation { get; init; }

    /// <summary>Reads a model file. Everything that it says is checked before memory is taken for it.</summary>
    /// <exception cref="InputException">The file cannot be read or is not a legal model; the message says what was expected.</exception>
    public static Model Load(string path) => ModelFile.Load(path);

    /// <summary>Name of a class, or its number if the model has no names.</summary>
    public string ClassNameOf(int label) => ClassNames.Count > 0 ? ClassNames[label] : $"{label}";
}
