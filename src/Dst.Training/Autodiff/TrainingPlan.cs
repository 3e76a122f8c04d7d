using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff;

/// <summary>
/// A graph compiled for training under the masks that its parameters have: nodes, the features between them, and all memory.
/// </summary>
internal sealed unsafe class TrainingPlan : IDisposable
{
    private readonly Workspace _workspace;
    private readonly NodeFactory _factory;
    private readonly AlignedBuffer _computed;
    private readonly int _maxBatch;
    private GradientMemory? _gradients;

    /// <summary>Compiles a graph.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="parameters">All parameters.</param>
    /// <param name="maxBatch">Largest batch.</param>
    /// <param name="seed">Of the dropout masks.</param>
    /// <param name="kept">Nodes whose features are read and given gradients from outside.</param>
    /// <param name="forms">How convolutions are computed.</param>
    /// <param name="tier">Vector width.</param>
    public TrainingPlan(
        CheckedGraph graph,
        IReadOnlyList<Parameter> parameters,
        int maxBatch,
        long seed,
        IReadOnlyList<string> kept,
        ConvolutionForms forms,
        SimdTier tier)
    {
        _workspace = new(tier);
        _maxBatch = maxBatch;
        _factory = new NodeFactory(graph, parameters, _workspace, maxBatch, seed, kept, forms);
        Nodes = _factory.CreateAll();
        Input = _factory.Stored[0];
        Logits = _factory[graph.Nodes[^1].Name];
        _computed = new AlignedBuffer(kept.Select(name => _factory[name]).Append(Logits).Where(feature => feature.IsComputed).Select(feature => feature.ImageLength).DefaultIfEmpty().Max());
    }

    /// <summary>In the order of the forward pass.</summary>
    public TrainingNode[] Nodes { get; }

    /// <summary>The network's input.</summary>
    public StoredFeature Input { get; }

    /// <summary>The network's output.</summary>
    public Feature Logits { get; }

    /// <summary>The output of a node.</summary>
    public Feature Feature(string node) => _factory[node];

    /// <summary>Copies a feature's values [images, C, H, W].</summary>
    public void Read(Feature feature, int images, Span<float> destination)
    {
        fixed (float* plain = destination)
        {
            for (var n = 0; n < images; n++)
                Layout.ToPlain(feature.Read(new(n, 1), _computed.Pointer), 1, feature.Shape.Channels, feature.Pixels, plain + (long)n * feature.Shape.Count);
        }
    }

    /// <summary>Writes a feature's gradient [images, C, H, W], as a reader behind all others. The gradient of what no node reads, such as the logits, is complete with it.</summary>
    public void WriteGradient(Feature feature, int images, ReadOnlySpan<float> gradient)
    {
        _gradients ??= new GradientMemory(_factory.WithGradient(), Nodes, _maxBatch);
        fixed (float* plain = gradient) Layout.FromPlain(plain, images, feature.Shape.Channels, feature.Pixels, feature.Gradient(0));
        feature.GradientWritten = true;
        if (feature.Readers.Count > 0) return;
        for (var part = 0; part < WorkerPool.Parts; part++)
        {
            feature.BeginGradient(part);
            feature.GradientCompleted(ImageRange.OfPart(images, part), part);
        }
    }

    /// <summary>The first node whose stored output has a NaN or infinity, or null.</summary>
    public string? FindNonFinite(int images)
    {
        foreach (var node in Nodes)
        {
            if (node.Output is not StoredFeature stored) continue;
            for (var n = 0; n < images; n++)
            {
                foreach (var value in new ReadOnlySpan<float>(stored.Value(n), stored.ImageLength))
                {
                    if (!float.IsFinite(value)) return node.Node.Name;
                }
            }
        }

        return null;
    }

    public void Dispose()
    {
        foreach (var node in Nodes.OfType<IDisposable>()) node.Dispose();
        foreach (var feature in _factory.Stored) feature.Dispose();
        _gradients?.Dispose();
        _computed.Dispose();
        _workspace.Dispose();
    }
}
