using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dst.Foundations;
using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Threading;

namespace Dst.Runtime.Inference;

/// <summary>The time that a session has spent in one step of its plan.</summary>
/// <param name="Name">Name of the layer.</param>
/// <param name="Form">The form in which it is computed.</param>
/// <param name="Time">Sum over all runs.</param>
public sealed record StepTime(string Name, string Form, TimeSpan Time);

/// <summary>
/// Memory and threads to run a plan with. Sessions of one plan share its weights and may run at the same time. One session runs one batch
/// at a time and allocates nothing while it does.
/// </summary>
public sealed unsafe class InferenceSession : IDisposable
{
    /// <summary>Parts of a step for each thread, if the step can be cut so far: a thread that comes late then finds some left.</summary>
    private const int PartsPerThread = 4;

    /// <summary>
    /// The shortest time of a step on one thread is forgotten in about so many runs, because the clock of the processor may change.
    /// </summary>
    private const int RunsToForget = 1000;

    private readonly InferencePlan _plan;
    private readonly WorkerPool _pool;
    private readonly bool _ownsPool;
    private readonly AlignedBuffer _values;
    private readonly AlignedBuffer _scratch;
    private readonly long _scratchPitch;
    private readonly int _imagesTogether;
    private readonly StepPlaces[] _places;
    private readonly bool _readsPlain;
    private readonly long[] _ticks; // of each step, all runs together
    private readonly long[] _ticksAlone; // of each step, the shortest run on one thread
    private readonly Action<int, int> _runPart;
    private float* _plain; // the caller's images, if the steps read them as they are
    private int _step;
    private int _images; // number of images of the current run
    private int _imagesOfTicksAlone;
    private int _parts; // of the current step
    private int _grain; // units that the current step computes together

    internal InferenceSession(InferencePlan plan, WorkerPool pool, bool ownsPool)
    {
        (_plan, _pool, _ownsPool) = (plan, pool, ownsPool);
        var threads = pool.Threads;
        var scratch = plan.Steps.Select(step => step.ScratchLength(threads)).DefaultIfEmpty().Max();
        _scratchPitch = Layout.WholeLines(scratch);
        _imagesTogether = plan.ImagesTogether(threads);
        MemoryLimit.Check(
            sizeof(float) * (plan.Memory.Length * (double)_imagesTogether + _scratchPitch * (double)threads),
            $"{_imagesTogether} images on {threads} threads", "fewer were expected");
        _values = new AlignedBuffer(plan.Memory.Length * _imagesTogether);
        _scratch = new AlignedBuffer(_scratchPitch * threads);
        _places = [.. plan.Steps.Select(PlacesOf)];
        _readsPlain = plan.ReadsPlainInput;
        _ticks = new long[plan.Steps.Count];
        _ticksAlone = new long[plan.Steps.Count];
        _runPart = RunPart;
    }

    /// <summary>Bytes of this session's memory, without the shared weights.</summary>
    public long Bytes => (_values.Length + _scratch.Length) * sizeof(float);

    /// <summary>Time of each step since the session was created, in the order in which they run.</summary>
    public IReadOnlyList<StepTime> Times =>
        [.. _plan.Steps.Select((step, i) => new StepTime(step.Layer, step.Form, Stopwatch.GetElapsedTime(0, _ticks[i])))];

    /// <summary>The same in ticks of <see cref="Stopwatch"/>: a small step takes less than the 0.1 µs that a time span counts.</summary>
    internal ReadOnlySpan<long> Ticks => _ticks;

    /// <summary>Called with the network's input and then each step's output, of the first image of those that run together.</summary>
    internal ValueObserver? Observer { get; init; }

    /// <summary>Computes the logits of any number of images, one batch of the plan at a time.</summary>
    /// <param name="images">Normalised images [count, C, H, W].</param>
    /// <param name="count">Number of images, at least 1.</param>
    /// <param name="logits">[count, Outputs].</param>
    /// <exception cref="InputException">A length does not match the number of images, or the plan refuses a value.</exception>
    /// <exception cref="NotFiniteNumberException">A logit is not finite.</exception>
    public void Run(ReadOnlySpan<float> images, int count, Span<float> logits)
    {
        RunUnchecked(images, count, logits);
        for (var i = 0; i < logits.Length; i++)
        {
            if (!float.IsFinite(logits[i]))
                throw new NotFiniteNumberException(
                    Invariant($"output {i % _plan.Outputs} of image {i / _plan.Outputs} is {logits[i]}; finite outputs were expected, ")
                        + "so either the image has values far from those that the network was trained with, or its weights overflow",
                    logits[i]);
        }
    }

