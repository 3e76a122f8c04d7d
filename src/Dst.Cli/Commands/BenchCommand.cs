using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Dst.Cli.Bench;
using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Report;
using Dst.Runtime.Inference;

namespace Dst.Cli.Commands;

/// <summary><c>dst bench</c>: how fast this machine runs what the toolkit does.</summary>
internal static class BenchCommand
{
    /// <summary>Threads of a measurement: one, unless asked otherwise.</summary>
    private static readonly Option<int?> Threads = SharedOptions.Number("--threads", "Threads: bench kernels gives each its own images, the others share a batch among them. Default: 1.", 1, 1024);

    private static readonly Option<string> Arch = new("--arch") { Description = "Architecture, by its name in the zoo.", HelpName = "name", Required = true };
    private static readonly Option<double?> Width = SharedOptions.Number("--width", "Width multiplier of the architecture. Default: 1.", 0.05, 16);
    private static readonly Option<string?> Input = SharedOptions.Text("--input", "C,H,W", "Channels, height and width of an image. Default: 1,88,88 for aconvnet, 3,32,32 for the others.");
    private static readonly Option<int?> Batch = SharedOptions.Number("--batch", "Images in a step. Default: 64.", 1, 4096);
    private static readonly Option<int?> Steps = SharedOptions.Number("--steps", "Steps that are timed. Default: 20.", 1, 100_000);
    private static readonly Option<string?> Pattern = SharedOptions.Text("--pattern", "unit:block:group", "Halve the convolutions by this pattern, such as kernel:16:16. Default: a dense network.");

