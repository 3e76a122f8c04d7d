using Dst.Cli.Bench;
using Dst.Cli.Usage;

namespace Dst.Cli.Commands;

/// <summary><c>dst bench kernels</c>: how fast each convolution kernel is on this machine.</summary>
internal static class BenchKernelsCommand
{
    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "kernels",
            "Measures each pass of the convolutions of resnet20, resnet8x4, vgg8 and aconvnet, in direct and in Winograd forms: dense, "
                + "halved, and pruned without a pattern. Each is set against this processor's peak of multiply-adds, which is measured "
                + "first.",
            "bench kernels",
            "bench kernels --csv bench/results/amd-epyc-zen5/kernels.csv")
        {
            BenchOptions.Threads,
            BenchOptions.Csv,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var bench = new KernelBench(call.Tier, BenchOptions.ThreadsOf(call.Arguments), call.Cancellation);
        BenchOptions.Write(call, BenchTables.Of(bench.Run(call.Report.Log)));
    }
}
