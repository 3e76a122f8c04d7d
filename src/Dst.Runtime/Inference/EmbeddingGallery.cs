namespace Dst.Runtime.Inference;

/// <summary>The nearest entry of a gallery.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Similarity">The cosine between its embedding and that of the image, −1 to 1.</param>
public readonly record struct GalleryMatch(string Name, float Similarity);

/// <summary>
/// Embeddings of known people or things, each with a name; a name may have several. An image is given the name of the most similar entry,
/// so a new person needs an image and no training. Any number of threads may call it at once.
/// </summary>
/// <example>
/// <code>
/// using var embedder = Embedder.Load("faces.safetensors", "h.relu");
/// var gallery = new EmbeddingGallery();
/// gallery.Add("Ann", embedder.Embed(Image.Read("ann.png")));
/// var (name, similarity) = gallery.FindNearest(embedder.Embed(Image.Read("door.png")));
/// Console.WriteLine(similarity >= 0.7 ? name : "unknown");
/// gallery.Save("people.safetensors", embedder);
/// </code>
/// </example>
public sealed class EmbeddingGallery
{
    private readonly Lock _changes = new();
    private volatile GalleryEntry[] _entries = []; // is replaced as a whole, so that searches need no lock

    /// <summary>Number of entries.</summary>
    public int Count => _entries.Length;

    /// <summary>The names, each once, in the order in which they were added.</summary>
    public IReadOnlyList<string> Names => [.. _entries.Select(entry => entry.Name).Distinct()];

    /// <summary>Reads a gallery that <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="embedder">The embedder of its images.</param>
    /// <exception cref="InputException">The file cannot be read, is no gallery, or is that of another model or layer.</exception>
    public static EmbeddingGallery Load(string path, Embedder embedder) =>
        new() { _entries = [.. GalleryFile.Read(path, embedder)] };

    /// <summary>Writes all entries to a file, which is replaced as a whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="embedder">The embedder of the images: <see cref="Load"/> refuses the file for other models and layers.</param>
    /// <exception cref="ArgumentException">The gallery is empty, or its embeddings have another length than the embedder's.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public void Save(string path, Embedder embedder) =>
        GalleryFile.Write(path, embedder, _entries);

    /// <summary>Adds an image of a person.</summary>
    /// <param name="name">Who it shows.</param>
    /// <param name="embedding">From an <see cref="Embedder"/>, as long as the other entries.</param>
    /// <exception cref="ArgumentException">
    /// The name or embedding is empty, a value is not finite, all are 0, or the length is another.
    /// </exception>
    public void Add(string name, ReadOnlySpan<float> embedding)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        lock (_changes)
        {
            // The first entry may have any length but 0.
            Check(embedding, _entries.Length > 0 ? _entries[0].Embedding.Length : Math.Max(embedding.Length, 1));
            _entries = [.. _entries, new(name, embedding.ToArray())];
        }
    }

    /// <summary>Removes all entries of a name and returns how many there were.</summary>
    public int Remove(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_changes)
        {
            var before = _entries.Length;
            _entries = [.. _entries.Where(entry => entry.Name != name)];
            return before - _entries.Length;
        }
    }

    /// <summary>The most similar entry; of equal ones the first.</summary>
    /// <param name="embedding">From the same embedder as the entries.</param>
    /// <exception cref="ArgumentException">A value is not finite, all are 0, or the length is not that of the entries.</exception>
    /// <exception cref="InvalidOperationException">The gallery is empty.</exception>
    public GalleryMatch FindNearest(ReadOnlySpan<float> embedding)
    {
        var best = new GalleryMatch("", float.NegativeInfinity);
        foreach (var entry in EntriesFor(embedding))
        {
            var similarity = Embedder.Similarity(embedding, entry.Embedding);
            if (similarity > best.Similarity) best = new(entry.Name, similarity);
        }

        return best;
    }

    /// <summary>The most similar names, each with its most similar entry, most similar first.</summary>
    /// <param name="embedding">From the same embedder as the entries.</param>
    /// <param name="count">Names at most.</param>
    /// <exception cref="ArgumentException">A value is not finite, all are 0, or the length is not that of the entries.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is not positive.</exception>
    /// <exception cref="InvalidOperationException">The gallery is empty.</exception>
    public IReadOnlyList<GalleryMatch> FindNearest(ReadOnlySpan<float> embedding, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        var entries = EntriesFor(embedding);
        var matches = new GalleryMatch[entries.Length];
        for (var i = 0; i < entries.Length; i++) matches[i] = new(entries[i].Name, Embedder.Similarity(embedding, entries[i].Embedding));
        return [.. matches.OrderByDescending(match => match.Similarity).DistinctBy(match => match.Name).Take(count)];
    }

    private GalleryEntry[] EntriesFor(ReadOnlySpan<float> embedding)
    {
        var entries = _entries;
        if (entries.Length == 0) throw new InvalidOperationException("the gallery is empty; at least one embedding was expected");
        Check(embedding, entries[0].Embedding.Length);
        return entries;
    }

    /// <exception cref="ArgumentException">It has another length, a value is not finite, or all are 0.</exception>
    internal static void Check(ReadOnlySpan<float> embedding, int length)
    {
        if (embedding.Length != length) throw new ArgumentException($"the embedding has {embedding.Length} numbers; {length} expected");
        for (var i = 0; i < length; i++)
        {
            if (!float.IsFinite(embedding[i]))
                throw new ArgumentException(Invariant($"number {i} of the embedding is {embedding[i]}; finite ones expected"));
        }

        if (!embedding.ContainsAnyExcept(0f))
            throw new ArgumentException("all numbers of the embedding are 0, which is similar to nothing; others expected");
    }
}
