using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// Spectral pooling (<see cref="SpectralPool"/>): a map of <c>Height</c> rows and <c>Width</c> columns that has the low frequencies of the
/// input's spectrum.
/// </summary>
public sealed record SpectralPoolOp(int Height, int Width) : Operation
{
    /// <summary>What computes it for features of the shape <paramref name="input"/>.</summary>
    public SpectralPool ToKernel(FeatureShape input) => new(input.ToMap(), Height, Width);

    internal override ChannelOrder OrderOfChannels(FeatureShape input) => ChannelOrder.Kept;

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        var x = inputs[0];
        node.Expect(Math.Max(x.Height, x.Width) <= SpectralPool.MaxExtent,
            $"transforms a map of {x.Height}x{x.Width}; at most {SpectralPool.MaxExtent} rows and columns were expected");
        node.Expect(Height >= 1 && Height <= x.Height && Width >= 1 && Width <= x.Width,
            Invariant($"keeps {Height}x{Width} frequencies of a map of {x.Height}x{x.Width}; 1x1 to {x.Height}x{x.Width} was expected"));
        return new(x.Channels, Height, Width);
    }
}
