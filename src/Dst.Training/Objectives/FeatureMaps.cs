using Dst.Graph;
using Dst.Training.Autodiff;

namespace Dst.Training.Objectives;

/// <summary>The outputs of some layers of a network for one batch, and the gradients by them.</summary>
internal sealed class FeatureMaps
{
    private readonly Dictionary<string, Map> _maps;
    private readonly int _maxBatch;
    private int _images;

    /// <summary>Takes memory for batches of up to <paramref name="maxBatch"/> images.</summary>
    public FeatureMaps(CheckedGraph graph, IEnumerable<string> layers, int maxBatch)
    {
        _maxBatch = maxBatch;
        _maps = layers.Distinct().ToDictionary(layer => layer, layer => new Map(graph.Shapes[layer], maxBatch));
    }

    /// <summary>Reads the outputs of the batch that the network saw last.</summary>
    public void Read(TrainingNetwork network, int images)
    {
        _images = images;
        foreach (var (layer, map) in _maps) network.ReadFeature(layer, OfImages(map.Values));
    }

    /// <summary>Sets all gradients to zero.</summary>
    public void ClearGradients()
    {
        foreach (var map in _maps.Values) Array.Clear(map.Gradient);
    }

    /// <summary>Pixels of a layer's map.</summary>
    public int Pixels(string layer) => _maps[layer].Shape.Height * _maps[layer].Shape.Width;

    /// <summary>A layer's output, [images, C, H, W].</summary>
    public ReadOnlySpan<float> Values(string layer) => OfImages(_maps[layer].Values);

    /// <summary>The gradient by a layer's output, [images, C, H, W].</summary>
    public Span<float> Gradient(string layer) => OfImages(_maps[layer].Gradient);

    /// <summary>Gives all gradients to the network for its next backward pass.</summary>
    public void SetGradients(TrainingNetwork network)
    {
        foreach (var layer in _maps.Keys) network.SetFeatureGradient(layer, Gradient(layer));
    }

    private Span<float> OfImages(float[] values) => values.AsSpan(0, values.Length / _maxBatch * _images);

    private sealed record Map(FeatureShape Shape, int MaxBatch)
    {
        public float[] Values { get; } = new float[MaxBatch * Shape.Count];

        public float[] Gradient => field ??= new float[Values.Length]; // a teacher's maps need none
    }
}
