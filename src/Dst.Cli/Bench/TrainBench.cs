using System.Diagnostics;
using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.Runtime;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Engine;
using Dst.Training.Networks;

namespace Dst.Cli.Bench;

/// <summary>What <c>bench train</c> measures.</summary>
/// <param name="Tier">Vector width.</param>
/// <param name="Arch">Architecture, by its name in the zoo.</param>
/// <param name="Width">Width multiplier.</param>
/// <param name="Input">Shape of one image, or null for the architecture's usual one.</param>
/// <param name="Batch">Images in a step.</param>
/// <param name="Threads">Threads that share a step.</param>
/// <param name="Pattern">Pattern of the masks, or null for a dense network.</param>
/// <param name="Steps">Steps that are timed, at least 1.</param>
/// <param name="Convolutions">How the form of each convolution is chosen.</param>
internal sealed record TrainBenchOptions(
    SimdTier Tier, string Arch, double Width, FeatureShape? Input, int Batch, int Threads, UhpPattern? Pattern, int Steps,
    FormChoice Convolutions);

/// <summary>Measures training steps of a network with random weights, dense or halved, on random images.</summary>
internal sealed class TrainBench(TrainBenchOptions options, CancellationToken cancellation)
{
    private const int MinWarmUpSteps = 3;
    private const double WarmUpSeconds = 0.5;

    /// <summary>Measures the peak, warms up, then times the steps.</summary>
    /// <param name="progress">Receives a line about what is measured.</param>
    /// <exception cref="InputException">
    /// There is no such network, it does not take the input, a batch fits in no array, or nothing of it can be pruned.
    /// </exception>
    public TrainReport Run(Action<string> progress)
    {
        var model = CreateModel();
        progress(
            $"{options.Arch}, {model.Graph.Input}, batch {options.Batch}, {options.Pattern?.ToString() ?? "dense"}: {options.Steps} steps");
        var peak = MachinePeak.Measure(options.Tier, options.Threads);
        var times = new OperationTimes();
        var seconds = TimeSteps(model, times);
        var operations = Split(times, seconds.Sum());
        seconds.Sort();
        return Report(model, peak, seconds, operations);
    }

    /// <summary>Measures steps on one thread and on several in turns, while other cores are busy.</summary>
    /// <param name="progress">Receives a line about what is measured.</param>
    /// <exception cref="InputException">As for <see cref="Run(Action{string})"/>.</exception>
    public LoadReport RunUnderLoad(Action<string> progress)
    {
        var model = CreateModel();
        progress($"{options.Arch}, {model.Graph.Input}, batch {options.Batch}, {options.Pattern?.ToString() ?? "dense"}");
        using WorkerPool onePool = new(1), severalPool = new(options.Threads);
        using var one = CreateStep(model, onePool);
        using var several = CreateStep(model, severalPool);
        return new LoadBench(options.Tier, cancellation).Measure(
            $"training of {options.Arch}, {options.Pattern?.ToString() ?? "dense"}", options.Batch, options.Threads,
            () => one.Run(), () => several.Run());
    }

    /// <summary>
    /// Multiply-accumulates of one image that a training step needs: forward, backward-data and backward-weight of the kept
    /// weights, but no backward-data pass of layers that read the images themselves.
    /// </summary>
    internal static long UsefulMacs(Model model)
    {
        var readers = model.Graph.Nodes.Where(node => node.Inputs.Contains(NetworkGraph.InputName)).Select(node => node.Name).ToHashSet();
        return NetworkCost.Of(model.Graph, model.Masks).Layers.Sum(layer => (readers.Contains(layer.Name) ? 2 : 3) * layer.EffectiveMacs);
    }

    private Model CreateModel()
    {
        var model = RandomModel.Create(options.Arch, options.Width, options.Input, options.Pattern);
        var values = options.Batch * model.Graph.Input.Count;
        return values <= Array.MaxLength ? model
            : throw new InputException(
                $"a batch of {options.Batch} images of {model.Graph.Input} has {values} values; at most {Array.MaxLength} were expected");
    }

    private TrainingStepJob CreateStep(Model model, WorkerPool pool)
    {
        var compute = new ComputeContext(pool, options.Tier);
        var forms = options.Convolutions switch
        {
            FormChoice.Direct => ConvolutionForms.Direct,
            FormChoice.Measured => ConvolutionForms.Measure(model, options.Batch, compute),
            _ => ConvolutionForms.Estimated,
        };
        return new(model, options.Batch, compute, forms);
    }

    private List<double> TimeSteps(Model model, OperationTimes times)
    {
        using var pool = new WorkerPool(options.Threads);
        using var step = CreateStep(model, pool);
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < MinWarmUpSteps || Stopwatch.GetElapsedTime(start).TotalSeconds < WarmUpSeconds; i++) Run(step);
        step.Times = times;
        return [.. Enumerable.Range(0, options.Steps).Select(_ => Run(step))];
    }

    private double Run(TrainingStepJob step)
    {
        cancellation.ThrowIfCancellationRequested();
        return step.Run();
    }

    private List<OperationShare> Split(OperationTimes times, double total)
    {
        OperationShare Share(string operation, StepPass? pass, double seconds) =>
            new(operation, pass, seconds * 1e3 / options.Steps / options.Batch, 100 * seconds / total);
        var shares = times.Sums.GroupBy(sum => (sum.Key.Operation, sum.Key.Pass))
            .Select(kind => Share(kind.Key.Operation, kind.Key.Pass, kind.Sum(sum => sum.Value.TotalSeconds)))
            .OrderByDescending(share => share.MsPerImage).ToList();
        shares.Add(Share("other", null, total - times.Sums.Values.Sum(sum => sum.TotalSeconds)));
        return shares;
    }

    private TrainReport Report(Model model, MachinePeak peak, List<double> sortedSeconds, IReadOnlyList<OperationShare> operations)
    {
        var cost = NetworkCost.Of(model.Graph, model.Masks);
        var (best, median) = (sortedSeconds[0] / options.Batch, sortedSeconds[sortedSeconds.Count / 2] / options.Batch);
        var gflops = 2 * UsefulMacs(model) / best / 1e9;
        using var process = Process.GetCurrentProcess();
        return new()
        {
            Cpu = Processor.Name,
            Tier = options.Tier,
            Arch = options.Arch,
            Width = options.Width,
            Input = model.Graph.Input.ToString(),
            Classes = Zoo.UsualTask(options.Arch).Classes,
            Batch = options.Batch,
            Threads = options.Threads,
            WeightStore = options.Pattern is null ? "dense" : "uhp",
            Pattern = options.Pattern?.ToString(),
            Convolutions = options.Convolutions,
            Weights = cost.Weights,
            Macs = cost.Macs,
            EffectiveMacs = cost.EffectiveMacs,
            Steps = options.Steps,
            MsPerImage = best * 1e3,
            MsPerImageMedian = median * 1e3,
            ImagesPerSecond = 1 / best,
            Gflops = gflops,
            PeakGflops = peak.Gflops,
            ClockGhz = peak.ClockGhz,
            PercentOfPeak = 100 * gflops / peak.Gflops,
            PeakMemoryBytes = process.PeakWorkingSet64,
            Operations = operations,
        };
    }
}
