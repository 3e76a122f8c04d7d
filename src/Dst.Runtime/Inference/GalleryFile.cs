using System.Text.Json;
using Dst.Foundations;
using Dst.ModelFiles;

namespace Dst.Runtime.Inference;

/// <summary>An entry of an <see cref="EmbeddingGallery"/>.</summary>
/// <param name="Name">Who or what the image shows.</param>
/// <param name="Embedding">Finite, not all 0.</param>
internal readonly record struct GalleryEntry(string Name, float[] Embedding);

/// <summary>
/// The file of an <see cref="EmbeddingGallery"/>: safetensors with <c>embeddings</c> [entries, length], <c>probe</c> [length] and, in the
/// metadata, <c>names</c>. The probe is the embedding of fixed noise: embedders for which it differs are of another model or layer.
/// </summary>
internal static class GalleryFile
{
    private const string Format = "dst-gallery";
    private const string Embeddings = "embeddings";
    private const string Probe = "probe";
    private const string Names = "names";
    private const float LeastSimilarity = 0.9999f; // vector widths and forms of layers change an embedding by less

    public static void Write(string path, Embedder embedder, IReadOnlyList<GalleryEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(embedder);
        if (entries.Count == 0) throw new ArgumentException("the gallery is empty; at least one embedding was expected");
        foreach (var entry in entries) EmbeddingGallery.Check(entry.Embedding, embedder.Length);
        var metadata = new Dictionary<string, string>
        {
            ["format"] = Format,
            [Names] = JsonSerializer.Serialize([.. entries.Select(entry => entry.Name)], ModelJson.Default.StringArray),
        };
        float[] embeddings = [.. entries.SelectMany(entry => entry.Embedding)];
        SafetensorsFile.Write(
            path, metadata,
            [new(Embeddings, [entries.Count, embedder.Length], embeddings), new(Probe, [embedder.Length], ProbeOf(embedder))]);
    }

    public static IReadOnlyList<GalleryEntry> Read(string path, Embedder embedder)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(embedder);
        using var file = SafetensorsFile.Open(path);
        if (!file.Metadata.TryGetValue("format", out var format) || format != Format)
            throw file.Malformed("is no gallery; a file was expected that EmbeddingGallery.Save wrote");
        var names = ReadNames(file);
        if (!IsOf(embedder, file)) throw file.Malformed("is the gallery of another model or layer; embed its images anew");
        var rows = file.ReadFloats(Embeddings, names.Length, embedder.Length).Chunk(embedder.Length);
        return [.. names.Zip(rows, (name, row) => Checked(new(name, row), file))];
    }

    private static bool IsOf(Embedder embedder, SafetensorsReader file)
    {
        if (file.Tensors.TryGetValue(Probe, out var info) && info.Shape is [var length] && length != embedder.Length) return false;
        var (saved, probe) = (file.ReadFloats(Probe, embedder.Length), ProbeOf(embedder));
        return saved.AsSpan().SequenceEqual(probe) || Embedder.Similarity(saved, probe) >= LeastSimilarity; // both may be all 0
    }

    private static string[] ReadNames(SafetensorsReader file)
    {
        try
        {
            var names = JsonSerializer.Deserialize(file.ReadMetadata(Names), ModelJson.Default.StringArray);
            if (names is { Length: > 0 } && names.All(name => !string.IsNullOrEmpty(name))) return names;
        }
        catch (JsonException e)
        {
            throw file.Malformed("has names that are no JSON list of texts", e);
        }

        throw file.Malformed("has no names, or an empty one; a name for each entry was expected");
    }

    private static GalleryEntry Checked(GalleryEntry entry, SafetensorsReader file)
    {
        try
        {
            EmbeddingGallery.Check(entry.Embedding, entry.Embedding.Length);
            return entry;
        }
        catch (ArgumentException e)
        {
            throw file.Malformed($"has an entry '{entry.Name}' that is no embedding: {e.Message}", e);
        }
    }

    private static float[] ProbeOf(Embedder embedder)
    {
        var random = new RandomStream(seed: 1, RandomPurpose.Noise);
        var input = new float[embedder.Input.Count];
        foreach (ref var value in input.AsSpan()) value = (float)random.NextNormal();
        var probe = new float[embedder.Length];
        embedder.Embed(input, probe);
        return probe;
    }
}
