using System.CommandLine;
using System.Globalization;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Images;
using Dst.Report;
using Dst.Runtime.Inference;

namespace Dst.Cli.Actions;

/// <summary><c>dst predict --embedding</c>: the embeddings of images, or who in a gallery they resemble.</summary>
internal static class EmbeddingPrediction
{
    /// <summary>The layer whose values are the embedding.</summary>
    public static readonly Option<string?> Layer = SharedOptions.Text(
        "--embedding", "LAYER",
        "Gives the values of this layer, scaled to length 1, instead of classes. 'dst inspect MODEL --nodes' lists the layers.");

    /// <summary>Known images.</summary>
    public static readonly Option<string?> Gallery = SharedOptions.Text(
        "--gallery", "FOLDER",
        "With --embedding: a folder for each person or thing, with images of it. Shows the most similar one and the cosine, -1 to 1.");

    /// <summary>Below which similarity an image is unknown.</summary>
    public static readonly Option<double?> Threshold = SharedOptions.Number(
        "--threshold",
        "With --gallery: images that are less similar to all of it are unknown. 'dst eval --embedding' finds one.",
        -1.0, 1.0);

    /// <summary>Whether embeddings rather than classes are to be predicted.</summary>
    /// <exception cref="InputException">An option lacks the one that it belongs to.</exception>
    public static bool IsAskedFor(ParseResult arguments)
    {
        var (layer, gallery) = (arguments.GetValue(Layer), arguments.GetValue(Gallery));
        if (gallery is not null && layer is null) throw new InputException("predict has --gallery without --embedding; both were expected");
        if (arguments.GetValue(Threshold) is not null && gallery is null)
            throw new InputException("predict has --threshold without --gallery; both were expected");
        if (layer is not null && arguments.GetResult("--top") is not null)
            throw new InputException("option --top does not go with --embedding, which has no classes");
        return layer is not null;
    }

    /// <summary>
    /// Embeds images and compares them with the gallery, if there is one. An image that cannot be read, or has no embedding, does not stop
    /// the others; one of the gallery does, because answers depend on it.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="path">Model file.</param>
    /// <param name="files">Image files.</param>
    /// <exception cref="InputException">The model, an image or the gallery cannot be read.</exception>
    public static void Run(Invocation call, string path, IReadOnlyList<string> files)
    {
        var (layer, model) = (call.Arguments.GetValue(Layer)!, Model.Load(path));
        var reader = new ModelImages(model, call.Report.Log);
        // Without tuning, the same file gives the same embedding each time.
        using var embedder = new Embedder(
            model, layer, new() { Tier = call.Tier, Batch = FileEmbedding.Batch, Tune = false },
            SharedOptions.ThreadsOf(call.Arguments));
        var embedding = new FileEmbedding(embedder, layer, reader, call.Cancellation);
        var gallery = call.Arguments.GetValue(Gallery) is { } folder ? ReadGallery(folder, embedding, call.Report.Log) : null;
        var failures = new List<InputException>();
        List<ImageEmbedding> images = [.. embedding.Embed(files, failures.Add)];
        reader.SayWhatIsSeen();
        if (images.Count == 0) throw failures[0];
        foreach (var failure in failures) call.Report.Log(failure.Message);
        var threshold = call.Arguments.GetValue(Threshold) ?? -1;
        if (gallery is null) Write(call, images);
        else Write(call, images.ConvertAll(image => Match.Of(image, gallery, threshold)));
        if (failures.Count > 0)
            throw new InputException(
                $"{failures.Count} of {Phrases.Count(files.Count, "image")} could not be embedded; the lines above say why");
    }

    private static void Write<T>(Invocation call, IReadOnlyList<T> results) =>
        call.Report.Write(new(results, new Lines([.. results.Select(result => result!.ToString()!)])));

    private static EmbeddingGallery ReadGallery(string folder, FileEmbedding embedding, Action<string> log)
    {
        var gallery = new EmbeddingGallery();
        foreach (var person in ImageFolder.Subfolders(folder))
        {
            var content = ImageFolder.Find(person);
            if (ImageFolder.Describe(content.Others) is { } line) log(line);
            if (ImageFolder.DescribeLinks(content.Links) is { } links) log(links);
            if (content.Images.Count == 0) log($"warning: folder '{person}' holds no image file, so it is no person");
            foreach (var image in embedding.Embed(content.Images)) gallery.Add(Path.GetFileName(person), image.Embedding);
        }

        return gallery.Count > 0
            ? gallery
            : throw new InputException($"folder '{folder}' has no folder with images; one for each person was expected");
    }

    /// <summary>The nearest of the gallery; its name is null if it is below the threshold.</summary>
    private sealed record Match(string File, string? Name, string Nearest, float Similarity)
    {
        public static Match Of(ImageEmbedding image, EmbeddingGallery gallery, double threshold)
        {
            var (name, similarity) = gallery.FindNearest(image.Embedding);
            return new(image.File, similarity >= threshold ? name : null, name, similarity);
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"{File}: {Name ?? $"unknown, nearest {Nearest}"} {Similarity:F3}");
    }
}
