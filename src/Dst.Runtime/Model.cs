using Dst.Runtime.Graph;

namespace Dst.Runtime;

/// <summary>A parameter tensor in its canonical layout (convolution weights are [O, I, Kh, Kw], linear weights [O, I]).</summary>
public sealed class Tensor
{
    /// <summary>Wraps <paramref name="data"/>, whose length must be the product of <paramref name="shape"/>.</summary>
    /// <exception cref="ArgumentException">The length does not match the shape.</exception>
    public Tensor(int[] shape, float[] data)
    {
        var count = shape.Aggregate(1L, (product, extent) => product * extent);
        if (data.Length != count) throw new ArgumentException($"{data.Length} values for the shape [{string.Join(", ", shape)}], {count} expected");
        Shape = shape;
        Data = data;
    }

    /// <summary>Extent of each dimension.</summary>
    public int[] Shape { get; }

    /// <summary>Values, row-major.</summary>
    public float[] Data { get; }
}

/// <summary>
/// How an image becomes a network input: resize (if any), centre crop or zero pad to the network's input size, amplitude
/// transform of each pixel scaled to [0, 1], smoothing (if any), then (value − mean) / deviation per channel, or of the image itself.
/// </summary>
/// <param name="Resize">Side in pixels to which the image is resized before the crop, or 0 to leave it as it is.</param>
/// <param name="Amplitude">Amplitude transform of the pixel in [0, 1]: <c>none</c>, <c>sqrt</c> or <c>log</c>.</param>
/// <param name="Mean">Mean of each channel.</param>
/// <param name="Deviation">Standard deviation of each channel, above 0.</param>
/// <param name="Smooth">Whether each channel is smoothed by the 3×3 binomial filter [1 2 1]ᵀ[1 2 1] / 16, which weakens speckle.</param>
/// <param name="PerImage">Whether the mean and deviation are those of the input itself rather than of the training data.</param>
public sealed record InputNormalisation(int Resize, string Amplitude, float[] Mean, float[] Deviation, bool Smooth = false, bool PerImage = false);

/// <summary>A network with its weights, masks, class names and input normalisation: what a model file holds.</summary>
public sealed class Model
{
    /// <summary>Creates a model; <paramref name="parameters"/> must hold exactly the tensors that the graph needs.</summary>
    public Model(NetworkGraph graph, IReadOnlyDictionary<string, Tensor> parameters)
    {
        Graph = graph;
        Parameters = parameters;
    }

    /// <summary>The operations.</summary>
    public NetworkGraph Graph { get; }

    /// <summary>Every tensor that <see cref="ParameterShape.Of"/> names for the graph, dense, with zeros where a mask prunes.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters { get; }

    /// <summary>The mask of each pruned layer, by layer name; layers that are not pruned are absent.</summary>
    public IReadOnlyDictionary<string, LayerMask> Masks { get; init; } = new Dictionary<string, LayerMask>();

    /// <summary>Class names in the order of the logits.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>Input normalisation, or null when inputs are used as they are.</summary>
    public InputNormalisation? Normalisation { get; init; }
}
