using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Bench;
using Dst.Cli.Usage;
using Dst.Masks;

namespace Dst.Cli.Commands;

/// <summary><c>dst bench peers</c>: how fast this machine runs networks in DST and in ONNX Runtime.</summary>
internal static class BenchPeersCommand
{
    private static readonly string[] UsualNetworks = ["resnet20", "resnet8x4", "resnet18", "vgg8", "aconvnet", "mobilenetv2"];

    private static readonly UhpPattern UsualPattern = new(PruningUnit.Kernel, 16, 16);

    private static readonly Argument<string[]> Networks = new("networks")
    {
        Description = $"Architectures of the zoo, or files of pruned models (.safetensors). Default: {string.Join(", ", UsualNetworks)}.",
        HelpName = "NETWORK",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<bool> Large = new("--large")
    {
        Description = "Measures single convolutions with kernels of 3x3 to 31x31 on 64 channels instead of networks. Depthwise ones "
            + "stay dense.",
    };

    private static readonly Option<bool> Int8 = new("--int8")
    {
        Description = "Measures networks of 8-bit integers. ONNX Runtime runs the form that dst export writes (QDQ).",
    };

    private static readonly Option<string?> Pattern = SharedOptions.Text(
        "--pattern", "unit:block:group[:keep]", $"Pattern by which architectures are halved. Default: {UsualPattern}.");

    private static readonly Option<int?> Rounds = SharedOptions.Number(
        "--rounds", "Rounds of each network, in which each takes its turn for a quarter of a second. Default: 7.", 1, 1000);

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "peers",
            "Measures inference in ONNX Runtime and in DST, in turns. ONNX Runtime runs the dense network, DST the same one, and the one "
                + "halved by --pattern, or by the masks of a model file. It needs the sources of DST: ONNX Runtime is in a program of "
                + "its own, which is built first.",
            "bench peers",
            "bench peers resnet20 vgg8 --batch 64 --rounds 15",
            "bench peers --csv bench/results/amd-epyc-zen5/inference.csv",
            "bench peers runs/latest/dst.safetensors",
            "bench peers --int8",
            "bench peers --large")
        {
            Networks,
            Large,
            Int8,
            Pattern,
            BenchOptions.Batch,
            Rounds,
            SharedOptions.NoCache,
            BenchOptions.Threads,
            BenchOptions.Csv,
            SharedOptions.Json,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arguments = call.Arguments;
        var networks = arguments.GetValue(Networks)!;
        var large = arguments.GetValue(Large);
        if (large && networks.Length > 0)
            throw new InputException($"bench peers has both {Large.Name} and the network '{networks[0]}'; one of them was expected");
        arguments.CheckNotBoth("bench peers", Large, Int8);
        OutputPath.Check(arguments, BenchOptions.Csv);
        var options = new PeerBenchOptions(
            Networks: large ? [] : networks.Length > 0 ? networks : UsualNetworks,
            Pattern: arguments.GetValue(Pattern) is { } pattern ? UhpPattern.Parse(pattern) : UsualPattern,
            Int8: arguments.GetValue(Int8),
            Threads: BenchOptions.ThreadsOf(arguments),
            Rounds: arguments.GetValue(Rounds) ?? 7,
            Inference: new() { Tier = call.Tier, Batch = BenchOptions.BatchOf(arguments), Cache = SharedOptions.CacheOf(call) });
        BenchOptions.Write(call, new PeerBench(options, call.Cancellation).Run(call.Report.Log).ToResult());
    }
}
