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
    private readonly AlignedBuffer _imageScratch; // for reading a feature that is not stored
    private GradientMemory? _gradients;

    /// <summary>Compiles the graph of a context.</summary>
    public TrainingPlan(NodeContext context)
    {
        _context = context;
        _factory = new NodeFactory(context);
        Nodes = _factory.CreateAll();
        Logits = _factory[context.Graph.Nodes[^1].Name];
        var exposed = context.Exposed.Select(name => _factory[name]).Append(Logits);
        _imageScratch = new AlignedBuffer(exposed.Max(feature => feature.IsComputed ? feature.ImageLength : 0));
    }

    /// <summary>In the order of the forward pass.</summary>
    public TrainingNode[] Nodes { get; }

    /// <summary>The network's output.</summary>
    public Feature Logits { get; }

    /// <summary>The output of a node.</summary>
    public Feature Feature(string node) => _factory[node];

    /// <summary>Copies images [images, C, H, W] to the input.</summary>
    public void WriteInput(ReadOnlySpan<float> source, int images) => _factory.Input.Write(source, _context.Ranks.ImagesOf(images));

    /// <summary>Copies a feature's values [images, C, H, W], those of other ranks too.</summary>
    public void Read(Feature feature, int images, Span<float> destination)
    {
        var own = _context.Ranks.ImagesOf(images);
        fixed (float* plain = destination)
        {
            for (var n = own.First; n < own.First + own.Count; n++)
            {
                var image = feature.Read(new(n, 1), _imageScratch.Pointer);
                Layout.ToPlain(image, 1, feature.Shape.Channels, feature.Pixels, plain + (long)n * feature.Shape.Count);
            }
        }

        _context.Ranks.GatherRows(destination[..(int)(images * feature.Shape.Count)], images);
    }

    /// <summary>
    /// Writes a feature's gradient [images, C, H, W], before any reader adds to it. If no node reads the feature, as with the logits,
    /// its gradient is then complete.
    /// </summary>
    public void WriteGradient(Feature feature, int images, ReadOnlySpan<float> gradient)
    {
        _gradients ??= new GradientMemory(_factory.FeaturesWithGradient(), Nodes, _context.MaxBatch);
        var own = _context.Ranks.ImagesOf(images);
        fixed (float* plain = gradient)
            Layout.FromPlain(
                plain + own.First * feature.Shape.Count, own.Count, feature.Shape.Channels, feature.Pixels, feature.Gradient(own.First));
        feature.GradientWritten = true;
        if (feature.Readers.Count > 0) return;
        for (var part = _context.Ranks.FirstPart; part < _context.Ranks.EndPart; part++)
        {
            feature.BeginGradient(part);
            feature.GradientCompleted(_context.Ranks.ImagesOfPart(images, part), part);
        }
    }

    /// <summary>The first node whose stored output has a NaN or infinity, or null.</summary>
    public string? FindNonFinite(int images)
    {
        var own = Array.FindIndex(Nodes, node => !IsFinite(node.Output, images));
        var found = new int[_context.Ranks.Count]; // by each rank
        found[_context.Ranks.Rank] = own < 0 ? Nodes.Length : own;
        _context.Ranks.Gather<int>(found, rank => rank);
        var first = found.Min();
        return first < Nodes.Length ? Nodes[first].Node.Name : null;
    }

    /// <summary>Whether a feature's stored values of this rank's images are finite.</summary>
    private bool IsFinite(Feature feature, int images)
    {
        if (feature is not StoredFeature stored) return true;
        var own = _context.Ranks.ImagesOf(images);
        for (var n = own.First; n < own.First + own.Count; n++)
        {
            foreach (var value in new ReadOnlySpan<float>(stored.Value(n), stored.ImageLength))
            {
                if (!float.IsFinite(value)) return false;
            }
        }

        return true;
    }

    public void Dispose()
    {
        foreach (var node in Nodes.OfType<IDisposable>()) node.Dispose();
        foreach (var feature in _factory.Stored) feature.Dispose();
        _factory.Input.Dispose();
        _gradients?.Dispose();
        _imageScratch.Dispose();
    }
}
