using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// Local response normalisation, as AlexNet has it: x[c] / (Bias + Alpha / Size · Σ x[j]²)^Beta, the sum over <c>Size</c> channels j
/// around c.
/// </summary>
/// <param name="Size">Channels in a sum, at least 1.</param>
/// <param name="Alpha">Factor of the mean of squares, 0 or more.</param>
/// <param name="Beta">Exponent, finite.</param>
/// <param name="Bias">Summand, above 0.</param>
public sealed record LocalResponseNormOp(int Size, float Alpha = 1e-4f, float Beta = 0.75f, float Bias = 1) : Operation
{
    /// <summary>Its kernel.</summary>
    public LocalResponseNorm ToKernel() => new(Size, Alpha, Beta, Bias);

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        var isFinite = float.IsFinite(Alpha) && float.IsFinite(Beta) && float.IsFinite(Bias);
        node.Expect(
            Size is >= 1 and <= FeatureLimits.MaxChannels && isFinite && Alpha >= 0 && Bias > 0,
            Invariant($"normalises over {Size} channels with alpha {Alpha}, beta {Beta} and bias {Bias}; ")
            + $"expected 1 to {FeatureLimits.MaxChannels} channels, alpha 0 or more and bias above 0");
        return inputs[0];
    }
}
