using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Bench;
using Dst.Cli.Usage;

namespace Dst.Cli.Commands;

/// <summary><c>dst bench train</c>: how fast this machine trains a network.</summary>
internal static class BenchTrainCommand
{
    private static readonly Option<int?> Batch = SharedOptions.Number("--batch", "Images in a step. Default: 64.", 1, 4096);
    private static readonly Option<int?> Steps = SharedOptions.Number("--steps", "Steps that are timed. Default: 20.", 1, 100_000);

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
            Steps: arguments.GetValue(Steps) ?? 20);
        var bench = new TrainBench(options, call.Cancellation);
        BenchOptions.Write(
            call, underLoad ? bench.RunUnderLoad(call.Report.Log).ToResult() : bench.Run(call.Report.Log).ToResult());
    }
}
