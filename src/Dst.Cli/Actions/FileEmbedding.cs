using System.Globalization;
using Dst.Images;
using Dst.Runtime.Inference;

namespace Dst.Cli.Actions;

/// <summary>An image file with its embedding.</summary>
internal sealed record ImageEmbedding(string File, float[] Embedding)
{
    public override string ToString() =>
        $"{File}: {string.Join(' ', Embedding.Select(value => value.ToString("G6", CultureInfo.InvariantCulture)))}";
}

/// <summary>Embeds image files.</summary>
/// <param name="embedder">The compiled model.</param>
/// <param name="layer">Name of its layer, for errors.</param>
/// <param name="reader">Reads images for the model.</param>
/// <param name="cancellation">Checked before each batch.</param>
internal sealed class FileEmbedding(Embedder embedder, string layer, ModelImages reader, CancellationToken cancellation)
{
    /// <summary>Images that are embedded together.</summary>
    public const int Batch = 32;

    /// <summary>The embeddings of files.</summary>
    /// <param name="files">Image files.</param>
    /// <param name="onFailure">Takes the error of a file that cannot be read or has no embedding; null to throw it.</param>
    /// <exception cref="InputException">A file cannot be read or has no embedding.</exception>
    public IEnumerable<ImageEmbedding> Embed(IReadOnlyList<string> files, Action<InputException>? onFailure = null)
    {
        var images = files.Select(file => (File: file, Image: Read(file, onFailure))).Where(read => read.Image is not null);
        foreach (var batch in images.Chunk(Batch))
        {
            cancellation.ThrowIfCancellationRequested();
            var embeddings = new float[batch.Length * embedder.Length];
            embedder.Embed(Array.ConvertAll(batch, read => read.Image!), embeddings);
            for (var i = 0; i < batch.Length; i++)
            {
                var embedding = embeddings[(i * embedder.Length)..((i + 1) * embedder.Length)];
                if (embedding.AsSpan().ContainsAnyExcept(0f)) yield return new(batch[i].File, embedding);
                else Refuse(batch[i].File, onFailure);
            }
        }
    }

    private Image? Read(string file, Action<InputException>? onFailure)
    {
        try
        {
            return reader.Read(file);
        }
        catch (InputException e) when (onFailure is not null)
        {
            onFailure(e);
            return null;
        }
    }

    // Zeros have no direction that could be compared.
    private void Refuse(string file, Action<InputException>? onFailure)
    {
        var failure = new InputException(
            $"file '{file}' has no embedding: all values of the layer '{layer}' are 0; another image or layer was expected");
        if (onFailure is null) throw failure;
        onFailure(failure);
    }
}
