using Dst.Graph;
using Dst.Kernels;

namespace Dst.Training.Networks;

/// <summary>What takes the place of the maximum where a network has max pooling.</summary>
public enum PoolingKind
{
    /// <summary>Nothing, or with a dropout rate max-pooling dropout.</summary>
    Max,

    /// <summary>Stochastic pooling.</summary>
    Stochastic,

    /// <summary>Spectral pooling to as many rows and columns.</summary>
    Spectral,
}

/// <summary>How a network of the zoo pools where it has max pooling.</summary>
/// <param name="Kind">Maximum, stochastic or spectral pooling.</param>
/// <param name="Dropout">Share of the units that max-pooling dropout drops: 1 − p, from 0 (max pooling) up to but not including 1.</param>
/// <param name="Inference">What max-pooling dropout computes in inference.</param>
public sealed record PoolingChoice(
    PoolingKind Kind = PoolingKind.Max, double Dropout = 0, PoolInference Inference = PoolInference.Weighted)
{
    /// <summary>Max pooling.</summary>
    public static PoolingChoice Max { get; } = new();

    /// <summary>The operation over windows of <paramref name="kernel"/> rows and columns in steps of two.</summary>
    /// <param name="kernel">Rows and columns.</param>
    /// <param name="padding">Rows and columns on each side.</param>
    /// <param name="input">Gives the shape of the map, which only spectral pooling asks for.</param>
    internal Operation Over(int kernel, int padding, Func<FeatureShape> input)
    {
        var max = new MaxPoolOp(kernel, 2, padding);
        return Kind switch
        {
            PoolingKind.Stochastic => new StochasticPoolOp(kernel, 2, padding),
            PoolingKind.Spectral => ToSpectral(max.ShapeFor(input())),
            _ when Dropout > 0 => new MaxPoolDropoutOp(kernel, 2, (float)(1 - Dropout), padding, Inference: Inference),
            _ => max,
        };

        static SpectralPoolOp ToSpectral(WindowShape window) => new(window.OutHeight, window.OutWidth);
    }

    /// <summary>Checks that the values go together.</summary>
    /// <exception cref="InputException">They do not.</exception>
    internal void Check(string network)
    {
        if (!(Dropout is >= 0 and < 1))
            throw new InputException(
                Invariant($"network '{network}' has the pool dropout {Dropout}; 0 up to but not including 1 was expected"));
        if (Kind != PoolingKind.Max && Dropout > 0)
            throw new InputException(
                Invariant($"network '{network}' has {Kind.ToString().ToLowerInvariant()} pooling and the pool dropout {Dropout}; ")
                + "one of both was expected");
        if (Inference != PoolInference.Weighted && Dropout == 0)
            throw new InputException(
                $"network '{network}' has the pool inference scaled_max without a pool dropout; a pool dropout above 0 was expected, "
                + "because only max-pooling dropout scales its maximum");
    }
}
