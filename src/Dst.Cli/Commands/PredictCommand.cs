using System.CommandLine;
using Dst.Cli.Report;
using Dst.Runtime;
using Dst.Runtime.Graph;
using Dst.Runtime.Inference;
using Dst.Runtime.ModelFile;
using Dst.Training.Data;

namespace Dst.Cli.Commands;

/// <summary><c>dst predict</c>: image files in, class names and probabilities out.</summary>
internal static class PredictCommand
{
    private const int Batch = 32;

    private static readonly Argument<string?> ModelPath = new("model") { Description = SharedOptions.Model.Description, HelpName = SharedOptions.Model.HelpName, Arity = ArgumentArity.ZeroOrOne };

    private static readonly Option<string?> ModelOption = SharedOptions.Text("--model", "MODEL", "The model file, instead of the first argument.");

    private static readonly Argument<string[]> Images = new("images")
    {
        Description = "Image files (JPEG, PNG, TIFF, MSTAR), or folders of them.",
        HelpName = "IMAGE",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<int?> Top = SharedOptions.Number("--top", "Classes to show for each image, the most probable first. Default: 1.", 1, 1000);

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "predict",
            "Classifies image files: the most probable classes of each, with probabilities.",
            "predict dst.safetensors chip.png",
            "predict dst.safetensors chips/ --top 3 --json",
            "predict --model teacher.safetensors --raw batch.npy --logits logits.npy")
        {
            ModelPath,
            Images,
            ModelOption,
            RawPrediction.Raw,
            RawPrediction.Logits,
            Top,
            SharedOptions.Threads,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var (path, images) = PathsOf(call.Arguments);
        if (RawPrediction.IsAskedFor(call.Arguments))
        {
            RawPrediction.Run(call, path, images);
            return;
        }

        if (images.Length == 0) throw new InputException("predict has no images; files or folders, or --raw FILE and --logits FILE, were expected");
        var model = ModelFile.Load(path);
        var top = call.Arguments.GetValue(Top) ?? 1;
        var results = new List<FilePredictions>();
        var allFiles = FilesOf(images).ToList();
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

    /// <summary>The model, which is the first argument or an option, and the images.</summary>
    private static (string Model, string[] Images) PathsOf(ParseResult arguments)
    {
        var (first, others) = (arguments.GetValue(ModelPath), arguments.GetValue(Images)!);
        if (arguments.GetValue(ModelOption) is { } model) return (model, first is null ? others : [first, .. others]);
        return (first ?? throw new InputException("predict has no model; MODEL or --model MODEL was expected"), others);
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
