using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// Batch normalisation per channel. Parameters: <c>.weight</c> (scale), <c>.bias</c> (shift), and the statistics
/// <c>.running_mean</c>, <c>.running_var</c>, all [C].
/// </summary>
/// <param name="Epsilon">What is added to a variance, above 0.</param>
/// <param name="Momentum">Share of the new batch in the running statistics, above 0 to 1, as in PyTorch.</param>
public sealed record BatchNormOp(float Epsilon = 1e-5f, float Momentum = 0.1f) : Operation
{
    internal override bool IsElementwise => true;

    internal override bool IsStoredInTraining => false;

    internal override bool ScalesChannels => true;

    internal override IEnumerable<OperationParameter> Parameters(FeatureShape input) =>
    [
        new("weight", ParameterRole.Scale, input.Channels),
        new("bias", ParameterRole.Shift, input.Channels),
        new("running_mean", ParameterRole.Statistic, input.Channels),
        new("running_var", ParameterRole.Statistic, input.Channels),
    ];

    internal override FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node)
    {
        node.Expect(Epsilon > 0 && float.IsFinite(Epsilon) && Momentum is > 0 and <= 1,
            Invariant($"has epsilon {Epsilon} and momentum {Momentum}; expected both above 0, epsilon finite and momentum at most 1"));
        return inputs[0];
    }

    internal override (float[] Scale, float[] Shift) FoldChannels(Func<string, float[]> parameter)
    {
        var gamma = parameter("weight");
        var (scale, shift) = (new float[gamma.Length], new float[gamma.Length]);
        BatchNorm.FoldRunning(gamma, parameter("bias"), parameter("running_mean"), parameter("running_var"), Epsilon, scale, shift);
        return (scale, shift);
    }
}
