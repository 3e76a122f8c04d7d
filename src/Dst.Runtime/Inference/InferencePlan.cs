using Dst.Foundations;
using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;
using Dst.Runtime.Threading;

namespace Dst.Runtime.Inference;

/// <summary>
/// A network compiled for inference: fused operations, each in its fastest form on this machine, with weights packed once. Sessions on any
/// number of threads compute with it at once. Dispose of the sessions first.
/// </summary>
/// <example>
/// <code>
/// using var plan = InferencePlan.Compile(Model.Load("dst.safetensors"), new InferenceOptions { Batch = 8 });
/// using var session = plan.CreateSession(threads: 2);
/// var logits = new float[8 * plan.Outputs];
/// session.Run(new float[8 * plan.Input.Count], count: 8, logits);
/// foreach (var step in session.Times) Console.WriteLine($"{step.Name}, {step.Form}: {step.Time.TotalMilliseconds} ms");
/// </code>
/// </example>
public sealed class InferencePlan : IDisposable
{
    /// <summary>Largest number of images that run together.</summary>
    public const int MaxBatch = 4096;

    /// <summary>Largest number of threads of a session.</summary>
    public const int MaxThreads = 1024;

    /// <summary>Floats of values that stay in a core's second-level cache beside weights and transforms: 512 kB.</summary>
    private const int CachedValues = 128 * 1024;

    /// <summary>
    /// How many weights are read in the time that one value takes to go through memory: it is written and later read, and so are its
    /// transforms. From measurements.
    /// </summary>
    private const double MoveCost = 4;

    /// <summary>Class of Winograd tiles of 4×4 outputs, the largest.</summary>
    private const int LargeTiles = 16;

    /// <summary>Class of Winograd tiles of 2×2 and 1×4 outputs. FFT forms are below it.</summary>
    private const int SmallTiles = 4;

    /// <summary>
    /// The <see cref="ConvolutionCandidate.RoundingClass"/> to try, from the fastest to the most exact: all forms, without weights of 16
    /// bits, with small tiles and FFT alone, with plain forms alone.
    /// </summary>
    private static readonly int[] RoundingClasses = [ConvolutionCandidate.RoundedClass, LargeTiles, SmallTiles, 0];

    /// <summary>Compiles with forms of up to a rounding class, without a check of their errors.</summary>
    /// <param name="model">Network, weights and masks.</param>
    /// <param name="options">How.</param>
    /// <param name="roundingClass">The largest <see cref="ConvolutionCandidate.RoundingClass"/>.</param>
    /// <param name="keepsValues">
    /// Whether each value is written, also where a step could compute two nodes, with channels that no layer reads.
    /// </param>
    internal InferencePlan(Model model, InferenceOptions options, int roundingClass, bool keepsValues = false)
    {
        Options = options;
        Input = model.Graph.Input;
        var read = keepsValues || options.Dense ? model : UnreadChannels.Remove(model, Layout.Block);
        Program = LoweredProgram.Lower(read, StepFactory.Target, options.Dense);
        var chooser = new ConvolutionChooser(
            options, roundingClass, options.Tune ? LikelyWeightBytes(roundingClass) : new Dictionary<string, long>());
        (Steps, Decisions) = new StepFactory(Program, chooser, keepsValues).CreateAll();
        Memory = new([.. Steps.Select(step => new PlannedStep(step.Reads, step.Output))], LengthOf, Program.Output);
    }

    /// <summary>How it was compiled.</summary>
    public InferenceOptions Options { get; }

    /// <summary>Shape of one image.</summary>
    public FeatureShape Input { get; }

    /// <summary>Length of a row of outputs.</summary>
    public int Outputs => checked((int)Program.Values[Program.Output].Shape.Count);

    /// <summary>The form of each convolution, and of linear layers that have a choice, in the order in which they run.</summary>
    public IReadOnlyList<LayerDecision> Decisions { get; }

    /// <summary>Bytes of the packed weights, which all sessions share.</summary>
    public long WeightBytes => Steps.Sum(step => step.WeightBytes);

    internal LoweredProgram Program { get; }

    internal IReadOnlyList<InferenceStep> Steps { get; }

    internal MemoryPlan Memory { get; }

    /// <summary>Whether all that read the network's input can read it plain, as the caller has it.</summary>
    internal bool ReadsPlainInput => Program.Output != NetworkGraph.InputName && Steps.All(
        step => step.Second != NetworkGraph.InputName && (step.Input != NetworkGraph.InputName || step.ReadsPlain));

    /// <summary>
    /// Compiles a model. Winograd and FFT forms, and weights of 16 bits, are used only if they keep the logits of a random image within
    /// <see cref="InferenceOptions.ErrorBound"/> of those of direct forms.
    /// </summary>
    /// <param name="model">Network, weights and masks; not changed.</param>
    /// <param name="options">How, or null for the defaults.</param>
    /// <exception cref="InputException">An option is out of range.</exception>
    public static InferencePlan Compile(Model model, InferenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new();
        CheckOptions(options);
        float[]? expected = null;
        foreach (var roundingClass in options.ErrorBound == 0 ? RoundingClasses[^1..] : RoundingClasses)
        {
            var plan = new InferencePlan(model, options, roundingClass);
            options.Cache?.Save();
            if (!plan.Steps.Any(step => step.IsApproximate)) return plan;
            expected ??= DirectLogits(model, options);
            if (IsWithin(options.ErrorBound, plan.ProbeLogits(), expected)) return plan;
            plan.Dispose();
        }

        throw new InvalidOperationException("a plan of plain forms was expected last");
    }

