using Dst.Kernels;
using Dst.Runtime.Graph;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>The bias of a convolution or linear layer, zero where it has none: its padded copy and its gradient.</summary>
internal sealed unsafe class BiasTerm : IDisposable
{
    private readonly Parameter? _bias;
    private readonly FeatureShape _shape;
    private readonly AlignedBuffer _packed;
    private readonly PartSums _sums;

    public BiasTerm(Parameter? bias, FeatureShape output)
    {
        _bias = bias;
        _shape = output;
        _packed = new AlignedBuffer(Layout.PaddedChannels(output.Channels));
        _sums = new PartSums(Layout.PaddedChannels(output.Channels));
    }

    /// <summary>Whether the layer has a bias.</summary>
    public bool Exists => _bias is not null;

    /// <summary>The bias, zero beyond the channels.</summary>
    public float* Packed => _packed.Pointer;

    /// <summary>Copies the parameter.</summary>
    public void Pack() => _bias?.Value.CopyTo(_packed.Span);

    /// <summary>Starts a part's gradient.</summary>
    public void BeginGradient(int part) => _sums.Clear(part);

    /// <summary>Adds some images' output gradient to a part's gradient.</summary>
    public void AddGradient(ImageRange images, float* outputGradient, int part)
    {
        if (Exists) Bias.Gradient(outputGradient, images.Count, _shape.Channels, _shape.Height * _shape.Width, _sums.Of(part));
    }

    /// <summary>Writes the sum over the parts to the parameter's gradient.</summary>
    public void EndGradient()
    {
        if (_bias is null) return;
        var total = _sums.Combine();
        for (var c = 0; c < _bias.Gradient.Length; c++) _bias.Gradient[c] = (float)total[c];
    }

    public void Dispose() => _packed.Dispose();
}
