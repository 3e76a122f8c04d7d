using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

/// <summary>
/// One operation at one shape. Data inputs come first, parameters after them; a parameter is a single image of plain values.
/// Each pass runs through the public method on a tier, or as the reference if the tier is null.
/// </summary>
internal abstract class OperationCase(string name)
{
    public string Name => name;

    /// <summary>Names what the reference computes; cases of one such name have the same inputs.</summary>
    public virtual string Reference => Name;

    /// <summary>How many of the inputs are data, whose gradients can be accumulated.</summary>
    public abstract int DataInputs { get; }

    /// <summary>Whether the operation has a form on a tier.</summary>
    public virtual bool RunsOn(SimdTier tier) => true;

    /// <summary>Inputs with random values.</summary>
    public abstract Blocked[] MakeInputs();

    /// <summary>The output, in a buffer that held garbage.</summary>
    public abstract Blocked Forward(Blocked[] inputs, SimdTier? tier);

    /// <summary>Writes the gradient of each input, or adds those of data to the buffer if <paramref name="accumulate"/>.</summary>
    public abstract void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier);

    public override string ToString() => name;

    /// <summary>A parameter of <paramref name="count"/> values in [−1, 1).</summary>
    protected static Blocked RandomParameter(int count, int seed) => Blocked.Random(1, count, 1, 1, seed);

    /// <summary>
    /// Values that differ from each other and from zero by more than a finite difference's step, so that no maximum moves to
    /// another element within it.
    /// </summary>
    protected static Blocked DistinctValues(int images, int channels, int height, int width, int seed)
    {
        var count = images * channels * height * width;
        var values = Enumerable.Range(0, count).Select(i => (i / 2 + 1) * (i % 2 == 0 ? 1 : -1) / 32f).ToArray();
        new Random(seed).Shuffle(values);
        return Blocked.FromNchw(images, channels, height, width, values);
    }
}
