using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A parameter with one value for each channel, zero where a layer has none: its padded copy and its gradient.</summary>
internal unsafe class ChannelParameter(NodeContext context, Parameter? parameter, int channels) : IDisposable
{
    private readonly AlignedBuffer _packed = new(Layout.PaddedChannels(channels));
    private readonly PartSums _sums = new(context.Ranks, Layout.PaddedChannels(channels));
    private Action? _write;

    /// <summary>Whether the layer has the parameter.</summary>
    public bool Exists => parameter is not null;

    /// <summary>The values, zero beyond the channels.</summary>
    public float* Packed => _packed.Pointer;

    /// <summary>Copies the parameter.</summary>
    public void Pack() => parameter?.Value.CopyTo(_packed.Span);

    /// <summary>Starts a part's gradient.</summary>
    public void BeginGradient(int part) => _sums.Clear(part);

    /// <summary>A part's gradient, padded.</summary>
    public Span<double> GradientOf(int part) => _sums.Of(part);

    /// <summary>Adds up the parts. The parameter has its gradient at the end of the backward pass.</summary>
    public void EndGradient()
    {
        if (parameter is not null) context.Gradients.Sum(_sums.CombineOwn(), _write ??= Write);
    }

    public void Dispose() => _packed.Dispose();

    private void Write()
    {
        for (var c = 0; c < parameter!.Gradient.Length; c++) parameter.Gradient[c] = (float)_sums.Total[c];
    }
}
