using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Inference;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;

namespace Dst.Training.Masks.Repair;

/// <summary>
/// A network that is computed node by node, each node for all images at once. The parameters of a node may change until it is computed.
/// A feature lives until its last reader is computed and nobody holds it.
/// </summary>
internal sealed unsafe class NetworkWalk : IDisposable
{
    private readonly Model _model;
    private readonly ComputeContext _compute;
    private readonly ConvolutionChooser _chooser;
    private readonly Dictionary<string, LoweredValue> _values;
    private readonly Dictionary<string, AlignedBuffer> _features = [];
    private readonly Dictionary<string, int> _holders;
    private int _next;

    /// <summary>Begins with the network's input.</summary>
    /// <param name="model">Its masks are ignored: pruned weights are 0.</param>
    /// <param name="images">The images.</param>
    /// <param name="compute">Threads and vector width.</param>
    public NetworkWalk(Model model, CalibrationImages images, ComputeContext compute)
    {
        (_model, _compute, Images) = (model, compute, images.Count);
        _chooser = new(new() { Tier = compute.Tier, Tune = false }, roundingClass: 0, new Dictionary<string, long>());
        _values = model.Graph.Shapes.ToDictionary(shape => shape.Key, shape => new LoweredValue(shape.Value, ElementType.Float32));
        _holders = ReadersOf(model.Graph);
        var input = model.Graph.Input;
        var feature = _features[NetworkGraph.InputName] = NewFeature(input);
        fixed (float* source = images.Values)
            Layout.FromPlain(source, images.Count, input.Channels, input.Pixels, feature.Pointer);
    }

    /// <summary>Number of images.</summary>
    public int Images { get; }

    /// <summary>A feature that lives, [N, C/16, H, W, 16].</summary>
    public AlignedBuffer this[string name] => _features[name];

    /// <summary>The most floats of one image that live at a time, in a walk from node to node.</summary>
    public static long PeakLength(CheckedGraph graph)
    {
        var holders = ReadersOf(graph);
        var (now, peak) = (graph.Input.BlockedLength, 0L);
        foreach (var node in graph.Nodes)
        {
            now += graph.Shapes[node.Name].BlockedLength;
            peak = Math.Max(peak, now);
            now -= node.Inputs.Where(name => --holders[name] == 0).Sum(name => graph.Shapes[name].BlockedLength);
        }

        return peak;
    }

    /// <summary>Keeps a feature alive, once it is computed, until <see cref="Release"/>.</summary>
    public void Hold(string name) => _holders[name]++;

    /// <summary>Ends what <see cref="Hold"/> began.</summary>
    public void Release(string name)
    {
        if (--_holders[name] == 0 && _features.Remove(name, out var feature)) feature.Dispose();
    }

    /// <summary>Computes the nodes up to <paramref name="last"/> that are not computed yet.</summary>
    public void ComputeTo(string last)
    {
        while (!_features.ContainsKey(last))
        {
            var node = _model.Graph.Nodes[_next++];
            _features[node.Name] = Compute(ModelReader.Read(_model, node, dense: true));
            foreach (var name in node.Inputs) Release(name);
        }
    }

    /// <summary>What a layer with weights would give.</summary>
    /// <param name="node">A convolution or linear layer whose input lives.</param>
    /// <param name="weight">Weights in place of the model's.</param>
    /// <param name="bias">[O].</param>
    public AlignedBuffer Preview(Node node, float[] weight, float[] bias) =>
        Compute(ModelReader.Read(_model, node, dense: true) with { Weight = weight, Bias = bias });

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var feature in _features.Values) feature.Dispose();
    }

    /// <summary>How often each feature is read; the network's output once more.</summary>
    private static Dictionary<string, int> ReadersOf(CheckedGraph graph)
    {
        var readers = graph.Shapes.Keys.ToDictionary(name => name, _ => 0);
        foreach (var name in graph.Nodes.SelectMany(node => node.Inputs)) readers[name]++;
        readers[graph.Output.Name]++;
        return readers;
    }

    private AlignedBuffer NewFeature(FeatureShape shape) => new(Images * shape.BlockedLength);

    private AlignedBuffer Compute(LoweredNode node)
    {
        var output = NewFeature(_values[node.Output].Shape);
        if (node.Operation.IsIdentityInInference)
        {
            var source = _features[node.Inputs[0]];
            Buffer.MemoryCopy(source.Pointer, output.Pointer, output.Length * sizeof(float), source.Length * sizeof(float));
            return output;
        }

        foreach (var step in new StepFactory(new([node], _values, node.Output), _chooser, keepsValues: true).CreateAll().Steps)
        {
            using (step) Run(step, output);
        }

        return output;
    }

    private void Run(InferenceStep step, AlignedBuffer output)
    {
        const int parts = WorkerPool.Parts;
        var units = (long)step.Units(Images);
        var pitch = Layout.WholeLines(step.ScratchLength(_compute.Pool.Threads));
        using var scratch = new AlignedBuffer(pitch * parts);
        var second = step.Second is { } name ? _features[name].Pointer : null;
        var data = new StepData(_features[step.Input].Pointer, second, output.Pointer, Images, _compute.Tier);
        _compute.Pool.Run(parts, part => step.Run(
            data, (int)(units * part / parts), (int)(units * (part + 1) / parts), scratch.Pointer + part * pitch));
    }
}
