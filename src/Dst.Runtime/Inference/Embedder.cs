using Dst.Graph;
using Dst.Images;

namespace Dst.Runtime.Inference;

/// <summary>
/// Turns images into embeddings: the values of a layer, scaled to length 1. The cosine of the angle between two embeddings says how
/// similar their images are. Any number of threads may call it at once.
/// <code>e = v / ‖v‖        cos(a, b) = Σ a[i]·b[i], from −1 to 1</code>
/// </summary>
/// <example>
/// <code>
/// using var embedder = Embedder.Load("faces.safetensors", "h.relu");
/// var (a, b) = (embedder.Embed(Image.Read("a.png")), embedder.Embed(Image.Read("b.png")));
/// Console.WriteLine(Embedder.Similarity(a, b));
/// </code>
/// </example>
public sealed class Embedder : IDisposable
{
    private readonly Predictor _predictor;

    /// <summary>Compiles a model up to a layer.</summary>
    /// <param name="model">Network, weights, masks and input normalisation.</param>
    /// <param name="layer">Name of the layer, such as the one before the classifier.</param>
    /// <param name="options">How it is compiled, or null for the defaults.</param>
    /// <param name="threads">Threads that share the work of one call. Results do not depend on it.</param>
    /// <exception cref="ArgumentNullException">The model or layer is null.</exception>
    /// <exception cref="InputException">There is no such layer, or an option is out of range.</exception>
    public Embedder(Model model, string layer, InferenceOptions? options = null, int threads = 1)
    {
        ArgumentNullException.ThrowIfNull(model);
        _predictor = new(model.UpTo(layer), options, threads);
    }

    /// <summary>Reads a model file and compiles it as <see cref="Predictor.Load(string)"/> does, up to a layer.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="path"/> or <paramref name="layer"/> is null.</exception>
    /// <exception cref="InputException">The file cannot be read, is not a legal model, or has no such layer.</exception>
    public static Embedder Load(string path, string layer)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return Of(Model.Load(path), layer);
    }

    /// <summary>As <see cref="Load(string, string)"/>, from the bytes of a model file, such as a resource of the program.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="layer"/> is null.</exception>
    /// <exception cref="InputException">They are not a legal model, or it has no such layer.</exception>
    public static Embedder Load(ReadOnlyMemory<byte> file, string layer) => Of(Model.Load(file), layer);

    /// <summary>As <see cref="Load(string, string)"/>, from a stream of a model file, to its end.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="file"/> or <paramref name="layer"/> is null.</exception>
    /// <exception cref="InputException">It is not a legal model, or it has no such layer.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static Embedder Load(Stream file, string layer) => Of(Model.Load(file), layer);

    /// <summary>Shape of one input.</summary>
    public FeatureShape Input => _predictor.Input;

    /// <summary>Numbers in an embedding.</summary>
    public int Length => _predictor.OutputCount;

    /// <summary>The embedding of an image of any size.</summary>
    /// <exception cref="InputException">
    /// The image does not have the network's bands, or has no embedding: all values of the layer are 0.
    /// </exception>
    /// <exception cref="NotFiniteNumberException">A value is not finite.</exception>
    public float[] Embed(Image image)
    {
        var embedding = new float[Length];
        Embed(new ReadOnlySpan<Image>(in image), embedding);
        return embedding.AsSpan().ContainsAnyExcept(0f)
            ? embedding
            : throw new InputException(
                $"{image.Name} has no embedding: all values of the layer are 0; another image or layer was expected");
    }

    /// <summary>The embeddings of images of any size.</summary>
    /// <param name="images">At least one.</param>
    /// <param name="embeddings">[images, Length]. A row of zeros is of an image that has no embedding.</param>
    /// <exception cref="InputException">An image does not have the network's bands, or a length does not match.</exception>
    /// <exception cref="NotFiniteNumberException">A value is not finite.</exception>
    public void Embed(ReadOnlySpan<Image> images, Span<float> embeddings)
    {
        _predictor.ComputeLogits(images, embeddings);
        ScaleRows(embeddings);
    }

    /// <summary>The embeddings of prepared inputs.</summary>
    /// <param name="inputs">Normalised inputs [count, Channels, Height, Width], count at least 1.</param>
    /// <param name="embeddings">[count, Length]. A row of zeros is of an input that has no embedding.</param>
    /// <exception cref="InputException">A length does not match, or a value is not finite.</exception>
    /// <exception cref="NotFiniteNumberException">A value is not finite.</exception>
    public void Embed(ReadOnlySpan<float> inputs, Span<float> embeddings)
    {
        _predictor.ComputeLogits(inputs, embeddings);
        ScaleRows(embeddings);
    }

    /// <summary>The cosine between two embeddings, −1 to 1; 0 if one is all zeros.</summary>
    /// <exception cref="ArgumentException">They have different lengths.</exception>
    public static float Similarity(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        if (a.Length != b.Length) throw new ArgumentException($"embeddings of {a.Length} and {b.Length} numbers; equal lengths expected");
        return (float)Math.Clamp(Dot(a, b), -1, 1);
    }

    /// <inheritdoc/>
    public void Dispose() => _predictor.Dispose();

    private static Embedder Of(Model model, string layer) =>
        new(model, layer, new() { Cache = PlanCache.OfUser() });

    // A row of zeros stays as it is: it has no direction.
    private void ScaleRows(Span<float> embeddings)
    {
        for (; embeddings.Length > 0; embeddings = embeddings[Length..])
        {
            var row = embeddings[..Length];
            var norm = Math.Sqrt(Dot(row, row));
            if (norm == 0) continue;
            foreach (ref var value in row) value = (float)(value / norm);
        }
    }

    private static double Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum;
    }
}
