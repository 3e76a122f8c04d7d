using System.CommandLine;
using System.Runtime.ExceptionServices;
using Dst.Cli.Actions;
using Dst.Cli.Usage;
using Dst.Foundations;
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
        Description = "Image files, or folders and zip archives with image files at any depth; 'dst doctor' lists the formats.",
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
            "predict runs/latest/dst.safetensors photo.png",
            "predict runs/latest/dst.safetensors photos --top 3 --json",
            "predict runs/latest/dst.safetensors photos --inputs inputs.npy --logits logits.npy",
            "predict teacher.safetensors --raw batch.npy --logits logits.npy",
            "predict faces.safetensors --embedding h.relu --gallery people/ --threshold 0.7 door.png")
        {
            SharedOptions.Model,
            Images,
            RawPrediction.Raw,
            RawPrediction.Inputs,
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
        var isEmbedding = EmbeddingPrediction.IsAskedFor(call.Arguments);
        var isRaw = RawPrediction.IsAskedFor(call.Arguments);
        if (isRaw && !RawPrediction.ReadsImages(call.Arguments))
        {
            if (images.Length > 0) throw new InputException($"predict has --raw and the image '{images[0]}'; one of them was expected");
            RawPrediction.RunOnArray(call, path);
            return;
        }

        if (images.Length == 0)
            throw new InputException(
                "predict has no images; files, folders or zip archives, or --raw FILE and --logits FILE, were expected");
        var archives = new List<ImageArchive>();
        try
        {
            foreach (var image in images)
                if (ImageArchive.OpenIfAny(image) is { } archive) archives.Add(archive);
            var files = images.SelectMany(image => FilesOf(image, call)).ToList();
            if (isRaw) RawPrediction.RunOnImages(call, path, files);
            else if (isEmbedding) EmbeddingPrediction.Run(call, path, files);
            else PredictFiles(call, Model.Load(path), files);
        }
        finally
        {
            archives.ForEach(archive => archive.Dispose());
        }
    }

    private static void PredictFiles(Invocation call, Model model, List<string> files)
    {
        var outputs = Predict(call, model, files);
        // The exit code is that of the worst: a wrong file.
        var failures = outputs.Where(output => output.Failure is not null).OrderBy(output => output.Failure is InputException).ToList();
        var isNone = failures.Count == outputs.Count;
        foreach (var failure in isNone ? failures.SkipLast(1) : failures) call.Report.Log(failure.Failure!.Message);
        Write(call, model, outputs);
        if (isNone) ExceptionDispatchInfo.Throw(failures[^1].Failure!);
        if (failures.Count > 0) throw Summarise(failures, outputs.Count);
    }

    private static List<FileOutputs> Predict(Invocation call, Model model, List<string> files)
    {
        // Without tuning, the same file gives the same probabilities each time, and a few images take less time.
        using var predictor = new Predictor(
            model, new() { Tier = call.Tier, Batch = Math.Min(Batch, files.Count), Tune = false },
            SharedOptions.ThreadsOf(call.Arguments));
        var images = new ModelImages(model, call.Report.Log);
        var prediction = new FilePrediction(predictor, images);
        var outputs = new List<FileOutputs>();
        foreach (var batch in files.Chunk(Batch))
        {
            call.Cancellation.ThrowIfCancellationRequested();
            outputs.AddRange(prediction.Predict(batch));
        }

        images.SayWhatIsSeen();
        return outputs;
    }

    private static void Write(Invocation call, Model model, List<FileOutputs> outputs)
    {
        var top = call.Arguments.GetValue(Top) ?? 1;
        var results = outputs.ConvertAll(
            output => new FilePredictions(output.File, model.Outputs, Best(output.Values, model, top), output.Failure?.Message));
        var lines = results.Where(result => result.Error is null)
            .Select(result => $"{result.File}: {string.Join(", ", result.Predictions)}");
        call.Report.Write(new(results, new Lines([.. lines])));
    }

    private static Exception Summarise(List<FileOutputs> failures, int count)
    {
        var sentence = $"{failures.Count} of {Phrases.Count(count, "image")} could not be predicted, such as '{failures[0].File}'; the "
            + "lines above say why";
        return failures[^1].Failure is InputException ? new InputException(sentence) : new NotFiniteNumberException(sentence);
    }

    // Files of a folder are named as the folder was: from here, or by their full path.
    private static IEnumerable<string> FilesOf(string path, Invocation call)
    {
        if (!ImageFolder.Exists(path)) return [path];
        var files = ImageFolder.Images(path, call.Report.Log);
        var full = Path.GetFullPath(path);
        return files.Select(file => file.StartsWith(full, StringComparison.Ordinal)
            ? Path.Combine(path, Path.GetRelativePath(full, file))
            : file);
    }

    /// <summary>The classes of the highest values; of equal ones the lower index first.</summary>
    private static Prediction[] Best(float[] values, Model model, int top)
    {
        var hasScale = model.Outputs != OutputKind.None;
        return Array.ConvertAll(
            RankedClass.Best(values, model.ClassNameOf, top),
            best => new Prediction(best.Name, hasScale ? best.Value : null, hasScale ? null : best.Value));
    }

    /// <summary>An image in the JSON document. One that could not be predicted has no predictions and an error.</summary>
    private sealed record FilePredictions(string File, OutputKind Outputs, IReadOnlyList<Prediction> Predictions, string? Error);

    /// <summary>A class with its probability, or with an output that has no scale.</summary>
    private sealed record Prediction(string Class, float? Probability, float? Score)
    {
        public override string ToString() =>
            Probability is { } probability ? $"{Class} {Format.Percent(probability)}" : $"{Class} {Score:G6}";
    }
}
