using System.CommandLine;
using Dst.Cli.Report;
using Dst.Runtime;
using Dst.Runtime.Images;
using Dst.Runtime.Inference;

namespace Dst.Cli.Commands;

/// <summary><c>dst predict</c>: image files in, class names and probabilities out.</summary>
internal static class PredictCommand
{
    private const int Batch = 32;

    private static readonly Argument<string[]> Images = new("images")
    {
        Description = "Image files (JPEG, PNG, TIFF, MSTAR), or folders of them.",
        HelpName = "IMAGE",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Option<int?> Top = SharedOptions.Number("--top", "Classes to show for each image, the most probable first. Default: 1.", 1, 1000);

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "predict",
            "Classifies image files: the most probable classes of each, with probabilities.",
            "predict dst.safetensors chip.png",
            "predict dst.safetensors chips/ --top 3 --json")
        {
            SharedOptions.Model,
            Images,
            Top,
            SharedOptions.Threads,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        using var model = Model.Load(call.Arguments.GetRequiredValue(SharedOptions.Model));
        var top = call.Arguments.GetValue(Top) ?? 1;
        var results = new List<FilePredictions>();
        var allFiles = FilesOf(call.Arguments.GetRequiredValue(Images)).ToList();
        // Measuring would take longer than a few images, and the same file gives the same probabilities each time.
        using var predictor = new Predictor(model, new() { Batch = Math.Min(Batch, allFiles.Count), Tune = false }, SharedOptions.ThreadsOf(call.Arguments));
        foreach (var files in allFiles.Chunk(Batch))
        {
            call.Cancellation.ThrowIfCancellationRequested();
            var probabilities = new float[files.Length * predictor.Classes];
            predictor.Predict(Array.ConvertAll(files, ImageFile.Read), probabilities);
            for (var i = 0; i < files.Length; i++) results.Add(new(files[i], Best(probabilities[(i * predictor.Classes)..((i + 1) * predictor.Classes)], model, top)));
        }

        call.Report.Result(results, () =>
        {
            foreach (var result in results)
                call.Report.Line($"{result.File}: {string.Join(", ", result.Predictions.Select(prediction => $"{prediction.Class} {Format.Percent(prediction.Probability)}"))}");
        });
    }

    private static IEnumerable<string> FilesOf(string[] paths)
    {
        foreach (var path in paths)
        {
            if (!Directory.Exists(path))
            {
                yield return path;
                continue;
            }

            var files = Directory.EnumerateFiles(path).Where(ImageFile.HasImageName).Order(StringComparer.Ordinal).ToList();
            if (files.Count == 0) throw new InputException($"folder {path} has no image files; JPEG, PNG, TIFF or MSTAR files were expected");
            foreach (var file in files) yield return file;
        }
    }

    /// <summary>The most probable classes; of equal ones the lower index first.</summary>
    private static Prediction[] Best(float[] probabilities, Model model, int top)
    {
        var classes = new int[probabilities.Length];
        for (var i = 0; i < classes.Length; i++) classes[i] = i;
        Array.Sort(classes, (a, b) => probabilities[a] == probabilities[b] ? a - b : probabilities[b].CompareTo(probabilities[a]));
        return Array.ConvertAll(classes[..Math.Min(top, classes.Length)], i => new Prediction(model.ClassNameOf(i), probabilities[i]));
    }

    private sealed record FilePredictions(string File, IReadOnlyList<Prediction> Predictions);

    private sealed record Prediction(string Class, float Probability);
}
