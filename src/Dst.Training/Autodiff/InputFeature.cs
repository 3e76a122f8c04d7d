using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff;

/// <summary>
/// The network's input. It is stored plain, as blocks of 16 lanes would be mostly empty with one or three channels, and blocked as it is
/// read.
/// </summary>
internal sealed unsafe class InputFeature(FeatureShape shape, int maxBatch) : Feature(shape, needsGradient: false), IDisposable
{
    private readonly AlignedBuffer _plain = new((long)maxBatch * shape.Count);

    public override bool IsComputed => true;

    /// <summary>Image <paramref name="image"/> and those after it, [N, C, H, W].</summary>
    public float* Plain(int image) => _plain.Pointer + (long)image * Shape.Count;

    /// <summary>Stores some images of a batch [N, C, H, W].</summary>
    public void Write(ReadOnlySpan<float> batch, ImageRange images)
    {
        var length = checked((int)(images.Count * Shape.Count));
        batch.Slice(checked((int)(images.First * Shape.Count)), length).CopyTo(new(Plain(images.First), length));
    }

    public override float* Read(ImageRange images, float* scratch)
    {
        Layout.FromPlain(Plain(images.First), images.Count, Shape.Channels, Pixels, scratch);
        return scratch;
    }

    public override MemoryRange Values(ImageRange images) => new(Plain(images.First), images.Count * Shape.Count);

    public override void GatherValues(RankGroup ranks, int images) =>
        ranks.GatherRows(new(Plain(0), checked((int)(images * Shape.Count))), images);

    public void Dispose() => _plain.Dispose();
}