    /// <summary>
    /// Compiles the most exact plan: for single images, without Winograd and FFT forms, which round more, and without measuring.
    /// Every value is written, with channels that no layer reads.
    /// </summary>
    /// <param name="model">Network, weights and masks; not changed.</param>
    /// <param name="options">
    /// How, or null for the defaults; <see cref="InferenceOptions.Batch"/> and <see cref="InferenceOptions.Tune"/> have no effect.
    /// </param>
    public static InferencePlan CompileDirect(Model model, InferenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return new(model, (options ?? new()) with { Tune = false, Batch = 1 }, roundingClass: 0, keepsValues: true);
    }

    /// <summary>Takes the memory of a session and starts its threads.</summary>
    /// <param name="threads">
    /// Threads that share the work, 1 to <see cref="MaxThreads"/>. Results do not depend on it. More threads than cores gain nothing.
    /// </param>
    /// <exception cref="InputException">There is not enough memory, or the number of threads is out of range.</exception>
    public InferenceSession CreateSession(int threads = 1)
    {
        CheckThreads(threads);
        var pool = new WorkerPool(threads);
        try
        {
            return new(this, pool, ownsPool: true);
        }
        catch
        {
            pool.Dispose();
            throw;
        }
    }

    /// <summary>Takes the memory of a session that shares threads with others. Only one of them may use the pool at a time.</summary>
    /// <param name="pool">Threads; not disposed.</param>
    /// <exception cref="InputException">There is not enough memory.</exception>
    public InferenceSession CreateSession(WorkerPool pool) => new(this, pool, ownsPool: false);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var step in Steps) step.Dispose();
    }

    /// <summary>Bytes of a batch: a step's packed weights, what it reads and what it writes, each once.</summary>
    internal long BytesOf(InferenceStep step) =>
        step.WeightBytes + Options.Batch * sizeof(float) * step.Values.Sum(LengthOf);

    /// <summary>
    /// Images of a batch that a session takes through all steps together. They are so few that their values stay in the caches of the
    /// threads. But they are the whole batch where it costs more to read all weights that often than to move the values of the batch. A
    /// number below the batch is a multiple of <see cref="LinearStep.ImagesTogether"/>, so that results do not depend on it.
    /// </summary>
    internal int ImagesTogether(int threads)
    {
        var cached = Math.Max(1, (int)Math.Min(Options.Batch, CachedValues / Memory.Length * threads));
        var few = Layout.RoundUp(cached, LinearStep.ImagesTogether);
        if (few >= Options.Batch) return Options.Batch;
        var weights = (double)WeightBytes / sizeof(float);
        var moved = Steps.Sum(step => step.Values.Sum(value => (double)Program.Values[value].Shape.Count));
        return weights / few <= weights / Options.Batch + MoveCost * moved ? few : Options.Batch;
    }

    internal static void CheckThreads(int threads)
    {
        if (threads is < 1 or > MaxThreads)
            throw new InputException(Invariant($"an inference session has {threads} threads; 1 to {MaxThreads} were expected"));
    }

    private static void CheckOptions(InferenceOptions options)
    {
        if (options.ErrorBound is not (>= 0 and <= 1))
            throw new InputException(Invariant($"inference option ErrorBound is {options.ErrorBound}; 0 to 1 were expected"));
        if (options.Batch is < 1 or > MaxBatch)
            throw new InputException(Invariant($"inference option Batch is {options.Batch}; 1 to {MaxBatch} were expected"));
        if (options.Tier > SimdTiers.Best)
            throw new InputException(
                $"inference option Tier is {options.Tier}; at most {SimdTiers.Best}, which this processor has, was expected");
    }

    private Dictionary<string, long> LikelyWeightBytes(int roundingClass)
    {
        return Program.Nodes.ToDictionary(node => node.Output, Of);

        long Of(LoweredNode node) => node.Operation is Conv2dOp convolution
            ? ConvolutionCandidate.LikelyWeightBytes(
                node, convolution.ShapeFor(Program.Values[node.Inputs[0]].Shape), Options, roundingClass)
            : node.KeptWeightBytes;
    }

    private long LengthOf(string value) => ValueLayout.FloatsOf(Program.Values[value]);

    private static float[] DirectLogits(Model model, InferenceOptions options)
    {
        using var direct = CompileDirect(model, options);
        return direct.ProbeLogits();
    }

    /// <summary>The logits of one image of random numbers with mean 0 and deviation 1, like a normalised image.</summary>
    private float[] ProbeLogits()
    {
        var image = new float[Input.Count];
        var random = default(RandomStream);
        var range = Math.Sqrt(12); // of uniform numbers with deviation 1
        foreach (ref var value in image.AsSpan()) value = (float)(range * (random.NextDouble() - 0.5));
        var logits = new float[Outputs];
        using var session = CreateSession();
        session.RunUnchecked(image, 1, logits);
        return logits;
    }

    /// <summary>Whether logits differ little enough from those of direct forms, where these are finite: elsewhere no form helps.</summary>
    private static bool IsWithin(double share, float[] actual, float[] expected)
    {
        var bound = share * expected.Where(float.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();
        // A difference of NaN is not within the bound, as any comparison with it is false.
        return actual.Zip(expected).All(pair => !float.IsFinite(pair.Second) || Math.Abs(pair.First - pair.Second) <= bound);
    }
}
