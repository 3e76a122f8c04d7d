using Dst.Runtime.Graph;
using Dst.Runtime.Images;
using Dst.Runtime.Inference;

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
public sealed record InputNormalisation(int Resize, string Amplitude, float[] Mean, float[] Deviation, bool Smooth = false, bool PerImage = false)
{
    /// <summary>Pixels in [0, 1] as they are, of images with so many channels.</summary>
    public static InputNormalisation None(int channels) => new(Resize: 0, Amplitude: "none", Mean: new float[channels], Deviation: [.. Enumerable.Repeat(1f, channels)]);
}

/// <summary>
/// A network with its weights, masks, class names and input normalisation: what a model file holds. It predicts too, compiled when it is
/// first asked to; who wants to say how compiles a <see cref="Predictor"/>.
/// </summary>
public sealed class Model : IDisposable
{
    private readonly Lazy<Predictor> _predictor;
    private bool _disposed;

    /// <summary>Creates a model; <paramref name="parameters"/> must hold exactly the tensors that the graph needs.</summary>
    public Model(NetworkGraph graph, IReadOnlyDictionary<string, Tensor> parameters)
    {
        Graph = graph;
        Parameters = parameters;
        _predictor = new(() => new(this, new() { RefuseNonFinite = true, Cache = PlanCache.OfUser() }));
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

    /// <summary>Reads a model file, checking all that it says before taking memory for it.</summary>
    /// <exception cref="InputException">The file cannot be read or is not a legal model; the message says what was expected.</exception>
    public static Model Load(string path) => ModelFile.ModelFile.Load(path);

    /// <summary>Name of a class, or its number if the model has no names.</summary>
    public string ClassNameOf(int label) => ClassNames.Count > 0 ? ClassNames[label] : $"{label}";

    /// <summary>
    /// Classifies an image of any size, on the calling thread; any number of threads may. The first call compiles the network: it measures
    /// the forms of each layer on this machine, unless the user's <see cref="PlanCache"/> knows them. Later changes to the weights have no effect.
    /// </summary>
    /// <returns>The probability of each class.</returns>
    /// <exception cref="InputException">The network's input has not the channels of an image.</exception>
    public float[] Predict(Image image) => Predictor.Predict(image);

    /// <summary>The same without allocation after the first call, unless the normalisation resizes images.</summary>
    /// <param name="image">Image of any size.</param>
    /// <param name="probabilities">One for each class.</param>
    /// <exception cref="InputException">The network's input has not the channels of an image, or the length is another one.</exception>
    public void Predict(Image image, Span<float> probabilities) => Predictor.Predict(image, probabilities);

    /// <summary>The same for inputs that are prepared already, one image at a time.</summary>
    /// <param name="inputs">Normalised inputs [count, channels, height, width], count at least 1.</param>
    /// <param name="probabilities">[count, classes].</param>
    /// <exception cref="InputException">A length is another one, or a value is not finite.</exception>
    public void Predict(ReadOnlySpan<float> inputs, Span<float> probabilities) => Predictor.Predict(inputs, probabilities);

    /// <summary>Frees what predicting took; the model predicts no more, its data stay.</summary>
    public void Dispose()
    {
        _disposed = true;
        if (_predictor.IsValueCreated) _predictor.Value.Dispose();
    }

    private Predictor Predictor
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _predictor.Value;
        }
    }
}
