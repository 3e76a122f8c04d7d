using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff;

/// <summary>
/// A graph compiled for training with the masks of its parameters: nodes, the features between them, and their memory.
/// </summary>
internal sealed unsafe class TrainingPlan : IDisposable
{
    private readonly NodeContext _context;
    private readonly NodeFactory _factory;
    private readonly AlignedBuffer _computed;
    private GradientMemory? _gradients;

    /// <summary>Compiles the graph of a context.</summary>
    public TrainingPlan(NodeContext context)
    {
        _context = context;
        _factory = new NodeFactory(context);
        Nodes = _factory.CreateAll();
        Input = _factory.Stored[0];
        Logits = _factory[context.Graph.Nodes[^1].Name];
        var read = context.Kept.Select(name => _factory[name]).Append(Logits);
        _computed = new AlignedBuffer(read.Max(feature => feature.IsComputed ? feature.ImageLength : 0));
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
            {
                var image = feature.Read(new(n, 1), _computed.Pointer);
                Layout.ToPlain(image, 1, feature.Shape.Channels, feature.Pixels, plain + (long)n * feature.Shape.Count);
            }
        }
    }

    /// <summary>
    /// Writes a feature's gradient [images, C, H, W], before any reader adds to it. If no node reads the feature, as with the logits,
    /// its gradient is then complete.
    /// </summary>
    public void WriteGradient(Feature feature, int images, ReadOnlySpan<float> gradient)
    {
        _gradients ??= new GradientMemory(_factory.WithGradient(), Nodes, _context.MaxBatch);
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
    }
}
