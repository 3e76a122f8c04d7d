using System.CommandLine;
using Dst.Cli.Actions;
using Dst.Cli.Bench;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.ModelFiles;
using Dst.Runtime.Inference;

namespace Dst.Cli.Commands;

/// <summary><c>dst bench</c>: how fast this machine runs a network, and its sub-verbs.</summary>
internal static class BenchCommand
{
    private static readonly Argument<string?> ModelPath = new("model")
    {
        Description = "Model file (.safetensors). Without one, --arch names a network.",
        HelpName = "MODEL",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string?> Arch = SharedOptions.Text(
        "--arch", "name", "Measures this architecture of the zoo with random weights, instead of a model file.");
    private static readonly Option<bool> Unstructured = new("--unstructured")
    {
        Description = "Prunes as many weights as --pattern does, but without a pattern (the control).",
    };
    private static readonly Option<bool> Compare = new("--compare")
    {
        Description = "Sets the pruned network beside the dense one, and beside one of as many weights without a pattern: latency, energy, "
            + "memory.",
    };
    private static readonly Option<bool> Dense = new("--dense")
    {
        Description = "Ignores the masks: pruned weights are computed as in a dense network.",
    };
    private static readonly Option<bool> Sparse = new("--sparse")
    {
        Description = "Pruned layers take the fastest form that skips pruned weights, even where a dense one is faster.",
    };

    private static readonly Option<bool> Int8 = new("--int8")
    {
        Description = "Quantises the network first, with ranges of random images.",
    };

    private static readonly Option<string?> Html = SharedOptions.Text(
        "--html", "FILE", "Also writes a page with a picture of what limits each layer: multiply-adds or memory (roofline).");

    /// <summary>Creates the verb and its sub-verbs.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "bench",
            "Measures how fast a network runs on random images: latency, images a second, and time and form of each layer. "
                + "Its sub-verbs measure kernels, training on one machine and on many, and ONNX Runtime on the same networks.",
            "bench models/cifar100-resnet20-kd-seed1/student-kd.safetensors",
            "bench --arch resnet20 --pattern kernel:16:16 --batch 64 --threads 2 --json",
            "bench --arch resnet20 --pattern kernel:16:16 --unstructured --sparse",
            "bench --arch resnet8x4 --pattern kernel:16:16 --under-load",
            "bench runs/latest/dst.safetensors --compare",
            "bench --arch resnet18 --pattern kernel:16:16 --html roofline.html",
            "bench --arch vgg8 --pattern kernel:16:16 --int8",
            "bench kernels",
            "bench peers resnet20",
            "bench train --arch resnet20")
        {
            ModelPath,
            Arch,
            BenchOptions.Width,
            BenchOptions.Input,
            BenchOptions.Pattern,
            Unstructured,
            BenchOptions.Batch,
            Dense,
            Sparse,
            Int8,
            SharedOptions.NoTune,
            SharedOptions.NoCache,
            BenchOptions.Threads,
            Compare,
            BenchOptions.UnderLoad,
            BenchOptions.Csv,
            Html,
            SharedOptions.Json,
            BenchKernelsCommand.Create(),
            BenchPeersCommand.Create(),
            BenchTrainCommand.Create(),
            BenchRanksCommand.Create(),
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var arguments = call.Arguments;
        CheckOptions(arguments);
        OutputPath.Check(arguments, BenchOptions.Csv);
        OutputPath.Check(arguments, Html);
        var model = LoadModel(call);
        var inference = InferenceOf(call);
        var underLoad = arguments.GetValue(BenchOptions.UnderLoad);
        var threads = underLoad ? BenchOptions.SeveralThreadsOf(arguments) : BenchOptions.ThreadsOf(arguments);
        var path = arguments.GetValue(ModelPath);
        var options = new NetworkBenchOptions(
            path ?? arguments.GetValue(Arch)!, path is null ? null : InputFile.LengthOf(path), threads, inference);
        var bench = new NetworkBench(model, options, call.Cancellation);
        if (underLoad) BenchOptions.Write(call, bench.RunUnderLoad(call.Report.Log).ToResult());
        else if (arguments.GetValue(Compare))
            BenchOptions.Write(call, new CompareBench(model, options, call.Cancellation).Run(call.Report.Log).ToResult());
        else Write(call, bench.Run(call.Report.Log));
    }

    private static Model LoadModel(Invocation call)
    {
        var arguments = call.Arguments;
        var model = arguments.GetValue(ModelPath) is { } path
            ? ModelFile.Load(path)
            : RandomModel.Create(
                arguments.GetValue(Arch)!, BenchOptions.WidthOf(arguments), BenchOptions.ShapeOf(arguments),
                BenchOptions.PatternOf(arguments), arguments.GetValue(Unstructured));
        return arguments.GetValue(Int8) ? RandomModel.Quantised(model, call.Cancellation) : model;
    }

    private static InferenceOptions InferenceOf(Invocation call) => new()
    {
        Tier = call.Tier,
        Batch = BenchOptions.BatchOf(call.Arguments),
        Dense = call.Arguments.GetValue(Dense),
        Sparse = call.Arguments.GetValue(Sparse),
        Tune = !call.Arguments.GetValue(SharedOptions.NoTune),
        Cache = SharedOptions.CacheOf(call),
    };

    private static void Write(Invocation call, NetworkReport report)
    {
        var result = report.ToResult();
        BenchOptions.Write(call, result);
        if (call.Arguments.GetValue(Html) is { } path) report.SavePage(path, result);
    }

    /// <exception cref="InputException">Options are missing or contradict each other.</exception>
    private static void CheckOptions(ParseResult arguments)
    {
        var (hasModel, hasArch) = (arguments.GetValue(ModelPath) is not null, arguments.GetValue(Arch) is not null);
        if (hasModel == hasArch)
            throw new InputException(
                $"bench has {(hasModel ? "both a MODEL and" : "neither a MODEL nor")} --arch; one of them was expected, "
                    + "or kernels, peers, train or ranks; see dst bench --help");
        Option[] ofArch = [BenchOptions.Pattern, Unstructured, BenchOptions.Width, BenchOptions.Input];
        if (hasModel && arguments.FirstGiven(ofArch) is { } vain)
            throw new InputException($"option {vain.Name} does not go with a MODEL, which has its own; --arch was expected");
        if (arguments.GetValue(Unstructured) && arguments.GetValue(BenchOptions.Pattern) is null)
            throw new InputException(
                "option --unstructured has no --pattern that says how many weights to keep; one was expected, such as kernel:16:16");
        arguments.CheckNotBoth("bench", Compare, BenchOptions.UnderLoad, Dense, Unstructured, Int8, Html);
        arguments.CheckNotBoth("bench", BenchOptions.UnderLoad, Html);
        arguments.CheckNotBoth("bench", Dense, Sparse);
    }
}
