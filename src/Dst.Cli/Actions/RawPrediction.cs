using System.CommandLine;
using Dst.Cli.Usage;
using Dst.Interop;
using Dst.ModelFiles;
using Dst.Report;
using Dst.Runtime.Inference;

namespace Dst.Cli.Actions;

/// <summary><c>dst predict --raw</c>: arrays of numbers in, logits out, to compare a model with another program's.</summary>
internal static class RawPrediction
{
    private const int Batch = 32;

    /// <summary>Inputs as they enter the network.</summary>
    public static readonly Option<string?> Raw = SharedOptions.Text(
        "--raw", "FILE", "Reads a NumPy file instead of images: 32-bit floats [N, C, H, W], as they enter the network. Needs --logits.");

    /// <summary>Outputs as they leave the network.</summary>
    public static readonly Option<string?> Logits = SharedOptions.Text(
        "--logits", "FILE", "NumPy file to write: the logits [N, classes] of --raw.");

    /// <summary>Whether arrays rather than images are to be predicted.</summary>
    /// <exception cref="InputException">One of the two options is missing.</exception>
    public static bool IsAskedFor(ParseResult arguments)
    {
        var (raw, logits) = (arguments.GetValue(Raw), arguments.GetValue(Logits));
        if (raw is null != logits is null)
            throw new InputException(
                $"predict has {(raw is null ? "--logits without --raw" : "--raw without --logits")}; both or neither were expected");
        return raw is not null;
    }

    /// <summary>Computes and writes the logits.</summary>
    /// <param name="call">The call.</param>
    /// <param name="path">Model file.</param>
    /// <param name="images">Image files of the call; there must be none.</param>
    /// <exception cref="InputException">The model or array cannot be read, or the array does not fit the model.</exception>
    public static void Run(Invocation call, string path, string[] images)
    {
        var (raw, output) = (call.Arguments.GetValue(Raw)!, call.Arguments.GetValue(Logits)!);
        if (images.Length > 0) throw new InputException($"predict has --raw and the image '{images[0]}'; one of them was expected");
        if (call.Arguments.GetResult("--top") is not null)
            throw new InputException("option --top does not go with --raw, which writes all logits");
        OutputPath.Check(call.Arguments, Logits);
        var model = ModelFile.Load(path);
        var input = model.Graph.Input;
        var (shape, values) = NpyFile.ReadShaped(raw, [null, input.Channels, input.Height, input.Width]);
        using var plan = InferencePlan.Compile(model, new() { Tier = call.Tier, Batch = Math.Min(Batch, shape[0]), Tune = false });
        using var session = plan.CreateSession(SharedOptions.ThreadsOf(call.Arguments));
        var logits = new float[(long)shape[0] * plan.Outputs];
        session.Run(values, shape[0], logits);
        NpyFile.Write(output, [shape[0], plan.Outputs], logits);
        var document = new { File = output, Shape = new[] { shape[0], plan.Outputs } };
        call.Report.Write(new(document, new Lines($"{output}: {shape[0]} x {plan.Outputs} logits")));
    }
}
