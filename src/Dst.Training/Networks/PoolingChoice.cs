using Dst.Graph;

namespace Dst.Training.Networks;

/// <summary>What takes the place of the maximum where a network has max pooling.</summary>
public enum PoolingKind
{
    /// <summary>Nothing, or with a dropout rate max-pooling dropout.</summary>
    Max,

    /// <summary>Stochastic pooling.</summary>
    Stochastic,
}

/// <summary>How a network of the zoo pools where it has max pooling.</summary>
/// <param name="Kind">Maximum or stochastic pooling.</param>
/// <param name="Dropout">Share of the units that max-pooling dropout drops: 1 − p, from 0 (max pooling) up to but not including 1.</param>
/// <param name="Inference">What max-pooling dropout computes in inference.</param>
public sealed record PoolingChoice(
    PoolingKind Kind = PoolingKind.Max, double Dropout = 0, PoolInference Inference = PoolInference.Weighted)
{
    /// <summary>Max pooling.</summary>
    public static PoolingChoice Max { get; } = new();

    /// <summary>The operation over windows of <paramref name="kernel"/> rows and columns in steps of two.</summary>
    internal PoolOp Over(int kernel, int padding) => Kind == PoolingKind.Stochastic
        ? new StochasticPoolOp(kernel, 2, padding)
        : Dropout == 0 ? new MaxPoolOp(kernel, 2, padding)
        : new MaxPoolDropoutOp(kernel, 2, (float)(1 - Dropout), padding, Inference: Inference);

    /// <summary>Checks that the values go together.</summary>
    /// <exception cref="InputException">They do not.</exception>
    internal void Check(string network)
    {
        if (!(Dropout is >= 0 and < 1))
            throw new InputException($"network '{network}' has the pool dropout {Dropout}; 0 up to but not including 1 was expected");
        if (Kind == PoolingKind.Stochastic && Dropout > 0)
            throw new InputException(
                $"network '{network}' has stochastic pooling and the pool dropout {Dropout}; one of both was expected");
        if (Inference != PoolInference.Weighted && Dropout == 0)
            throw new InputException(
                $"network '{network}' has the pool inference scaled_max without a pool dropout; a pool dropout above 0 was expected, "
                + "because only max-pooling dropout scales its maximum");
    }
}
