using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>The bias of a convolution or linear layer: its padded copy and its gradient.</summary>
internal sealed unsafe class BiasTerm : IDisposable
{
    private readonly Parameter _bias;
    private readonly FeatureBuffer _output;
    private readonly AlignedBuffer _packed;
    private readonly PartSums _sums;
    private readonly Action<int> _sumPart;
    private int _images;

    public BiasTerm(Parameter bias, FeatureBuffer output)
    {
        _bias = bias;
        _output = output;
        _packed = new AlignedBuffer(Layout.PaddedChannels(output.Shape.Channels));
        _sums = new PartSums(Layout.PaddedChannels(output.Shape.Channels));
        _sumPart = SumPart;
    }

    /// <summary>The bias, zero beyond the channels.</summary>
    public float* Packed => _packed.Pointer;

    public void Pack() => _bias.Value.CopyTo(_packed.Span);

    public void Backward(WorkerPool pool, int images)
    {
        _images = images;
        pool.Run(WorkerPool.Parts, _sumPart);
        var total = _sums.Combine();
        for (var c = 0; c < _bias.Gradient.Length; c++) _bias.Gradient[c] = (float)total[c];
    }

    public void Dispose() => _packed.Dispose();

    private void SumPart(int part)
    {
        var images = ImageRange.OfPart(_images, part);
        Bias.Gradient(_output.Gradient(images.First), images.Count, _output.Shape.Channels, _output.Pixels, _sums.Cleared(part));
    }
}
