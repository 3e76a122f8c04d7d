using Dst.Kernels.Simd;

namespace Dst.Runtime.Inference.Steps;

/// <summary>What one run of a step works on: values of some images in blocked layout.</summary>
internal readonly unsafe struct StepData(float* x, float* second, float* y, int images, SimdTier tier, bool isPlain = false)
{
    /// <summary>The first input.</summary>
    public readonly float* X = x;

    /// <summary>The second operand of a sum or product, or null.</summary>
    public readonly float* Second = second;

    /// <summary>The output.</summary>
    public readonly float* Y = y;

    /// <summary>Number of images.</summary>
    public readonly int Images = images;

    /// <summary>Vector width that the plan is compiled for.</summary>
    public readonly SimdTier Tier = tier;

    /// <summary>Whether the first input is plain, [N, C, H, W].</summary>
    public readonly bool IsPlain = isPlain;
}

/// <summary>
/// A compiled operation with its packed weights. It holds no activations, so that sessions on other threads can run it at the same time.
/// Its work is a number of independent units. The result of a unit does not depend on which others it runs with.
/// </summary>
internal abstract unsafe class InferenceStep(string layer, string form, string input, string? second, string output) : IDisposable
{
    /// <summary>Name of its layer.</summary>
    public string Layer => layer;

    /// <summary>The form in which it is computed.</summary>
    public string Form => form;

    /// <summary>The value that it reads first.</summary>
    public string Input => input;

    /// <summary>The second value that it reads, or null.</summary>
    public string? Second => second;

    /// <summary>The value that it writes.</summary>
    public string Output => output;

    /// <summary>All values that it reads.</summary>
    public IEnumerable<string> Reads => second is null ? [input] : [input, second];

    /// <summary>All values that it reads, and the one that it writes.</summary>
    public IEnumerable<string> Values => Reads.Append(output);

    /// <summary>Whether its first input may be plain.</summary>
    public virtual bool ReadsPlain => false;

    /// <summary>Whether it rounds more than the direct form in floats, so that a plan's logits are compared with those of that.</summary>
    public virtual bool IsApproximate => false;

    /// <summary>Bytes of packed weights.</summary>
    public virtual long WeightBytes => 0;

    /// <summary>Number of units of work of some images.</summary>
    public abstract int Units(int images);

    /// <summary>Number of units, at least 1, below which a run of units costs more for each of them.</summary>
    public virtual int Grain(int images) => 1;

    /// <summary>Floats of scratch memory that each thread needs. With several threads, it may prepare what only they need.</summary>
    public virtual long ScratchLength(int threads) => 0;

    /// <summary>Computes units <paramref name="first"/> to <paramref name="end"/> − 1.</summary>
    public abstract void Run(in StepData data, int first, int end, float* scratch);

    /// <summary>Frees the packed weights.</summary>
    public virtual void Dispose()
    {
    }
}
