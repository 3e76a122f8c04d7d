using System.CommandLine;
using Dst.Cli.Bench;
using Dst.Cli.Report;

namespace Dst.Cli.Commands;

/// <summary><c>dst bench</c>: how fast this machine runs what the toolkit does.</summary>
internal static class BenchCommand
{
    /// <summary>Threads of a measurement: one, unless asked otherwise.</summary>
    private static readonly Option<int?> Threads = SharedOptions.Number("--threads", "Threads, each with its own images. Default: 1.", 1, 1024);

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var kernels = new Verb(
            "kernels",
            "Measures the peak of this processor's multiply-adds, then every pass of the convolutions of resnet20, resnet8x4, vgg8 and A-ConvNet: dense, halved by UHP, and unstructured.",
            "bench kernels",
            "bench kernels --threads 2 --json")
        {
            Threads,
            SharedOptions.Json,
        };
        kernels.Handle(RunKernels);
        return new Verb("bench", "Measures speed.", "bench kernels") { kernels };
    }

    private static void RunKernels(Invocation call)
    {
        var bench = new KernelBench(call.Arguments.GetValue(Threads) ?? 1, call.Cancellation);
        var result = bench.Run(call.Report.Log);
        call.Report.Result(result, () =>
        {
            call.Report.Line($"{result.Cpu}, {result.Tier}, {result.Threads} thread(s), peak {result.PeakGflops:F1} GFLOP/s");
            call.Report.Line();
            var table = new TextTable(["layer", "kernel", "ms", "GFLOP/s", "% of peak", "x dense"]);
            foreach (var k in result.Kernels) table.Add([k.Shape, k.Kernel, $"{k.Ms:F4}", $"{k.Gflops:F1}", $"{k.PercentOfPeak:F0}", $"{k.SpeedupVsDense:F2}"]);
            call.Report.Table(table);
        });
    }
}
