using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff;

/// <summary>
/// What the readers of a node see, blocked [N, C/16, H, W, 16], and where they put the loss's gradient with respect to it. A feature
/// is stored, or computed from a stored one for a few images at a time, while they are in the cache.
/// </summary>
internal abstract unsafe class Feature(FeatureShape shape, bool needsGradient)
{
    private GradientSlot? _gradient;

    public FeatureShape Shape { get; } = shape;

    /// <summary>H · W.</summary>
    public int Pixels => Shape.Pixels;

    /// <summary>Floats of one image in blocked layout.</summary>
    public int ImageLength { get; } = checked((int)shape.BlockedLength);

    /// <summary>Whether a gradient is wanted: not for the network's input.</summary>
    public bool NeedsGradient { get; } = needsGradient;

    /// <summary>Whether max(·, 0) is applied to what is stored or computed before it is read.</summary>
    public bool Relu { get; set; }

    /// <summary>Whether a consumer has written the gradient in this backward pass; a later one adds to it.</summary>
    public bool GradientWritten { get; set; }

    /// <summary>Whether the feature is read, and its gradient written first, from outside of the network.</summary>
    public bool IsExposed { get; set; }

    /// <summary>The nodes that read this feature, in the order of the forward pass; the first is the last to write the gradient.</summary>
    public List<TrainingNode> Readers { get; } = [];

    /// <summary>The node whose output this is; null for the network's input.</summary>
    public TrainingNode? Producer { get; set; }

    /// <summary>The node that reads the gradient last: its memory lives until then.</summary>
    public virtual TrainingNode? GradientReader => Producer;

    /// <summary>Memory of the gradient; an addition shares its own with its operands.</summary>
    public GradientSlot GradientSlot
    {
        get => _gradient ??= new GradientSlot(ImageLength);
        set => _gradient = value;
    }

    /// <summary>Whether <see cref="Read"/> computes into its scratch memory.</summary>
    public abstract bool IsComputed { get; }

    /// <summary>Whether <see cref="ReadGradient"/> computes into its scratch memory.</summary>
    public virtual bool IsGradientComputed => false;

    /// <summary>Gradient of image <paramref name="image"/> and those after it, for the readers to write.</summary>
    public float* Gradient(int image) => GradientSlot.Pointer + (long)image * ImageLength;

    /// <summary>The values of some images: stored ones, or computed into <paramref name="scratch"/> of that many images.</summary>
    public abstract float* Read(ImageRange images, float* scratch);

    /// <summary>
    /// The gradient of some images for the producer: stored, or computed into <paramref name="scratch"/> of that many images.
    /// </summary>
    public virtual float* ReadGradient(ImageRange images, float* scratch) => Gradient(images.First);

    /// <summary>The memory that <see cref="Read"/> reads.</summary>
    public abstract MemoryRange Values(ImageRange images);

    /// <summary>The memory of the gradient of some images.</summary>
    public MemoryRange Gradients(ImageRange images) => new(Gradient(images.First), (long)images.Count * ImageLength);

    /// <summary>The memory of gradients that <see cref="ReadGradient"/> reads.</summary>
    public virtual MemoryRange GradientsRead(ImageRange images) => Gradients(images);

    /// <summary>The memory of values of other features that <see cref="GradientCompleted"/> reads.</summary>
    public virtual MemoryRange ValuesOfOperands(ImageRange images) => default;

    /// <summary>Fetches what <see cref="Read"/> needs for the images of other ranks.</summary>
    public abstract void GatherValues(RankGroup ranks, int images);

    /// <summary>Fetches what <see cref="ReadGradient"/> needs for the images of other ranks.</summary>
    public virtual void GatherGradients(RankGroup ranks, int images) =>
        ranks.GatherRows(new(Gradient(0), checked(images * ImageLength)), images);

    /// <summary>Called by the producer's job before it writes images of a part.</summary>
    public virtual void BeginWriting(int part, PassInfo pass)
    {
    }

    /// <summary>Called by the producer's job when it has written some images of a part, while they are in the cache.</summary>
    public virtual void Written(ImageRange images, int part, PassInfo pass)
    {
    }

    /// <summary>Called by the last writer's job before it writes gradients of a part.</summary>
    public virtual void BeginGradient(int part)
    {
    }

    /// <summary>
    /// Called by the last writer's job when it has written the gradients of some images of a part, while they are in the cache.
    /// </summary>
    public virtual void GradientCompleted(ImageRange images, int part)
    {
    }
}