    /// <summary>As <see cref="Run"/>, but outputs may be infinite or NaN.</summary>
    internal void RunUnchecked(ReadOnlySpan<float> images, int count, Span<float> logits)
    {
        CheckLengths(images, count, logits);
        var imageLength = (int)_plan.Input.Count;
        if (_plan.Options.RefuseNonFinite) CheckFinite(images, imageLength);
        fixed (float* source = images, destination = logits)
        {
            for (var first = 0; first < count; first += _images)
            {
                var restOfBatch = _plan.Options.Batch - first % _plan.Options.Batch;
                _images = Math.Min(Math.Min(_imagesTogether, restOfBatch), count - first);
                RunTogether(source + (long)first * imageLength, destination + (long)first * _plan.Outputs);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsPool) _pool.Dispose();
        _values.Dispose();
        _scratch.Dispose();
    }

    /// <summary>Takes the current images through all steps.</summary>
    private void RunTogether(float* images, float* logits)
    {
        ReadInput(images);
        if (_imagesOfTicksAlone != _images) Array.Fill(_ticksAlone, long.MaxValue);
        _imagesOfTicksAlone = _images;
        var threads = _pool.CountActive();
        var start = Stopwatch.GetTimestamp();
        for (_step = 0; _step < _plan.Steps.Count; _step++)
        {
            start = RunStep(threads, start);
            if (Observer is null) continue;
            Observe(_plan.Steps[_step].Output);
            start = Stopwatch.GetTimestamp();
        }

        var output = _plan.Program.Values[_plan.Program.Output].Shape;
        Layout.ToPlain(PointerTo(_plan.Program.Output), _images, output.Channels, output.Pixels, logits);
    }

    private void ReadInput(float* images)
    {
        var input = _plan.Input;
        _plain = _readsPlain && Observer is null ? images : null;
        if (_plain == null) Layout.FromPlain(images, _images, input.Channels, input.Pixels, PointerTo(NetworkGraph.InputName));
        Observe(NetworkGraph.InputName);
    }

    private void Observe(string value) => Observer?.Invoke(value, PointerTo(value));

    /// <summary>Runs the current step and counts its time. Small steps take so little time that each look at the clock counts.</summary>
    /// <returns>Its end, where the next step begins.</returns>
    private long RunStep(int threads, long start)
    {
        CutStep(threads);
        var known = _ticksAlone[_step];
        var alone = 0L;
        if (_parts > 1) alone = _pool.Run(_parts, _runPart, known);
        else RunPart(0, thread: 0);
        var end = Stopwatch.GetTimestamp();
        if (_parts == 1) alone = end - start;
        _ticksAlone[_step] = known == long.MaxValue ? alone : Math.Min(alone, known + known / RunsToForget);
        _ticks[_step] += end - start;
        return end;
    }

    /// <summary>
    /// Cuts the current step into parts of some grains. A grain has as many units as cost least together, or fewer where threads would be
    /// idle.
    /// </summary>
    private void CutStep(int threads)
    {
        var step = _plan.Steps[_step];
        var units = step.Units(_images);
        _grain = Math.Min(step.Grain(_images), Layout.CeilDiv(units, threads));
        _parts = threads == 1 ? 1 : Math.Min(PartsPerThread * threads, Layout.CeilDiv(units, _grain));
    }

    /// <summary>Computes some grains of the current step, in the memory of a thread.</summary>
    private void RunPart(int part, int thread)
    {
        var step = _plan.Steps[_step];
        var units = step.Units(_images);
        long grains = Layout.CeilDiv(units, _grain);
        var first = (int)(grains * part / _parts) * _grain;
        var end = Math.Min(units, (int)(grains * (part + 1) / _parts) * _grain);
        var (x, second, y) = _places[_step];
        var operand = second is { } place ? _values.Pointer + place : null;
        var isPlain = _plain != null && step.Input == NetworkGraph.InputName;
        var data = new StepData(
            isPlain ? _plain : _values.Pointer + x, operand, _values.Pointer + y, _images, _plan.Options.Tier, isPlain);
        step.Run(data, first, end, _scratch.Pointer + thread * _scratchPitch);
    }

    private StepPlaces PlacesOf(InferenceStep step) =>
        new(PlaceOf(step.Input), step.Second is { } second ? PlaceOf(second) : null, PlaceOf(step.Output));

    /// <summary>Where a value of all images begins in this session's memory.</summary>
    private long PlaceOf(string value) => _plan.Memory[value] * _imagesTogether;

    private float* PointerTo(string value) => _values.Pointer + PlaceOf(value);

    private void CheckLengths(ReadOnlySpan<float> images, int count, Span<float> logits)
    {
        if (count < 1) throw new InputException(Invariant($"a run has {count} images; at least 1 was expected"));
        if (images.Length != count * _plan.Input.Count)
            throw new InputException(
                Invariant($"a run of {count} images has {images.Length} values; {count * _plan.Input.Count} were expected, ")
                + $"{_plan.Input} each");
        if (logits.Length != (long)count * _plan.Outputs)
            throw new InputException(
                Invariant($"a run of {count} images has room for {logits.Length} logits; {(long)count * _plan.Outputs} were expected"));
    }

    // Optimised from the first call on: vectors of the machine's width are not compiled ahead of time.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CheckFinite(ReadOnlySpan<float> images, int imageLength)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(images);
        var differences = Vector<float>.Zero; // v - v is 0 if v is finite, else NaN
        foreach (var v in vectors) differences += v - v;
        var first = differences == Vector<float>.Zero ? vectors.Length * Vector<float>.Count : 0;
        for (var i = first; i < images.Length; i++)
        {
            if (!float.IsFinite(images[i]))
                throw new InputException(
                    Invariant($"image {i / imageLength} of a run has the value {images[i]}; finite values were expected"));
        }
    }

    /// <summary>What looks at a value when it is complete: its name, and its first element as it lies in memory.</summary>
    internal delegate void ValueObserver(string value, float* first);

    /// <summary>Where a step's values begin.</summary>
    private readonly record struct StepPlaces(long X, long? Second, long Y);
}
