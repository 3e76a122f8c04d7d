using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A parameter with one value for each channel, zero where a layer has none: its padded copy and its gradient.</summary>
internal unsafe class ChannelParameter(RankGroup ranks, Parameter? parameter, int channels) : IDisposable
{
    private readonly AlignedBuffer _packed = new(Layout.PaddedChannels(channels));
    private readonly PartSums _sums = new(ranks, Layout.PaddedChannels(channels));

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

    /// <summary>Writes the sum over the parts to the parameter's gradient.</summary>
    public void EndGradient()
    {
        if (parameter is null) return;
        var total = _sums.Combine();
        for (var c = 0; c < parameter.Gradient.Length; c++) parameter.Gradient[c] = (float)total[c];
    }

    public void Dispose() => _packed.Dispose();
}
