using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Dst.Cli.Bench;
using Dst.Cli.Usage;
using Dst.Report;

namespace Dst.Cli.Commands;

/// <summary><c>dst bench ranks</c>: how long a training step would take on many machines.</summary>
internal static class BenchRanksCommand
{
    private static readonly Option<string> Arch = new("--arch")
    {
        Description = "Architecture, by its name in the zoo.",
        HelpName = "name",
        Required = true,
    };
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
            Arch, Batch, Steps, Machines, Gigabits, Latency, Check, BenchOptions.Threads, SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arguments = call.Arguments;
        var options = new RankBenchOptions(
            call.Tier, arguments.GetRequiredValue(Arch), arguments.GetValue(Batch) ?? 64, arguments.GetValue(Steps) ?? 10,
            BenchOptions.ThreadsOf(arguments), [.. ListOf<int>(call, Machines, "8,64,512")],
            [.. ListOf<double>(call, Gigabits, "1,10,100")], arguments.GetValue(Latency) ?? 30);
        if (options.Machines.Any(machines => !BitOperations.IsPow2(machines)))
            throw new InputException($"option {Machines.Name} is '{arguments.GetValue(Machines)}'; powers of two were expected");
        call.Report.Write(ResultOf(new RankBench(options, call.Cancellation).Run(arguments.GetValue(Check), call.Report.Log)));
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

    private static Result ResultOf(RankReport report)
    {
        List<Block> blocks =
        [
            new Lines(
                $"{report.Arch}, batch {report.Batch}, threads {report.Threads}, latency {report.LatencyUs} µs; {report.Cpu}"),
            Table.Of(
                report.Steps,
                new("ranks", "ranks", step => step.Ranks),
                new("compute_ms", "compute ms", step => step.ComputeMs, step => $"{step.ComputeMs:F2}"),
                new("bytes", "waited for", step => step.Bytes, step => Format.Bytes(step.Bytes)),
                new("messages", "messages", step => step.Messages),
                new("gradient_bytes", "gradients", step => step.GradientBytes, step => Format.Bytes(step.GradientBytes)),
                new("gradient_messages", "messages", step => step.GradientMessages)) with { Title = "a step of rank 0, measured:" },
            Table.Of(
                report.Predictions,
                new("machines", "machines", row => row.Machines),
                new("runs", "runs at once", row => row.Runs),
                new("gbit", "Gbit/s", row => row.Gigabits),
                new("compute_ms", "compute ms", row => row.ComputeMs, row => $"{row.ComputeMs:F2}"),
                new("wait_ms", "wait ms", row => row.WaitMs, row => $"{row.WaitMs:F2}"),
                new("speedup", "x one machine", row => row.Speedup, row => $"{row.Speedup:F1}")) with { Title = "predicted:" },
        ];
        if (report.Checks.Count > 0)
            blocks.Add(Table.Of(
                report.Checks,
                new("gbit", "Gbit/s", row => row.Gigabits),
                new("latency_us", "latency µs", row => row.LatencyUs),
                new("measured_ms", "measured ms", row => row.MeasuredMs, row => $"{row.MeasuredMs:F2}"),
                new("predicted_ms", "predicted ms", row => row.PredictedMs, row => $"{row.PredictedMs:F2}")) with
            {
                Title = "a step of two ranks in this process:",
            });
        return new(report, [.. blocks]);
    }
}