    private static readonly Option<string?> ModelPath = SharedOptions.Text("--model", "MODEL", "Measure the inference of this model file.");
    private static readonly Option<string?> NetworkArch = SharedOptions.Text("--arch", "name", "Measure the inference of this architecture with random weights.");
    private static readonly Option<int?> NetworkBatch = SharedOptions.Number("--batch", "Images that run together. Default: 1.", 1, 4096);
    private static readonly Option<bool> Unstructured = new("--unstructured") { Description = "Prune as many weights as --pattern does, but without a pattern (the control)." };
    private static readonly Option<bool> Dense = new("--dense") { Description = "Ignore the masks: compute with pruned weights as a dense network would." };
    private static readonly Option<bool> Sparse = new("--sparse") { Description = "Pruned layers take the fastest form that skips pruned weights, even where a dense one is faster." };

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
        var train = new Verb(
            "train",
            "Measures whole training steps of a network on random data: forward, cross-entropy, backward, SGD with momentum and weight decay; where their time goes, and against the peak of this processor's multiply-adds.",
            "bench train --arch resnet20",
            "bench train --arch resnet8x4 --pattern kernel:16:16 --batch 128 --threads 2 --json")
        {
            Arch,
            Width,
            Input,
            Batch,
            Steps,
            Pattern,
            Threads,
            SharedOptions.Json,
        };
        train.Handle(RunTrain);
        var bench = new Verb(
            "bench",
            "Measures the speed of a model's inference on random images: latency, images a second, time and form of each layer. Its own verbs measure kernels and training.",
            "bench --model runs/quickstart/dst.safetensors",
            "bench --arch resnet20 --pattern kernel:16:16 --batch 64 --threads 2 --json",
            "bench --arch resnet20 --pattern kernel:16:16 --unstructured --sparse",
            "bench kernels",
            "bench train --arch resnet20")
        {
            ModelPath,
            NetworkArch,
            Width,
            Input,
            Pattern,
            Unstructured,
            NetworkBatch,
            Dense,
            Sparse,
            SharedOptions.NoTune,
            SharedOptions.NoCache,
            Threads,
            SharedOptions.Json,
            kernels,
            train,
        };
        bench.Handle(RunNetwork);
        return bench;
    }

    private static void RunNetwork(Invocation call)
    {
        var arguments = call.Arguments;
        var (path, arch) = (arguments.GetValue(ModelPath), arguments.GetValue(NetworkArch));
        if (path is null == arch is null) throw new InputException($"bench has {(path is null ? "neither --model nor" : "both --model and")} --arch; one of them was expected, or kernels or train; see dst bench --help");
        if (path is not null && new[] { Pattern.Name, Unstructured.Name, Width.Name, Input.Name }.FirstOrDefault(name => arguments.GetResult(name) is OptionResult { Implicit: false }) is { } option)
            throw new InputException($"option {option} does not go with --model, which has its own; --arch was expected");
        var unstructured = arguments.GetValue(Unstructured);
        if (unstructured && arguments.GetValue(Pattern) is null) throw new InputException("option --unstructured has no --pattern that says how many weights to keep; one was expected, such as kernel:16:16");
        var (dense, sparse) = (arguments.GetValue(Dense), arguments.GetValue(Sparse));
        if (dense && sparse) throw new InputException("bench has both --dense and --sparse; one of them was expected");
        var model = path is not null ? ModelFile.Load(path)
            : RandomModel.Create(arch!, arguments.GetValue(Width) ?? 1, ShapeOf(arguments), PatternOf(arguments), unstructured);
        var inference = new InferenceOptions
        {
            Tier = call.Tier,
            Batch = arguments.GetValue(NetworkBatch) ?? 1,
            Dense = dense,
            Sparse = sparse,
            Tune = !arguments.GetValue(SharedOptions.NoTune),
            Cache = SharedOptions.CacheOf(call),
        };
        var options = new NetworkBenchOptions(path ?? arch!, path is null ? null : new FileInfo(path).Length, arguments.GetValue(Threads) ?? 1, inference);
        var result = new NetworkBench(model, options, call.Cancellation).Run(call.Report.Log);
        call.Report.Write(Describe(result));
    }

    private static Result Describe(NetworkReport result)
    {
        var layers = Table.Of(
            result.Layers,
            new("name", "layer", step => step.Name) { Alignment = Alignment.Left },
            new("form", "form", step => step.Form) { Alignment = Alignment.Left },
            new("ms", "ms", step => step.Ms, step => $"{step.Ms:F4}"),
            new("gflops", "GFLOP/s", step => step.Gflops, step => $"{step.Gflops:F1}"));
        var latency = result.LatencyMs;
        var summary = new Lines(
            $"{result.Model}, {result.Form}, batch {result.Batch}, {Format.Count(result.EffectiveMacs)} of {Format.Count(result.Macs)} MACs an image",
            $"{latency.Min:F4} ms a batch (median {latency.Median:F4}, p95 {latency.P95:F4}, p99 {latency.P99:F4}), {result.ImagesPerSecond:F1} images/s",
            $"{result.Gflops:F1} GFLOP/s of useful work, {result.PercentOfPeak:F1} % of the peak; {Format.Bytes(result.ResidentBytes)} of memory");
        return new(result, MachineLine(result.Cpu, result.Tier, result.Threads, result.PeakGflops), summary, layers);
    }

    private static void RunKernels(Invocation call)
    {
        var bench = new KernelBench(call.Tier, call.Arguments.GetValue(Threads) ?? 1, call.Cancellation);
        var result = bench.Run(call.Report.Log);
        var kernels = Table.Of(
            result.Kernels,
            new("shape", "layer", kernel => kernel.Shape) { Alignment = Alignment.Left },
            new("kernel", "kernel", kernel => kernel.Kernel) { Alignment = Alignment.Left },
            new("ms", "ms", kernel => kernel.Ms, kernel => $"{kernel.Ms:F4}"),
            new("gflops", "GFLOP/s", kernel => kernel.Gflops, kernel => $"{kernel.Gflops:F1}"),
            new("percent_of_peak", "% of peak", kernel => kernel.PercentOfPeak, kernel => $"{kernel.PercentOfPeak:F0}"),
            new("speedup_vs_dense", "x dense", kernel => kernel.SpeedupVsDense, kernel => $"{kernel.SpeedupVsDense:F2}"));
        call.Report.Write(new(result, MachineLine(result.Cpu, result.Tier, result.Threads, result.PeakGflops), kernels));
    }

    private static void RunTrain(Invocation call)
    {
        var arguments = call.Arguments;
        var options = new TrainBenchOptions(
            call.Tier,
            arguments.GetRequiredValue(Arch),
            arguments.GetValue(Width) ?? 1,
            ShapeOf(arguments),
            arguments.GetValue(Batch) ?? 64,
            arguments.GetValue(Threads) ?? 1,
            PatternOf(arguments),
            arguments.GetValue(Steps) ?? 20);
        var result = new TrainBench(options, call.Cancellation).Run(call.Report.Log);
        call.Report.Write(Describe(result));
    }

    private static Result Describe(TrainReport result)
    {
        var operations = Table.Of(
            result.Operations,
            new("operation", "operation", share => share.Operation) { Alignment = Alignment.Left },
            new("pass", "pass", share => share.Pass?.ToString().ToLowerInvariant()) { Alignment = Alignment.Left },
            new("ms_per_image", "ms an image", share => share.MsPerImage, share => $"{share.MsPerImage:F4}"),
            new("percent", "%", share => share.Percent, share => $"{share.Percent:F1}"));
        var summary = new Lines(
            $"{result.Arch}, width {result.Width}, {result.Input}, {result.Classes} classes, batch {result.Batch}, {result.Pattern ?? result.Form}",
            $"{Format.Count(result.Weights)} weights, {Format.Count(result.EffectiveMacs)} of {Format.Count(result.Macs)} MACs an image",
            $"{result.MsPerImage:F4} ms an image (median {result.MsPerImageMedian:F4}), {result.ImagesPerSecond:F1} images/s",
            $"{result.Gflops:F1} GFLOP/s of useful work, {result.PercentOfPeak:F1} % of the peak; {Format.Bytes(result.PeakMemoryBytes)} of memory at most");
        return new(result, MachineLine(result.Cpu, result.Tier, result.Threads, result.PeakGflops), summary, operations);
    }

    private static Lines MachineLine(string cpu, SimdTier tier, int threads, double peak) =>
        new($"{cpu}, {tier}, {threads} {(threads == 1 ? "thread" : "threads")}, peak {peak:F1} GFLOP/s");

    private static FeatureShape? ShapeOf(ParseResult arguments) => arguments.GetValue(Input) is { } text ? ParseShape(text) : null;

    private static UhpPattern? PatternOf(ParseResult arguments) => arguments.GetValue(Pattern) is { } text ? UhpPattern.Parse(text) : null;

    private static FeatureShape ParseShape(string text)
    {
        var extents = text.Split(',').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var extent) ? extent : 0).ToArray();
        return extents.Length == 3 && extents.Min() > 0 ? new(extents[0], extents[1], extents[2])
            : throw new InputException($"option --input is '{text}'; channels, height and width were expected, such as 3,32,32");
    }
}
