using System.CommandLine;
using Dst.Cli.Report;
using Dst.Runtime;
using Dst.Runtime.Graph;
using Dst.Runtime.Inference;
using Dst.Runtime.ModelFile;
using Dst.Runtime.Images;

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
        var model = ModelFile.Load(call.Arguments.GetRequiredValue(SharedOptions.Model));
        var top = call.Arguments.GetValue(Top) ?? 1;
        var results = new List<FilePredictions>();
        var allFiles = FilesOf(call.Arguments.GetRequiredValue(Images)).ToList();
        // Measuring would take longer than a few images, and the same file gives the same probabilities each time.
        using var plan = InferencePlan.Compile(model, new() { Batch = Math.Min(Batch, allFiles.Count), Tune = false });
        using var session = plan.CreateSession(SharedOptions.ThreadsOf(call.Arguments));
        var logits = new float[plan.Options.Batch * plan.Classes];
        foreach (var files in allFiles.Chunk(plan.Options.Batch))
        {
            call.Cancellation.ThrowIfCancellationRequested();
            session.Run(ReadImages(files, model), files.Length, logits.AsSpan(0, files.Length * plan.Classes));
            for (var i = 0; i < files.Length; i++) results.Add(new(files[i], Best(logits.AsSpan(i * plan.Classes, plan.Classes), model, top)));
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

    private static float[] ReadImages(string[] files, Model model)
    {
        var input = model.Graph.Input;
        var normalisation = ModelInput.NormalisationOf(model);
        var length = checked((int)input.Count);
        var images = new float[files.Length * length];
        for (var i = 0; i < files.Length; i++) Preprocessor.Prepare(ImageFile.Read(files[i]), normalisation, input, images.AsSpan(i * length, length));
        return images;
    }

    /// <summary>The most probable classes, by the softmax of the logits; of equal ones the lower index first.</summary>
    private static IReadOnlyList<Prediction> Best(ReadOnlySpan<float> logits, Model model, int top)
    {
        var scores = Array.ConvertAll(logits.ToArray(), logit => (double)logit);
        if (model.Graph.Output.Operation is not SoftmaxOp)
        {
            var max = scores.Max();
            for (var i = 0; i < scores.Length; i++) scores[i] = Math.Exp(scores[i] - max);
        }

        var sum = scores.Sum();
        return [.. scores.Index().OrderByDescending(score => score.Item).Take(top).Select(score => new Prediction(ModelInput.ClassNameOf(model, score.Index), score.Item / sum))];
    }

    private sealed record FilePredictions(string File, IReadOnlyList<Prediction> Predictions);

    private sealed record Prediction(string Class, double Probability);
}
