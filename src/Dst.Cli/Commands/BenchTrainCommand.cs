using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Bench;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Training.Engine;

namespace Dst.Cli.Commands;

/// <summary><c>dst bench train</c>: how fast this machine trains a network.</summary>
internal static class BenchTrainCommand
{
    private static readonly Option<int?> Batch = SharedOptions.Number("--batch", "Images in a step. Default: 64.", 1, 4096);
    private static readonly Option<int?> Steps = SharedOptions.Number("--steps", "Steps that are timed. Default: 20.", 1, 100_000);

    private static readonly Option<string> Convolutions = SharedOptions.Choice(
        "--convolutions",
        "How the form of each convolution is chosen, as train.convolutions: estimated by a cost model, measured by times taken before the "
            + $"steps, direct without Winograd and FFT. Default: {EnumWords.Of(new TrainOptions().Convolutions)}.",
        EnumWords.All<FormChoice>(), EnumWords.Of(new TrainOptions().Convolutions));

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "train",
            "Measures whole training steps of a network on random data, and where their time goes. "
                + "A step is forward, cross-entropy, backward, and SGD with momentum and weight decay.",
            "bench train --arch resnet20",
            "bench train --arch resnet8x4 --pattern kernel:16:16 --batch 128 --threads 2 --json")
        {
            BenchOptions.Arch,
            BenchOptions.Width,
            BenchOptions.Input,
            Batch,
            Steps,
            BenchOptions.Pattern,
            Convolutions,
            BenchOptions.Threads,
            BenchOptions.UnderLoad,
            BenchOptions.Csv,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arguments = call.Arguments;
        var underLoad = arguments.GetValue(BenchOptions.UnderLoad);
        if (underLoad && arguments.Gives(Steps))
            throw new InputException($"option {Steps.Name} has no effect with {BenchOptions.UnderLoad.Name}; one of them was expected");
        OutputPath.Check(arguments, BenchOptions.Csv);
        var options = new TrainBenchOptions(
            Tier: call.Tier,
            Arch: arguments.GetRequiredValue(BenchOptions.Arch),
            Width: BenchOptions.WidthOf(arguments),
            Input: BenchOptions.ShapeOf(arguments),
            Batch: arguments.GetValue(Batch) ?? 64,
            Threads: underLoad ? BenchOptions.SeveralThreadsOf(arguments) : BenchOptions.ThreadsOf(arguments),
            Pattern: BenchOptions.PatternOf(arguments),
            Steps: arguments.GetValue(Steps) ?? 20,
            Convolutions: EnumWords.Find<FormChoice>(arguments.GetRequiredValue(Convolutions))!.Value);
        var bench = new TrainBench(options, call.Cancellation);
        BenchOptions.Write(
            call, underLoad ? bench.RunUnderLoad(call.Report.Log).ToResult() : bench.Run(call.Report.Log).ToResult());
    }
}
