using System.CommandLine;
using Dst.Cli.Usage;
using Dst.Images;
using Dst.Interop;
using Dst.ModelFiles;
using Dst.Report;
using Dst.Runtime.Inference;

namespace Dst.Cli.Actions;

/// <summary><c>dst predict --raw</c> and <c>--inputs</c>: arrays and their logits, to compare a model with another program's.</summary>
internal static class RawPrediction
{
    private const int Batch = 32;

    /// <summary>File of inputs as they enter the network.</summary>
    public static readonly Option<string?> Raw = SharedOptions.Text(
        "--raw", "FILE", "Reads a NumPy file instead of images: 32-bit floats [N, C, H, W], as they enter the network. Needs --logits.");

    /// <summary>File for the outputs as they leave the network.</summary>
    public static readonly Option<string?> Logits = SharedOptions.Text(
        "--logits", "FILE", "NumPy file to write: the logits [N, classes] of --raw, or of the images of --inputs; with --embedding the "
            + "values of that layer, not scaled.");

    /// <summary>File for the images as they enter the network.</summary>
    public static readonly Option<string?> Inputs = SharedOptions.Text(
        "--inputs", "FILE",
        "NumPy file to write: the images [N, C, H, W] as they enter the network, resized and normalised, to give another program the "
            + "same. Needs --logits.");

    /// <summary>Whether arrays rather than classes are asked for.</summary>
    /// <exception cref="InputException">The options are not a pair: --raw or --inputs, and --logits.</exception>
    public static bool IsAskedFor(ParseResult arguments)
    {
        var (raw, inputs, logits) = (arguments.GetValue(Raw), arguments.GetValue(Inputs), arguments.GetValue(Logits));
        if (raw is not null && inputs is not null) throw new InputException("predict has --raw and --inputs; one of them was expected");
        var first = raw is not null ? "--raw" : inputs is not null ? "--inputs" : null;
        if (first is null != logits is null)
            throw new InputException(
                $"predict has {(first is null ? "--logits without --raw or --inputs" : $"{first} without --logits")}; "
                + "both or neither were expected");
        if (first is not null && arguments.GetResult("--top") is not null)
            throw new InputException($"option --top does not go with {first}, with which all logits are written");
        if (first is not null && arguments.GetValue(EmbeddingPrediction.Gallery) is not null)
            throw new InputException($"option --gallery does not go with {first}, with which values are written and not compared");
        return first is not null;
    }

    /// <summary>Whether the arrays are made of image files.</summary>
    public static bool ReadsImages(ParseResult arguments) => arguments.GetValue(Inputs) is not null;

    /// <summary>Writes the logits of an array.</summary>
    /// <param name="call">The call.</param>
    /// <param name="path">Model file.</param>
    /// <exception cref="InputException">The model or array cannot be read, or the array does not fit the model.</exception>
    public static void RunOnArray(Invocation call, string path)
    {
        OutputPath.Check(call.Arguments, Logits);
        var model = Load(call, path);
        var input = model.Graph.Input;
        var (shape, values) = NpyFile.ReadShaped(call.Arguments.GetValue(Raw)!, [null, input.Channels, input.Height, input.Width]);
        WriteLogits(call, model, values, shape[0]);
    }

    /// <summary>Writes images as they enter the network, and their logits.</summary>
    /// <param name="call">The call.</param>
    /// <param name="path">Model file.</param>
    /// <param name="files">Image files.</param>
    /// <exception cref="InputException">The model or an image cannot be read, or there are too many images for one array.</exception>
    public static void RunOnImages(Invocation call, string path, IReadOnlyList<string> files)
    {
        var output = call.Arguments.GetValue(Inputs)!;
        if (Path.GetFullPath(output) == Path.GetFullPath(call.Arguments.GetValue(Logits)!))
            throw new InputException($"options --inputs and --logits are both {output}; two files were expected");
        OutputPath.Check(call.Arguments, Inputs);
        OutputPath.Check(call.Arguments, Logits);
        var model = Load(call, path);
        var input = model.Graph.Input;
        if ((long)files.Count * input.Count > Array.MaxLength)
            throw new InputException(
                $"predict has {files.Count} images, too many for one array; at most {Array.MaxLength / input.Count} were expected");
        var normalisation = model.Normalisation ?? InputNormalisation.None(input.Channels);
        var images = new ModelImages(model, call.Report.Log);
        var values = new float[files.Count * input.Count];
        for (var i = 0; i < files.Count; i++)
        {
            call.Cancellation.ThrowIfCancellationRequested();
            Preprocessor.Prepare(images.Read(files[i]), normalisation, input, values.AsSpan((int)(i * input.Count), (int)input.Count));
        }

        images.SayWhatIsSeen();
        NpyFile.Write(output, [files.Count, input.Channels, input.Height, input.Width], values);
        WriteLogits(call, model, values, files.Count);
    }

    /// <summary>The model, up to the layer of <c>--embedding</c> if there is one.</summary>
    private static Model Load(Invocation call, string path)
    {
        var model = ModelFile.Load(path);
        return call.Arguments.GetValue(EmbeddingPrediction.Layer) is { } layer ? model.UpTo(layer) : model;
    }

    private static void WriteLogits(Invocation call, Model model, float[] values, int count)
    {
        var output = call.Arguments.GetValue(Logits)!;
        using var plan = InferencePlan.Compile(model, new() { Tier = call.Tier, Batch = Math.Min(Batch, count), Tune = false });
        using var session = plan.CreateSession(SharedOptions.ThreadsOf(call.Arguments));
        var logits = new float[(long)count * plan.Outputs];
        session.Run(values, count, logits);
        NpyFile.Write(output, [count, plan.Outputs], logits);
        var document = new { File = output, Shape = new[] { count, plan.Outputs } };
        var what = call.Arguments.GetValue(EmbeddingPrediction.Layer) is null ? "logits" : "values";
        call.Report.Write(new(document, new Lines($"{output}: {count} x {plan.Outputs} {what}")));
    }
}
