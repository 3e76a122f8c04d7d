using Dst.Graph;
using Dst.Training.Networks;

namespace Dst.Training.Experiments.Starts;

/// <summary>
/// The layer whose filters are the classes of a network, and what follows it: operations that keep the order of channels.
/// </summary>
/// <param name="Layer">The last layer with weights.</param>
/// <param name="Behind">The nodes behind it.</param>
internal sealed record ClassifierHead(Node Layer, IReadOnlyList<Node> Behind)
{
    private HashSet<string> Layers => [.. Behind.Append(Layer).Select(node => node.Name)];

    /// <summary>The head of a network, or null if its outputs are mixed from several channels.</summary>
    public static ClassifierHead? Find(CheckedGraph graph)
    {
        var nodes = graph.Nodes.ToDictionary(node => node.Name);
        var behind = new List<Node>();
        for (var node = graph.Output; ; node = nodes[node.Inputs[0]])
        {
            if (node.Operation.IsWeighted) return node.Operation is Conv2dOp { Groups: > 1 } or ConvTransposeOp ? null : new(node, behind);
            var keepsOrder = node.Operation is SoftmaxOp
                || node.Operation.OrderOfChannels(graph.Shapes[node.Inputs[0]]) == ChannelOrder.Kept;
            var isOnlyReader = graph.Nodes.Sum(other => other.Inputs.Count(input => input == node.Inputs[0])) == 1;
            if (!keepsOrder || !isOnlyReader || node.Inputs is not [not NetworkGraph.InputName]) return null;
            behind.Add(node);
        }
    }

    /// <summary>A model whose class i is the class <paramref name="order"/>[i] of another, or null if that cannot be.</summary>
    public static Model? Reorder(Model model, int[] order)
    {
        if (Find(model.Graph) is not { } head || model.Masks.ContainsKey(head.Layer.Name)) return null;
        if (model.OutputCount == 1 && !head.Behind.All(node => TakesSign(node.Operation))) return null;
        var layers = head.Layers;
        var parameters = model.Parameters.ToDictionary();
        foreach (var shape in model.Graph.Parameters.Where(shape => layers.Contains(shape.Layer)))
            parameters[shape.Name] = Move(parameters[shape.Name]);
        return model with { Parameters = parameters, ClassNames = [.. order.Select(model.ClassNameOf)] };

        // A single output is the logit of the second of two classes; that of the first has the other sign.
        Tensor Move(Tensor tensor) => model.OutputCount == 1
            ? new(tensor.Shape, Array.ConvertAll(tensor.Data, value => -value))
            : tensor.Gather(0, order);
    }

    /// <summary>
    /// A model with a new last layer, with initial weights, for another number of classes, or null if that cannot be. Its outputs are
    /// logits.
    /// </summary>
    public static (Model Model, string Layer)? Replace(Model model, int classes, long seed)
    {
        model = model.WithoutProbabilities();
        if (Find(model.Graph) is not { } head) return null;
        Operation operation = head.Layer.Operation switch
        {
            Conv2dOp convolution => convolution with { OutChannels = classes },
            LinearOp linear => linear with { OutFeatures = classes },
            var other => other,
        };
        var nodes = model.Graph.Nodes.Select(node => node == head.Layer ? node with { Operation = operation } : node).ToList();
        var graph = new CheckedGraph(model.Graph.Definition with { Nodes = nodes });
        var anew = head.Layers;
        var initial = Initialiser.Initialise(graph, seed).Parameters;
        var replaced = model with
        {
            Graph = graph,
            Parameters = graph.Parameters.ToDictionary(
                shape => shape.Name, shape => (anew.Contains(shape.Layer) ? initial : model.Parameters)[shape.Name]),
            Masks = model.Masks.Where(mask => mask.Key != head.Layer.Name).ToDictionary(),
            ClassNames = [],
        };
        return (replaced, head.Layer.Name);
    }

    /// <summary>Whether the other sign of its input only changes the sign of its output, or what a sigmoid makes of it.</summary>
    private static bool TakesSign(Operation operation) =>
        operation is SigmoidOp or GlobalAvgPoolOp or AvgPoolOp or FlattenOp || operation.IsIdentityInInference;
}
