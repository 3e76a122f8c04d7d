using System.Diagnostics;
using Dst.Graph;
using Dst.Masks;
using Dst.Quantisation;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff;

/// <summary>
/// A network in training: forward and backward passes of a batch on preallocated memory. Same weights, batch and step give the
/// same bits on any number of threads and ranks. A rank reads only its own images; every rank gets all logits and gradients.
/// </summary>
public sealed unsafe class TrainingNetwork : IDisposable
{
    private readonly Model _model;
    private readonly ComputeContext _compute;
    private readonly NodeContext _context;
    private readonly float[] _logits;
    private TrainingPlan _plan;
    private int _images;
    private bool _frozen;
    private bool _prepared;
    private bool _canGoBack;

    /// <summary>Takes memory for batches of up to <paramref name="maxBatch"/> images and copies the model's parameters.</summary>
    /// <param name="model">Network, initial parameters and masks.</param>
    /// <param name="maxBatch">Largest batch.</param>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="seed">Seed of the dropout masks.</param>
    /// <param name="features">Nodes for <see cref="ReadFeature"/> and <see cref="SetFeatureGradient"/>; not the last one.</param>
    /// <param name="forms">Forms of the convolutions, or null for <see cref="ConvolutionForms.Estimated"/>.</param>
    /// <param name="scales">
    /// Scales of the values, by name of node or input, that are rounded as the bytes of a quantised network are; null for none.
    /// </param>
    /// <exception cref="InputException">A batch does not fit into memory.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxBatch"/> is below 1.</exception>
    public TrainingNetwork(
        Model model, int maxBatch, ComputeContext compute, long seed,
        IReadOnlyList<string>? features = null, ConvolutionForms? forms = null, IReadOnlyDictionary<string, ByteScale>? scales = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBatch, 1);
        NetworkMemory.Check(model.Graph, maxBatch);
        _model = model;
        _compute = compute;
        Parameters =
        [
            .. model.Graph.Parameters.Select(shape => new Parameter(shape, (float[])model.Parameters[shape.Name].Data.Clone())),
        ];
        foreach (var (layer, mask) in model.Masks) WeightOf(layer).Mask = mask;
        _context = new()
        {
            Graph = model.Graph,
            Parameters = Parameters.ToDictionary(parameter => parameter.Shape.Name),
            Exposed = features ?? [],
            MaxBatch = maxBatch,
            Seed = seed,
            Scales = scales ?? new Dictionary<string, ByteScale>(),
            Forms = forms ?? ConvolutionForms.Estimated,
            Tier = compute.Tier,
            Ranks = compute.Ranks,
            Gradients = new(compute.Ranks),
            Workspace = new(compute.Ranks.PartCount),
        };
        _plan = new(_context);
        _logits = new float[(long)maxBatch * Classes];
    }

    /// <summary>The operations.</summary>
    public CheckedGraph Graph => _model.Graph;

    /// <summary>Length of a row of logits.</summary>
    public int Classes => checked((int)_plan.Logits.Shape.Count);

    /// <summary>All parameters in the order of the graph. Their values may be changed between passes.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Collects the time of each operation of each pass; null, the default, measures nothing.</summary>
    public OperationTimes? Times { get; set; }

    /// <summary>The processes that share each batch.</summary>
    internal RankGroup Ranks => _compute.Ranks;

    /// <summary>Computes the logits of a batch.</summary>
    /// <param name="images">Normalised images [count, C, H, W].</param>
    /// <param name="count">Number of images, at most the largest batch.</param>
    /// <param name="training">Batch statistics, dropout, and running statistics updated; or inference.</param>
    /// <param name="step">Number of the training step; keys the dropout masks.</param>
    /// <returns>[count, Classes], valid until the next pass.</returns>
    /// <exception cref="ArgumentException">There are no images, more than the largest batch, or fewer values than they have.</exception>
    /// <exception cref="InvalidOperationException">The network is frozen, and the pass is one of training.</exception>
    public ReadOnlySpan<float> Forward(ReadOnlySpan<float> images, int count, bool training, long step = 0)
    {
        if (count < 1 || count > _context.MaxBatch)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"expected 1 to {_context.MaxBatch}");
        if (images.Length < count * Graph.Input.Count)
            throw new ArgumentException(
                $"{images.Length} floats for {count} images; {count * Graph.Input.Count} were expected", nameof(images));
        if (training && _frozen) throw new InvalidOperationException("a frozen network cannot be trained");
        (_images, _canGoBack) = (count, training);
        _plan.WriteInput(images, count);
        var pass = new PassInfo(count, training, step, _frozen, _prepared);
        foreach (var node in _plan.Nodes)
        {
            node.Output.GradientWritten = false;
            var start = Stopwatch.GetTimestamp();
            node.Forward(_compute.Pool, pass);
            Times?.Add(node.Node, StepPass.Forward, start);
        }

        _prepared = _frozen;
        _plan.Read(_plan.Logits, count, _logits);
        return _logits.AsSpan(0, count * Classes);
    }

    /// <summary>Computes the gradient of every parameter from the loss's gradient with respect to the last forward pass's logits.</summary>
    /// <param name="logitGradient">[count, Classes] of the last forward pass.</param>
    /// <exception cref="InvalidOperationException">The last forward pass was not one of training.</exception>
    /// <exception cref="ArgumentException">The length is not that of the logits.</exception>
    public void Backward(ReadOnlySpan<float> logitGradient)
    {
        if (!_canGoBack) throw new InvalidOperationException("the last forward pass was one of inference, which has no backward pass");
        if (logitGradient.Length != _images * Classes)
            throw new ArgumentException($"{logitGradient.Length} floats; {_images * Classes} were expected", nameof(logitGradient));
        _plan.WriteGradient(_plan.Logits, _images, logitGradient);
        for (var i = _plan.Nodes.Length - 1; i >= 0; i--)
        {
            var node = _plan.Nodes[i];
            if (!node.Output.GradientWritten)
                throw new InvalidOperationException($"node '{node.Node.Name}' has no gradient: nothing reads its output");
            var start = Stopwatch.GetTimestamp();
            node.Backward(_compute.Pool);
            _context.Gradients.Advance();
            Times?.Add(node.Node, StepPass.Backward, start);
        }

        _context.Gradients.Finish();
    }

    /// <summary>Copies a node's output of the last forward pass.</summary>
    /// <param name="node">One of the constructor's features.</param>
    /// <param name="destination">[count, C, H, W].</param>
    /// <exception cref="ArgumentException">The node is not such a feature, or the length is not that of its output.</exception>
    public void ReadFeature(string node, Span<float> destination) => _plan.Read(FeatureOf(node, destination.Length), _images, destination);

    /// <summary>
    /// Sets the part of a node's output gradient that does not come through the logits; the next backward pass adds it.
    /// Call it once for each node and pass.
    /// </summary>
    /// <param name="node">One of the constructor's features.</param>
    /// <param name="gradient">[count, C, H, W] of the last forward pass.</param>
    /// <exception cref="ArgumentException">The node is not such a feature, or the length is not that of its output.</exception>
    public void SetFeatureGradient(string node, ReadOnlySpan<float> gradient) =>
        _plan.WriteGradient(FeatureOf(node, gradient.Length), _images, gradient);

    /// <summary>
    /// Declares that parameters stay as they are: the next pass packs weights for all that follow. Only inference is allowed afterwards.
    /// </summary>
    public void Freeze() => _frozen = true;

    /// <summary>
    /// Sets the masks of convolution weights, removes all others, and zeroes what is pruned. Call it between steps, as gradual pruning does
    /// at each stage.
    /// </summary>
    /// <param name="masks">Mask by layer name.</param>
    /// <exception cref="ArgumentException">A name is not that of a convolution.</exception>
    public void SetMasks(IReadOnlyDictionary<string, LayerMask> masks)
    {
        foreach (var layer in masks.Keys) WeightOf(layer); // throws before anything is changed
        foreach (var weight in Parameters)
        {
            var isNamed = masks.ContainsKey(weight.Shape.Layer) && weight.Shape.Name == $"{weight.Shape.Layer}.weight";
            if (weight.Mask is null && !isNamed) continue;
            weight.Mask = masks.GetValueOrDefault(weight.Shape.Layer);
            weight.Mask?.Apply(weight.Value);
        }

        _plan.Dispose();
        _plan = new(_context);
        _prepared = false;
    }

    /// <summary>A copy of the network with its current parameters and masks.</summary>
    public Model ToModel() =>
        _model with
        {
            Parameters = Parameters.ToDictionary(p => p.Shape.Name, p => new Tensor(p.Shape.Shape, (float[])p.Value.Clone())),
            Masks = Parameters.Where(p => p.Mask is not null).ToDictionary(p => p.Shape.Layer, p => p.Mask!),
        };

    /// <summary>The first node whose output in the last forward pass has a NaN or infinity, or null.</summary>
    public string? FindNonFinite() => _plan.FindNonFinite(_images);

    /// <inheritdoc/>
    public void Dispose()
    {
        _plan.Dispose();
        _context.Workspace.Dispose();
    }

    private Feature FeatureOf(string node, int length)
    {
        if (!_context.Exposed.Contains(node) || node == NetworkGraph.InputName || node == Graph.Nodes[^1].Name)
            throw new ArgumentException($"'{node}' is not a feature that was asked for", nameof(node));
        var feature = _plan.Feature(node);
        var expected = _images * feature.Shape.Count;
        return length == expected
            ? feature
            : throw new ArgumentException($"{length} floats for '{node}'; {expected} were expected", nameof(length));
    }

    private Parameter WeightOf(string layer) =>
        Parameters.FirstOrDefault(p => p.Shape.Name == $"{layer}.weight" && p.Shape.Shape.Length == 4)
        ?? throw new ArgumentException($"mask for '{layer}', which is not a convolution of {Graph.Name}");
}
