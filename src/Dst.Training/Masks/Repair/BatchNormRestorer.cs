using Dst.Graph;
using Dst.Training.Autodiff;

namespace Dst.Training.Masks.Repair;

/// <summary>
/// Puts batch normalisations back that an exporter has folded into convolutions: without them a deep network can hardly be trained on. Mean
/// and deviation are those of calibration images; scale and shift are such that the network computes the same as before.
/// </summary>
/// <seealso cref="CalibrationImages"/>
public static class BatchNormRestorer
{
    private const string Suffix = ".bn";

    /// <summary>Whether a network with several convolutions has no normalisation: neither of the batch nor of the channels.</summary>
    public static bool LacksBatchNorm(CheckedGraph graph) =>
        !graph.Nodes.Any(node => node.Operation is BatchNormOp or LayerNormOp or GroupNormOp) && UnnormalisedLayersOf(graph).Count > 1;

    /// <summary>A line for a network that is to be trained on and lacks batch normalisation, or null.</summary>
    public static string? Describe(CheckedGraph graph) => !LacksBatchNorm(graph) ? null :
        "no batch normalisation: if an exporter folded it into the convolutions, the network can hardly be trained on, and dst import "
        + "--restore-batch-norm puts it back";

    /// <summary>
    /// A model with a batch normalisation behind each convolution that has none. Those of 1×1 maps, which have few values to measure, and
    /// the last layer with weights stay as they are. Masks stay.
    /// </summary>
    /// <param name="model">Not changed.</param>
    /// <param name="images">Calibration images.</param>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="cancellation">Checked before each layer.</param>
    /// <exception cref="InputException">There is no such convolution.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static Model Restore(Model model, CalibrationImages images, ComputeContext compute, CancellationToken cancellation = default)
    {
        var layers = UnnormalisedLayersOf(model.Graph);
        if (layers.Count == 0)
            throw new InputException($"network '{model.Graph.Name}' has no convolution without a batch normalisation; one was expected");
        var graph = WithNormalisations(model.Graph, layers);
        var parameters = model.Parameters.ToDictionary();
        using var walk = new NetworkWalk(model, images, compute);
        foreach (var layer in layers)
        {
            cancellation.ThrowIfCancellationRequested();
            walk.ComputeTo(layer);
            Add(parameters, layer, new(walk[layer], model.Graph.Shapes[layer], compute.Pool));
        }

        return model with
        {
            Graph = graph,
            Parameters = graph.Parameters.ToDictionary(shape => shape.Name, shape => parameters[shape.Name]),
        };
    }

    /// <summary>How many calibration images are used: fewer than usual if the network's features are large.</summary>
    public static int ImagesFor(CheckedGraph graph) => NetworkRepair.ImagesFor(graph, new() { Repair = PruningRepair.BatchNorm });

    /// <summary>The convolutions that get a normalisation.</summary>
    private static List<string> UnnormalisedLayersOf(CheckedGraph graph)
    {
        var last = graph.Nodes.Last(node => node.Operation.IsWeighted || node == graph.Nodes[0]);
        var normalised = graph.Nodes.Where(node => node.Operation is BatchNormOp).Select(node => node.Inputs[0]).ToHashSet();
        return
        [
            .. graph.Nodes.Where(node => node.Operation is Conv2dOp && node != last && !normalised.Contains(node.Name))
                .Select(node => node.Name).Where(name => graph.Shapes[name] is not { Height: 1, Width: 1 }),
        ];
    }

    private static CheckedGraph WithNormalisations(CheckedGraph graph, List<string> layers)
    {
        string Renamed(string name) => layers.Contains(name) ? name + Suffix : name;
        var nodes = new List<Node>();
        foreach (var node in graph.Nodes)
        {
            var inputs = node.Inputs.Select(Renamed).ToList();
            var isNormalised = layers.Contains(node.Name);
            var operation = isNormalised ? (Conv2dOp)node.Operation with { Bias = false } : node.Operation;
            nodes.Add(node with { Inputs = inputs, Operation = operation });
            if (isNormalised) nodes.Add(new(node.Name + Suffix, new BatchNormOp(), [node.Name]));
        }

        return new(graph.Definition with { Nodes = nodes });
    }

    /// <summary>Adds the parameters of a normalisation whose output is the layer's output as it was, with its bias.</summary>
    private static void Add(Dictionary<string, Tensor> parameters, string layer, ChannelStatistics measured)
    {
        var channels = measured.Mean.Count;
        var bias = parameters.GetValueOrDefault($"{layer}.bias")?.Data ?? new float[channels];
        float[] mean = new float[channels], variance = new float[channels], scale = new float[channels], shift = new float[channels];
        measured.SetStatistics(suffix => suffix == "running_mean" ? mean : variance);
        for (var c = 0; c < channels; c++)
        {
            (scale[c], shift[c]) = ((float)Math.Sqrt((double)variance[c] + new BatchNormOp().Epsilon), mean[c]);
            mean[c] -= bias[c];
        }

        foreach (var (suffix, values) in new[] { ("weight", scale), ("bias", shift), ("running_mean", mean), ("running_var", variance) })
            parameters[$"{layer}{Suffix}.{suffix}"] = new([channels], values);
    }
}
