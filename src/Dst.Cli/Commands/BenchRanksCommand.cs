using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Dst.Cli.Bench;
using Dst.Cli.Usage;

namespace Dst.Cli.Commands;

/// <summary><c>dst bench ranks</c>: how long a training step would take on many machines.</summary>
internal static class BenchRanksCommand
{
    private static readonly Option<int?> Batch = SharedOptions.Number("--batch", "Images in a step, of all ranks. Default: 64.", 1, 65_536);
    private static readonly Option<int?> Steps = SharedOptions.Number("--steps", "Steps that are timed. Default: 10.", 1, 100_000);
    private static readonly Option<string?> Machines = SharedOptions.Text(
        "--machines", "n,n,..", "Numbers of machines, powers of two. Default: 8,64,512.");
    private static readonly Option<string?> Gigabits = SharedOptions.Text(
        "--gbit", "n,n,..", "Speeds of the network, Gbit/s. Default: 1,10,100.");
    private static readonly Option<double?> Latency = SharedOptions.Number(
        "--latency-us", "Latency of a message, µs. Default: 30, as between machines with Ethernet.", 0.0, 1e6);
    private static readonly Option<bool> Check = new("--check")
    {
        Description = "Measures two ranks in this process too, with a slow line between them, and sets that against the prediction.",
    };

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "ranks",
            "Measures what one of several ranks computes and sends in a training step, on this machine alone, and predicts the time of a "
                + "step on many machines.",
            "bench ranks --arch resnet20",
            "bench ranks --arch resnet18 --batch 256 --machines 2,4,8 --gbit 1 --latency-us 50 --check")
        {
            BenchOptions.Arch, Batch, Steps, Machines, Gigabits, Latency, Check, BenchOptions.Threads, SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arguments = call.Arguments;
        var options = new RankBenchOptions(
            Tier: call.Tier,
            Arch: arguments.GetRequiredValue(BenchOptions.Arch),
            Batch: arguments.GetValue(Batch) ?? 64,
            Steps: arguments.GetValue(Steps) ?? 10,
            Threads: BenchOptions.ThreadsOf(arguments),
            Machines: [.. ListOf<int>(call, Machines, "8,64,512")],
            Gigabits: [.. ListOf<double>(call, Gigabits, "1,10,100")],
            LatencyUs: arguments.GetValue(Latency) ?? 30);
        if (options.Machines.Any(machines => !BitOperations.IsPow2(machines)))
            throw new InputException($"option {Machines.Name} is '{arguments.GetValue(Machines)}'; powers of two were expected");
        call.Report.Write(new RankBench(options, call.Cancellation).Run(arguments.GetValue(Check), call.Report.Log).ToResult());
    }

    private static IEnumerable<T> ListOf<T>(Invocation call, Option<string?> option, string standard) where T : INumber<T>
    {
        foreach (var word in (call.Arguments.GetValue(option) ?? standard).Split(','))
        {
            yield return T.TryParse(word.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number > T.Zero
                ? number
                : throw new InputException($"option {option.Name} has '{word}'; numbers above 0 with commas between them were expected");
        }
    }
}
