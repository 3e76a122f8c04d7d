using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff.Nodes;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff;

/// <summary>A feature in memory.</summary>
internal sealed unsafe class StoredFeature : Feature, IDisposable
{
    private readonly SimdTier _tier;
    private readonly AlignedBuffer _value;

    public StoredFeature(SimdTier tier, FeatureShape shape, int maxBatch, bool needsGradient) : base(shape, needsGradient)
    {
        _tier = tier;
        _value = new AlignedBuffer((long)maxBatch * ImageLength);
    }

    /// <summary>
    /// The normalisation that alone reads this feature. Its sums are gathered while the producer writes, and its gradient is computed as
    /// the producer reads it.
    /// </summary>
    public BatchNormNode? Normalisation { get; set; }

    /// <summary>
    /// Those operands of the addition that made this feature that use its gradient as their own, with nothing else added to it.
    /// </summary>
    public List<Feature> SharedOperands { get; } = [];

    public override bool IsComputed => false;

    public override bool IsGradientComputed => Normalisation is not null;

    /// <summary>Values of image <paramref name="image"/> and those after it.</summary>
    public float* Value(int image) => _value.Pointer + (long)image * ImageLength;

    public override float* Read(ImageRange images, float* scratch) => Value(images.First);

    public override MemoryRange Values(ImageRange images) => new(Value(images.First), (long)images.Count * ImageLength);

    public override MemoryRange GradientsRead(ImageRange images) => (Normalisation?.Output ?? this).Gradients(images);

    public override MemoryRange ValuesOfOperands(ImageRange images) =>
        SharedOperands.Count > 0 ? SharedOperands[0].Values(images) : default;

    public override float* ReadGradient(ImageRange images, float* scratch)
    {
        if (Normalisation is null) return Gradient(images.First);
        Normalisation.BackwardData(images, scratch, accumulate: false);
        return scratch;
    }

    public override void GatherValues(RankGroup ranks, int images) =>
        ranks.GatherRows(new(Value(0), checked(images * ImageLength)), images);

    public override void GatherGradients(RankGroup ranks, int images)
    {
        if (Normalisation is null)
        {
            base.GatherGradients(ranks, images);
            return;
        }

        GatherValues(ranks, images);
        if (Normalisation.Values != this) Normalisation.Values.GatherValues(ranks, images);
        Normalisation.Output.GatherGradients(ranks, images);
    }

    public override void BeginWriting(int part, PassInfo pass) => Normalisation?.BeginSums(part, pass);

    public override void Written(ImageRange images, int part, PassInfo pass)
    {
        if (Relu) Elementwise.Relu(_tier, Value(images.First), (long)images.Count * ImageLength, Value(images.First));
        Normalisation?.AddSums(images, part, pass);
    }

    public override void BeginGradient(int part)
    {
        foreach (var operand in SharedOperands) operand.BeginGradient(part);
    }

    public override void GradientCompleted(ImageRange images, int part)
    {
        var gradient = Gradient(images.First);
        if (Relu)
            Elementwise.ReluBackward(_tier, Value(images.First), gradient, (long)images.Count * ImageLength, gradient, accumulate: false);
        foreach (var operand in SharedOperands) operand.GradientCompleted(images, part);
    }

    public void Dispose() => _value.Dispose();
}
