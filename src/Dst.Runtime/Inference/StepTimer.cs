using System.Diagnostics;
using Dst.Foundations;
using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Threading;

namespace Dst.Runtime.Inference;

/// <summary>Times steps that compute one layer in different forms, with the caches as they are in the network.</summary>
internal sealed unsafe class StepTimer : IDisposable
{
    private const int FloatsOfCacheLine = Layout.CacheLine / sizeof(float);

    private const int Rounds = 9;

    /// <summary>Rounds in which every step runs.</summary>
    private const int FirstRounds = 3;

    /// <summary>After the first rounds, a step runs only if it took at most so many times the shortest time.</summary>
    private const double SlowTime = 1.5;

    private readonly List<InferenceStep> _steps;
    private readonly InferenceOptions _options;
    private readonly AlignedBuffer _x;
    private readonly AlignedBuffer _y;
    private readonly AlignedBuffer _residual;
    private readonly AlignedBuffer _scratch;
    private readonly AlignedBuffer _between;
    private float _sum;

    /// <summary>Takes the memory.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="options">How the network is compiled.</param>
    /// <param name="bytesBetween">Bytes that the network reads between two runs of the layer.</param>
    /// <exception cref="InputException">There is not enough memory.</exception>
    public StepTimer(List<InferenceStep> steps, Conv2dShape shape, InferenceOptions options, long bytesBetween)
    {
        (_steps, _options) = (steps, options);
        var (inputs, outputs) = ((long)options.Batch * shape.InputLength, (long)options.Batch * shape.OutputLength);
        var residuals = steps.Any(step => step.Second is not null) ? outputs : 0;
        var scratchLength = steps.Max(step => step.ScratchLength(threads: 1));
        MemoryLimit.Check(
            sizeof(float) * ((double)inputs + outputs + residuals + scratchLength) + bytesBetween,
            $"features of the layer '{steps[0].Layer}'", "a smaller image or batch was expected");
        (_x, _y, _residual) = (new(inputs), new(outputs), new(residuals));
        (_scratch, _between) = (new(scratchLength), new(bytesBetween / sizeof(float)));
        for (var i = 0L; i < _x.Length; i++) _x.Pointer[i] = i % 7 * 0.25f - 0.5f; // no denormal or infinite numbers, which may be slower
        _between.Span.Fill(1); // pages that are never written share one page of zeros, which stays in the cache
    }

    /// <summary>
    /// The shortest time of each step. Rounds are interleaved, so that a disturbance of the machine hits all steps.
    /// </summary>
    public double[] ShortestMilliseconds()
    {
        var times = new double[_steps.Count];
        Array.Fill(times, double.PositiveInfinity);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < times.Length; i++)
            {
                if (round < FirstRounds || times[i] <= SlowTime * times.Min()) times[i] = Math.Min(times[i], MillisecondsOf(_steps[i]));
            }
        }

        return times;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _x.Dispose();
        _y.Dispose();
        _residual.Dispose();
        _scratch.Dispose();
        _between.Dispose();
    }

    /// <summary>Time of a step whose weights were last read one run of the network ago, and whose inputs were just written.</summary>
    private double MillisecondsOf(InferenceStep step)
    {
        Run(step);
        Read(_between, _between.Length);
        Read(_residual, _residual.Length);
        Read(_scratch, step.ScratchLength(threads: 1)); // all steps of a network share one
        Read(_x, _x.Length);
        var start = Stopwatch.GetTimestamp();
        Run(step);
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private void Run(InferenceStep step)
    {
        var second = step.Second is null ? null : _residual.Pointer;
        var isPlain = step.ReadsPlain && step.Input == NetworkGraph.InputName;
        var data = new StepData(_x.Pointer, second, _y.Pointer, _options.Batch, _options.Tier, isPlain);
        step.Run(data, 0, step.Units(_options.Batch), _scratch.Pointer);
    }

    /// <summary>Brings the first floats of a buffer into the caches; the sum keeps the compiler from leaving that out.</summary>
    private void Read(AlignedBuffer buffer, long length)
    {
        for (var i = 0L; i < length; i += FloatsOfCacheLine) _sum += buffer.Pointer[i];
    }
}
