using Dst.Graph;

namespace Dst.Training.Networks;

/// <summary>What the decoder of an auto-encoder enlarges maps with.</summary>
public enum DecoderKind
{
    /// <summary>There is no auto-encoder.</summary>
    None,

    /// <summary>Transposed convolutions.</summary>
    ConvTranspose,

    /// <summary>Nearest neighbours and a 3×3 convolution, where a map grows by whole factors; else transposed convolutions.</summary>
    Upsample,
}

/// <summary>
/// Convolutional auto-encoders: Masci, Meier, Cireşan, Schmidhuber, "Stacked Convolutional Auto-Encoders for Hierarchical Feature
/// Extraction", ICANN 2011. The encoder is the trunk of a classifier: all nodes up to its last map of more than one pixel before the last
/// layer with weights. The decoder mirrors it, from the code backwards. Each layer that changed the size of its map has a transposed
/// convolution of the same window, stride and padding, and so has the first convolution. It leads back to the size and channels before.
/// Batch normalisation follows each. It follows the last too, whose outputs are the image, because normalised pixels have mean 0 and
/// variance 1. So any learning rate that suits the student suits the decoder. ReLU follows all but the last.
/// </summary>
internal static class AutoEncoder
{
    private const string Prefix = "decoder";

    /// <summary>The auto-encoder around a classifier. Nodes of its encoder have the classifier's names.</summary>
    /// <exception cref="InputException">The classifier has no map to begin from, or a layer of its trunk has no mirror.</exception>
    public static CheckedGraph Around(CheckedGraph classifier, DecoderKind kind)
    {
        var code = CodeOf(classifier);
        var trunk = classifier.Definition.LeadingTo(code.Name);
        var nodes = trunk.Nodes.ToList();
        var mirrored = MirroredNodes(classifier, code);
        for (var i = 0; i < mirrored.Count; i++)
        {
            var node = mirrored[i];
            var (before, after) = (classifier.Shapes[node.Inputs[0]], classifier.Shapes[node.Name]);
            var name = $"{Prefix}{mirrored.Count - i}";
            foreach (var (suffix, operation) in Mirror(classifier, node, before, after, kind))
                nodes.Add(new(name + suffix, operation, [nodes[^1].Name]));
            nodes.Add(new($"{name}.norm", new BatchNormOp(), [nodes[^1].Name]));
            if (i < mirrored.Count - 1) nodes.Add(new($"{name}.relu", new ReluOp(), [nodes[^1].Name]));
        }

        return new(trunk with { Name = $"{classifier.Name}-autoencoder", Nodes = nodes });
    }

    /// <summary>A classifier whose trunk has the weights of an encoder; says which layers still have their initial weights.</summary>
    /// <param name="classifier">With initial weights.</param>
    /// <param name="autoEncoder">Trained, from <see cref="Around"/>.</param>
    public static (Model Model, IReadOnlyList<string> Taken, IReadOnlyList<string> Initial) StartFrom(Model classifier, Model autoEncoder)
    {
        var parameters = classifier.Graph.Parameters.ToDictionary(
            shape => shape.Name, shape => autoEncoder.Parameters.GetValueOrDefault(shape.Name) ?? classifier.Parameters[shape.Name]);
        var layers = classifier.Graph.Parameters.Where(shape => shape.Role == ParameterRole.Weight)
            .ToLookup(shape => autoEncoder.Parameters.ContainsKey(shape.Name), shape => shape.Layer);
        return (classifier with { Parameters = parameters }, [.. layers[true]], [.. layers[false]]);
    }

    private static Node CodeOf(CheckedGraph classifier)
    {
        var last = classifier.Nodes.LastOrDefault(node => node.Operation.IsWeighted);
        return classifier.Nodes.TakeWhile(node => node != last)
            .LastOrDefault(node => classifier.Shapes[node.Name] is not { Height: 1, Width: 1 })
            ?? throw new InputException(
                $"network '{classifier.Name}' has no map of more than one pixel before its last layer, which pretrain would need as its "
                + "code; expected pretrain.decoder: none, or another student");
    }

    /// <summary>
    /// The nodes on the way from the code to the image that changed the size of a map, and the first with weights. At a sum the way is that
    /// of its first input.
    /// </summary>
    private static List<Node> MirroredNodes(CheckedGraph classifier, Node code)
    {
        var byName = classifier.Nodes.ToDictionary(node => node.Name);
        var way = new List<Node>();
        for (var node = code; ; node = byName[node.Inputs[0]])
        {
            way.Add(node);
            if (node.Inputs[0] == NetworkGraph.InputName) break;
        }

        var first = way.FindLast(node => node.Operation.IsWeighted);
        return way.FindAll(node => node == first || !IsSameSize(classifier.Shapes[node.Inputs[0]], classifier.Shapes[node.Name]));
    }

    /// <summary>What leads from the output of a node back to its input.</summary>
    private static (string Suffix, Operation Operation)[] Mirror(
        CheckedGraph classifier, Node node, FeatureShape before, FeatureShape after, DecoderKind kind)
    {
        var mirror = node.Operation.MirrorOf(before, after) ?? throw new InputException(
            $"network '{classifier.Name}' has the layer '{node.Name}', which makes {after} of {before} and has no mirror; "
            + "expected pretrain.decoder: none, or another student");
        var factor = before.Height / after.Height;
        var isWhole = (before.Height, before.Width) == (after.Height * factor, after.Width * factor);
        return kind == DecoderKind.Upsample && factor > 1 && isWhole
            ? [(".larger", new UpsampleOp(factor)), ("", new Conv2dOp(before.Channels, 3, 3, 1, 1))]
            : [("", mirror)];
    }

    private static bool IsSameSize(FeatureShape a, FeatureShape b) => (a.Height, a.Width) == (b.Height, b.Width);
}
