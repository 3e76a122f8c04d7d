using Dst.Foundations;
using Dst.Graph;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Quantisation;

namespace Dst;

/// <summary>
/// A network with its weights, masks, class names, input normalisation and the meaning of its outputs: what a model file holds.
/// </summary>
/// <param name="Graph">The operations.</param>
/// <param name="Parameters">
/// Exactly the tensors that <see cref="CheckedGraph.Parameters"/> names, dense, with zeros where a mask prunes.
/// </param>
/// <example>
/// <code>
/// var model = Model.Load("dst.safetensors");
/// Console.WriteLine($"{model.Graph.Name}: {model.Classes} classes, {model.Masks.Count} pruned layers");
/// (model with { ClassNames = ["cat", "dog"] }).Save("named.safetensors");
/// </code>
/// </example>
public sealed record Model(CheckedGraph Graph, IReadOnlyDictionary<string, Tensor> Parameters)
{
    /// <summary>The mask of each pruned layer, by layer name; layers that are not pruned are absent.</summary>
    public IReadOnlyDictionary<string, LayerMask> Masks { get; init; } = new Dictionary<string, LayerMask>();

    /// <summary>The name of each of the <see cref="Classes"/>, or none.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>Input normalisation, or null if inputs are used as they are.</summary>
    public InputNormalisation? Normalisation { get; init; }

    /// <summary>The scales of a network of 8-bit integers, or null of one of floats.</summary>
    public Int8Scales? Int8 { get; init; }

    /// <summary>What the outputs are; by default what the end of the network says.</summary>
    public OutputKind Outputs { get; init; } = Graph.OutputKind;

    /// <summary>The splits of the data that it was trained on, or null if they are not known.</summary>
    public DataSplits? Splits { get; init; }

    /// <summary>Number of outputs of an image.</summary>
    public int OutputCount => checked((int)Graph.OutputShape.Count);

    /// <summary>Number of classes: one for each output, but two for a single output that has a scale.</summary>
    public int Classes => OutputCount == 1 && Outputs != OutputKind.None ? 2 : OutputCount;

    /// <summary>Reads a model file. Everything that it says is checked before memory is taken for it.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> is null.</exception>
    /// <exception cref="InputException">The file cannot be read or is not a legal model; the message says what was expected.</exception>
    public static Model Load(string path) => ModelFile.Load(path);

    /// <summary>Reads a model from the bytes of its file, such as a resource of a program.</summary>
    /// <exception cref="InputException">They are not a legal model; the message says what was expected.</exception>
    public static Model Load(ReadOnlyMemory<byte> file) => ModelFile.Load(file);

    /// <summary>Reads a model from a stream of its file, to the end.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="file"/> is null.</exception>
    /// <exception cref="InputException">It is not a legal model; the message says what was expected.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static Model Load(Stream file)
    {
        ArgumentNullException.ThrowIfNull(file);
        using var bytes = new MemoryStream();
        file.CopyTo(bytes);
        return ModelFile.Load(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
    }

    /// <summary>Writes the model to a file, which is replaced as a whole. What could not be read back is not written.</summary>
    /// <exception cref="ArgumentException">
    /// The tensors, class names, normalisation, outputs or scales do not fit the graph, or a mask breaks its pattern or is not applied.
    /// </exception>
    /// <exception cref="InputException">The file cannot be written, or a value is not finite.</exception>
    public void Save(string path) => ModelFile.Save(path, this);

    /// <summary>This model if it is one of floats. Networks of integers are used, but neither trained nor changed.</summary>
    /// <param name="what">What errors call it.</param>
    /// <exception cref="InputException">It is quantised.</exception>
    public Model OfFloats(string what) => Int8 is null
        ? this
        : throw new InputException(
            $"{what} is quantised already; a model of floats was expected, such as the one that it was made of, or what dst export "
            + "--format onnx and then dst import --float make of it");

    /// <summary>Name of a class, or its number if the model has no names.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no class of this number.</exception>
    public string ClassNameOf(int label)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(label, Classes);
        return ClassNames.Count > 0 ? ClassNames[label] : $"{label}";
    }

    /// <summary>What the outputs are, in words.</summary>
    public string DescribeOutputs() => (Outputs, OutputCount) switch
    {
        (OutputKind.Logits, 1) => "the logit z of the second of two classes, whose probability is 1 / (1 + exp(-z))",
        (OutputKind.Sigmoid, 1) => "the probability of the second of two classes",
        (OutputKind.Logits, _) => "logits: their softmax gives the probability of each class",
        (OutputKind.Sigmoid, _) => "the probability of each class alone (sigmoid): they need not sum to 1",
        (OutputKind.Probabilities, _) => "the probability of each class (softmax)",
        (_, 1) => "a score: a number without a scale",
        _ => "numbers without a scale",
    };

    /// <summary>
    /// The same network with a logit for each class, as training and distillation need it: without a softmax or sigmoid at its end. A
    /// single logit z becomes 0 and z, whose softmax is (1 - σ(z), σ(z)).
    /// </summary>
    /// <exception cref="InputException">Its outputs have no scale.</exception>
    public Model ToLogits()
    {
        if (Outputs == OutputKind.None)
            throw new InputException($"network '{Graph.Name}' gives {DescribeOutputs()}; logits of classes were expected");
        var logits = WithoutProbabilities();
        if (OutputCount > 1) return logits;
        var pad = new Node("two_classes", new PadOp(0, 0, 0, 0, ChannelsBefore: 1), [logits.Graph.Output.Name]);
        return logits with { Graph = new(logits.Graph.Definition with { Nodes = [.. logits.Graph.Nodes, pad] }) };
    }

    /// <summary>
    /// The part of the network that ends at a layer: its outputs are the layer's values [C, H, W], numbers without a scale. Training a
    /// classifier makes such values an embedding: images of one kind have similar ones, of kinds that it was not trained on too.
    /// </summary>
    /// <param name="layer">Name of the layer.</param>
    /// <exception cref="ArgumentNullException"><paramref name="layer"/> is null.</exception>
    /// <exception cref="InputException">There is no such layer.</exception>
    public Model UpTo(string layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        var names = Graph.Nodes.Select(node => node.Name).ToList();
        if (!names.Contains(layer))
            throw new InputException($"network '{Graph.Name}' has no layer '{layer}'; {NearestName.Advise(layer, names)}");
        return LeadingTo(layer) with { ClassNames = [], Outputs = OutputKind.None };
    }

    /// <summary>The same network without a softmax or sigmoid at its end.</summary>
    internal Model WithoutProbabilities()
    {
        if (Graph.OutputKind is not (OutputKind.Probabilities or OutputKind.Sigmoid)) return this with { Outputs = OutputKind.Logits };
        return LeadingTo(Graph.LastFunction!.Inputs[0]) with { Outputs = OutputKind.Logits };
    }

    /// <summary>This model with the part of its graph that leads to a value.</summary>
    private Model LeadingTo(string value)
    {
        var graph = new CheckedGraph(Graph.Definition.LeadingTo(value));
        return this with
        {
            Graph = graph,
            Parameters = graph.Parameters.ToDictionary(shape => shape.Name, shape => Parameters[shape.Name]),
            Masks = Masks.Where(mask => graph.Shapes.ContainsKey(mask.Key)).ToDictionary(),
            Int8 = Int8?.Where(graph.Shapes.ContainsKey),
        };
    }
}
