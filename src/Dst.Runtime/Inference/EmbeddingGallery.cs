namespace Dst.Runtime.Inference;

/// <summary>The nearest entry of a gallery.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Similarity">The cosine between its embedding and that of the image, −1 to 1.</param>
public readonly record struct GalleryMatch(string Name, float Similarity);

/// <summary>
/// Embeddings of known people or things, each with a name; a name may have several. An image is given the name of the most similar entry,
/// so a new person needs an image and no training.
/// </summary>
/// <example>
/// <code>
/// using var embedder = Embedder.Load("faces.safetensors", "h.relu");
/// var gallery = new EmbeddingGallery();
/// gallery.Add("Ann", embedder.Embed(Image.Read("ann.png")));
/// var (name, similarity) = gallery.FindNearest(embedder.Embed(Image.Read("door.png")));
/// Console.WriteLine(similarity >= 0.7 ? name : "unknown");
/// </code>
/// </example>
public sealed class EmbeddingGallery
{
    private readonly List<(string Name, float[] Embedding)> _entries = [];

    /// <summary>Number of entries.</summary>
    public int Count => _entries.Count;

    /// <summary>Adds an image of a person.</summary>
    /// <param name="name">Who it shows.</param>
    /// <param name="embedding">From an <see cref="Embedder"/>, as long as the other entries.</param>
    /// <exception cref="ArgumentException">
    /// The name or embedding is empty, a value is not finite, all are 0, or the length is another.
    /// </exception>
    public void Add(string name, ReadOnlySpan<float> embedding)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        // The first entry may have any length but 0.
        Check(embedding, _entries.Count > 0 ? _entries[0].Embedding.Length : Math.Max(embedding.Length, 1));
        _entries.Add((name, embedding.ToArray()));
    }

    /// <summary>The most similar entry; of equal ones the first.</summary>
    /// <param name="embedding">From the same embedder as the entries.</param>
    /// <exception cref="ArgumentException">A value is not finite, all are 0, or the length is not that of the entries.</exception>
    /// <exception cref="InvalidOperationException">The gallery is empty.</exception>
    public GalleryMatch FindNearest(ReadOnlySpan<float> embedding)
    {
        if (_entries.Count == 0) throw new InvalidOperationException("the gallery is empty; at least one embedding was expected");
        Check(embedding, _entries[0].Embedding.Length);
        var best = new GalleryMatch("", float.NegativeInfinity);
        foreach (var (name, entry) in _entries)
        {
            var similarity = Embedder.Similarity(embedding, entry);
            if (similarity > best.Similarity) best = new(name, similarity);
        }

        return best;
    }

    private static void Check(ReadOnlySpan<float> embedding, int length)
    {
        if (embedding.Length != length) throw new ArgumentException($"the embedding has {embedding.Length} numbers; {length} expected");
        for (var i = 0; i < length; i++)
        {
            if (!float.IsFinite(embedding[i]))
                throw new ArgumentException($"number {i} of the embedding is {embedding[i]}; finite ones expected");
        }

        if (!embedding.ContainsAnyExcept(0f))
            throw new ArgumentException("all numbers of the embedding are 0, which is similar to nothing; others expected");
    }
}
