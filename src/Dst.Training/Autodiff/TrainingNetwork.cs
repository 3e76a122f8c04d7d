using System.Diagnostics;
using Dst.Kernels;
using Dst.Runtime;
using Dst.Runtime.Graph;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff;

/// <summary>
/// A network in training: forward and backward passes of a batch on preallocated memory. Same weights, batch and step give the
/// same bits on any number of threads.
/// </summary>
public sealed unsafe class TrainingNetwork : IDisposable
{
    private readonly Model _model;
    private readonly WorkerPool _pool;
    private readonly int _maxBatch;
    private readonly Workspace _workspace = new();
    private readonly FeatureBuffer _input;
    private readonly TrainingNode[] _nodes;
    private readonly List<FeatureBuffer> _buffers = [];
    private readonly float[] _logits;
    private readonly IReadOnlyList<string> _features;
    private readonly HashSet<FeatureBuffer> _givenGradients = [];
    private int _images;
    private bool _frozen;
    private bool _prepared;

    /// <summary>Takes memory for batches of up to <paramref name="maxBatch"/> images and copies the model's parameters.</summary>
    /// <param name="model">Network, initial parameters and masks.</param>
    /// <param name="maxBatch">Largest batch.</param>
    /// <param name="pool">Threads; not disposed.</param>
    /// <param name="seed">Seed of the dropout masks.</param>
    /// <param name="features">Nodes whose outputs <see cref="ReadFeature"/> and <see cref="SetFeatureGradient"/> are called for; not the last one.</param>
    /// <exception cref="InputException">The graph is not legal, or a batch does not fit into memory.</exception>
    public TrainingNetwork(Model model, int maxBatch, WorkerPool pool, long seed, IReadOnlyList<string>? features = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBatch, 1);
        var shapes = GraphChecker.Check(model.Graph);
        MemoryLimit.Check(model.Graph, maxBatch);
        _model = model;
        _features = features ?? [];
        _pool = pool;
        _maxBatch = maxBatch;
        Parameters =
        [
            .. ParameterShape.Of(model.Graph).Select(shape => new Parameter(shape, (float[])model.Parameters[shape.Name].Data.Clone())),
        ];
        foreach (var (layer, mask) in model.Masks) WeightOf(layer).Mask = mask;
        _input = NewBuffer(model.Graph.Input, needsGradient: false);
        _nodes = new NodeFactory(model.Graph, shapes, Parameters, _workspace, _input, NewBuffer, seed, _features).CreateAll();
        _logits = new float[(long)maxBatch * Classes];
    }

    /// <summary>The operations.</summary>
    public NetworkGraph Graph => _model.Graph;

    /// <summary>Length of a row of logits.</summary>
    public int Classes => Logits.Shape.Channels * Logits.Pixels;

    /// <summary>All parameters in the order of the graph. Their values may be changed between passes.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Takes the time of each operation of each pass; null, the default, measures nothing.</summary>
    public OperationTimes? Times { get; set; }

    private FeatureBuffer Logits => _nodes[^1].Output;

    /// <summary>Computes the logits of a batch.</summary>
    /// <param name="images">Normalised images [count, C, H, W].</param>
    /// <param name="count">Number of images, at most the largest batch.</param>
    /// <param name="training">Batch statistics, dropout, and running statistics updated; or inference.</param>
    /// <param name="step">Number of the training step; keys the dropout masks.</param>
    /// <returns>[count, Classes], valid until the next pass.</returns>
    public ReadOnlySpan<float> Forward(ReadOnlySpan<float> images, int count, bool training, long step = 0)
    {
        if (count < 1 || count > _maxBatch) throw new ArgumentOutOfRangeException(nameof(count), count, $"expected 1 to {_maxBatch}");
        if (images.Length < count * Graph.Input.Count) throw new ArgumentException($"{images.Length} floats for {count} images; {count * Graph.Input.Count} were expected", nameof(images));
        _images = count;
        fixed (float* source = images) Layout.FromPlain(source, count, Graph.Input.Channels, _input.Pixels, _input.Value(0));
        if (training && _frozen) throw new InvalidOperationException("a frozen network cannot be trained");
        var pass = new PassInfo(count, training, step, _prepared);
        foreach (var node in _nodes)
        {
            var start = Stopwatch.GetTimestamp();
            node.Forward(_pool, pass);
            Times?.Add(node.Node.Operation, StepPass.Forward, start);
        }

        _prepared = _frozen;
        fixed (float* logits = _logits) Layout.ToPlain(Logits.Value(0), count, Logits.Shape.Channels, Logits.Pixels, logits);
        return _logits.AsSpan(0, count * Classes);
    }

    /// <summary>Computes the gradient of every parameter from the loss's gradient with respect to the last forward pass's logits.</summary>
    /// <param name="logitGradient">[count, Classes] of the last forward pass.</param>
    public void Backward(ReadOnlySpan<float> logitGradient)
    {
        if (logitGradient.Length != _images * Classes) throw new ArgumentException($"{logitGradient.Length} floats; {_images * Classes} were expected", nameof(logitGradient));
        foreach (var buffer in _buffers) buffer.GradientWritten = _givenGradients.Contains(buffer);
        _givenGradients.Clear();
        fixed (float* source = logitGradient) Layout.FromPlain(source, _images, Logits.Shape.Channels, Logits.Pixels, Logits.Gradient(0));
        Logits.GradientWritten = true;
        for (var i = _nodes.Length - 1; i >= 0; i--)
        {
            if (!_nodes[i].Output.GradientWritten)
                throw new InvalidOperationException($"node '{_nodes[i].Node.Name}' has no gradient: nothing reads its output");
            var start = Stopwatch.GetTimestamp();
            _nodes[i].Backward(_pool);
            Times?.Add(_nodes[i].Node.Operation, StepPass.Backward, start);
        }
    }

    /// <summary>Copies a node's output of the last forward pass.</summary>
    /// <param name="node">One of the constructor's features.</param>
    /// <param name="destination">[count, C, H, W].</param>
    /// <exception cref="ArgumentException">The node is not such a feature, or the length is not that of its output.</exception>
    public void ReadFeature(string node, Span<float> destination)
    {
        var output = FeatureOf(node, destination.Length);
        fixed (float* plain = destination) Layout.ToPlain(output.Value(0), _images, output.Shape.Channels, output.Pixels, plain);
    }

    /// <summary>Gives the part of a node's output gradient that does not come through the logits; the next backward pass adds it. Call it once a node and pass.</summary>
    /// <param name="node">One of the constructor's features.</param>
    /// <param name="gradient">[count, C, H, W] of the last forward pass.</param>
    /// <exception cref="ArgumentException">The node is not such a feature, or the length is not that of its output.</exception>
    public void SetFeatureGradient(string node, ReadOnlySpan<float> gradient)
    {
        var output = FeatureOf(node, gradient.Length);
        fixed (float* plain = gradient) Layout.FromPlain(plain, _images, output.Shape.Channels, output.Pixels, output.Gradient(0));
        _givenGradients.Add(output);
    }

    /// <summary>Declares that no parameter will change any more: from the next pass on, weights are packed once. Inference only from now on.</summary>
    public void Freeze() => _frozen = true;

    /// <summary>Sets the masks of convolution weights, removes all others, and zeroes what is pruned. Call it between steps: gradual pruning does at each stage.</summary>
    /// <param name="masks">Mask by layer name.</param>
    /// <exception cref="ArgumentException">A name is not that of a convolution.</exception>
    public void SetMasks(IReadOnlyDictionary<string, LayerMask> masks)
    {
        foreach (var layer in masks.Keys) WeightOf(layer);
        foreach (var node in _nodes.OfType<Nodes.ConvolutionNode>())
        {
            var weight = WeightOf(node.Node.Name);
            weight.Mask = masks.GetValueOrDefault(node.Node.Name);
            weight.Mask?.Apply(weight.Value);
            node.UseMask(weight.Mask);
        }
    }

    /// <summary>A copy of the network as it is now.</summary>
    public Model ToModel() => new(Graph, Parameters.ToDictionary(p => p.Shape.Name, p => new Tensor(p.Shape.Shape, (float[])p.Value.Clone())))
    {
        Masks = Parameters.Where(p => p.Mask is not null).ToDictionary(p => p.Shape.Layer, p => p.Mask!),
        ClassNames = _model.ClassNames,
        Normalisation = _model.Normalisation,
    };

    /// <summary>The first node whose output in the last forward pass has a NaN or infinity, or null.</summary>
    public string? FindNonFinite()
    {
        foreach (var node in _nodes)
        {
            var values = new ReadOnlySpan<float>(node.Output.Value(0), checked(_images * node.Output.ImageLength));
            foreach (var value in values)
            {
                if (!float.IsFinite(value)) return node.Node.Name;
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var node in _nodes.OfType<IDisposable>()) node.Dispose();
        foreach (var buffer in _buffers) buffer.Dispose();
        _workspace.Dispose();
    }

    private Parameter WeightOf(string layer) =>
        Parameters.FirstOrDefault(p => p.Shape.Name == $"{layer}.weight" && p.Shape.Shape.Length == 4)
        ?? throw new ArgumentException($"mask for '{layer}', which is not a convolution of {Graph.Name}");

    private FeatureBuffer FeatureOf(string node, int length)
    {
        var output = _features.Contains(node) ? _nodes.FirstOrDefault(n => n.Node.Name == node)?.Output : null;
        if (output is null || output == Logits) throw new ArgumentException($"'{node}' is not a feature that was asked for", nameof(node));
        var expected = _images * output.Shape.Count;
        return length == expected ? output : throw new ArgumentException($"{length} floats for '{node}'; {expected} were expected", nameof(length));
    }

    private FeatureBuffer NewBuffer(FeatureShape shape, bool needsGradient)
    {
        var buffer = new FeatureBuffer(shape, _maxBatch, needsGradient);
        _buffers.Add(buffer);
        return buffer;
    }
}
