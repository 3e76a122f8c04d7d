using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Bench;
using Dst.Cli.Usage;

namespace Dst.Cli.Commands;

/// <summary><c>dst bench kernels</c>: how fast each convolution kernel is on this machine.</summary>
internal static class BenchKernelsCommand
{
    private static readonly Option<string> Family = SharedOptions.Choice(
        "--family",
        "Layers: networks, those of resnet20, resnet8x4, vgg8 and aconvnet; large, kernels of 3x3 to 31x31 on 64 channels, "
            + "also depthwise and in the frequency domain; or pointwise, the 1x1 layers of mobilenetv2.",
        [.. KernelFamily.All.Select(family => family.Name)], KernelFamily.All[0].Name);

    private static readonly Option<int?> Threads = SharedOptions.Number(
        "--threads", "Threads, each of which computes images of its own. Default: 1.", 1, 1024);

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "kernels",
            "Measures each pass of the convolutions of a family of layers, in direct and in transformed forms: dense, halved, and pruned "
                + "without a pattern. Each is set against this processor's peak of multiply-adds, which is measured first.",
            "bench kernels",
            "bench kernels --family large",
            "bench kernels --csv bench/results/amd-epyc-zen5/kernels.csv")
        {
            Family,
            Threads,
            BenchOptions.Csv,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        OutputPath.Check(call.Arguments, BenchOptions.Csv);
        var family = KernelFamily.All.Single(family => family.Name == call.Arguments.GetValue(Family));
        var bench = new KernelBench(call.Tier, family, call.Arguments.GetValue(Threads) ?? 1, call.Cancellation);
        BenchOptions.Write(call, bench.Run(call.Report.Log).ToResult());
    }
}
