using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Images;
using Dst.Report;
using Dst.Runtime.Inference;

namespace Dst.Cli.Commands;

/// <summary><c>dst predict</c>: image files in, class names and probabilities out.</summary>
internal static class PredictCommand
{
    private const int Batch = 32;

    private static readonly Argument<string[]> Images = new("images")
    {
        Description = "Image files, or folders with image files at any depth; 'dst doctor' lists the formats.",
        HelpName = "IMAGE",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<int?> Top = SharedOptions.Number(
        "--top", "Number of classes to show for each image, the most probable first. Default: 1.", 1, 1000);

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "predict",
            "Classifies image files: prints the most probable classes of each, with probabilities.",
            "predict dst.safetensors chip.png",
            "predict dst.safetensors chips/ --top 3 --json",
            "predict teacher.safetensors --raw batch.npy --logits logits.npy",
            "predict faces.safetensors --embedding h.relu --gallery people/ --threshold 0.7 door.png")
        {
            SharedOptions.Model,
            Images,
            RawPrediction.Raw,
            RawPrediction.Logits,
            Top,
            EmbeddingPrediction.Layer,
            EmbeddingPrediction.Gallery,
            EmbeddingPrediction.Threshold,
            SharedOptions.Threads,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var (path, images) = (call.Arguments.GetRequiredValue(SharedOptions.Model), call.Arguments.GetValue(Images)!);
        if (RawPrediction.IsAskedFor(call.Arguments))
        {
            RawPrediction.Run(call, path, images);
            return;
        }

        var isEmbedding = EmbeddingPrediction.IsAskedFor(call.Arguments);
        if (images.Length == 0)
            throw new InputException("predict has no images; files or folders, or --raw FILE and --logits FILE, were expected");
        if (isEmbedding)
        {
            EmbeddingPrediction.Run(call, path, [.. images.SelectMany(image => FilesOf(image, call))]);
            return;
        }

        var model = Model.Load(path);
        var top = call.Arguments.GetValue(Top) ?? 1;
        var results = new List<FilePredictions>();
        var allFiles = images.SelectMany(image => FilesOf(image, call)).ToList();
        // Without tuning, the same file gives the same probabilities each time, and a few images take less time.
        using var predictor = new Predictor(
            model, new() { Tier = call.Tier, Batch = Math.Min(Batch, allFiles.Count), Tune = false },
            SharedOptions.ThreadsOf(call.Arguments));
        foreach (var files in allFiles.Chunk(Batch))
        {
            call.Cancellation.ThrowIfCancellationRequested();
            var values = Predict(predictor, files, Array.ConvertAll(files, file => ImageFile.Read(file, call.Report.Log)));
            for (var i = 0; i < files.Length; i++)
                results.Add(new(files[i], model.Outputs, Best(values[(i * model.Classes)..((i + 1) * model.Classes)], model, top)));
        }

        call.Report.Write(
            new(results, new Lines([.. results.Select(result => $"{result.File}: {string.Join(", ", result.Predictions)}")])));
    }

    private static float[] Predict(Predictor predictor, string[] files, Image[] images)
    {
        var values = new float[files.Length * predictor.Classes];
        try
        {
            predictor.Predict(images, values);
        }
        catch (NotFiniteNumberException) when (files.Length > 1) // one after another, to name the file
        {
            for (var i = 0; i < files.Length; i++) Predict(predictor, [files[i]], [images[i]]);
            throw;
        }
        catch (NotFiniteNumberException e)
        {
            throw new NotFiniteNumberException($"{files[0]}: {e.Message}", e.OffendingNumber, e);
        }

        return values;
    }

    private static IEnumerable<string> FilesOf(string path, Invocation call) =>
        Directory.Exists(path) ? ImageFolder.Images(path, call.Report.Log) : [path];

    /// <summary>The classes of the highest values; of equal ones the lower index first.</summary>
    private static Prediction[] Best(float[] values, Model model, int top)
    {
        var classes = new int[values.Length];
        for (var i = 0; i < classes.Length; i++) classes[i] = i;
        Array.Sort(classes, (a, b) => values[a] == values[b] ? a - b : values[b].CompareTo(values[a]));
        var hasScale = model.Outputs != OutputKind.None;
        return Array.ConvertAll(
            classes[..Math.Min(top, classes.Length)],
            i => new Prediction(model.ClassNameOf(i), hasScale ? values[i] : null, hasScale ? null : values[i]));
    }

    private sealed record FilePredictions(string File, OutputKind Outputs, IReadOnlyList<Prediction> Predictions);

    /// <summary>A class with its probability, or with an output that has no scale.</summary>
    private sealed record Prediction(string Class, float? Probability, float? Score)
    {
        public override string ToString() =>
            Probability is { } probability ? $"{Class} {Format.Percent(probability)}" : $"{Class} {Score:G6}";
    }
}
