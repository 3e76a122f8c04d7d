using Dst.Quantisation;
using Dst.Runtime.Inference;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Quantisation;

/// <summary>How the weights of one layer become whole numbers of steps, whichever weights training gives it.</summary>
/// <param name="Layer">Name of the layer.</param>
/// <param name="InputScale">Size of a step of its input.</param>
/// <param name="Largest">The largest step with which <see cref="Kernels.Requantisation"/> can express its output.</param>
public sealed record WeightSteps(string Layer, float InputScale, double Largest = double.PositiveInfinity)
{
    /// <summary>Largest share of the output's step that a step of a sum may be; 1/2 cannot be expressed.</summary>
    private const double LargestFactor = 0.49;

    /// <summary>Largest bias of a filter, in steps of its sum.</summary>
    private const double MaxBias = 1 << 29;

    /// <summary>A filter whose step would be a smaller share of the layer's largest step counts as one without weights.</summary>
    private const double LeastShare = 1e-6;

    /// <summary>The layers of a quantised network that have 8-bit weights.</summary>
    public static IReadOnlyList<WeightSteps> Of(Model quantised)
    {
        var program = LoweredProgram.Lower(quantised, StepFactory.Target);
        return [.. program.Nodes.Where(node => node.Integers is not null && node.Operation.IsWeighted).Select(node =>
        {
            var input = program.Values[node.Inputs[0]].Scale!.Value.Scale;
            var output = program.Values[node.Output].Scale;
            return output is { } y
                ? new WeightSteps(node.Layer, input, LargestFactor * y.Scale / input)
                : new WeightSteps(node.Layer, input);
        })];
    }

    /// <summary>A quantised network with other weights and the same scales of values, as training leaves them.</summary>
    /// <param name="quantised">The network whose scales of values stay.</param>
    /// <param name="trained">The same graph with weights of floats.</param>
    public static Model Apply(Model quantised, Model trained)
    {
        var (parameters, filters) = (trained.Parameters.ToDictionary(), new Dictionary<string, float[]>());
        foreach (var steps in Of(quantised))
        {
            var weight = parameters[$"{steps.Layer}.weight"];
            var bias = parameters.GetValueOrDefault($"{steps.Layer}.bias")?.Data;
            (parameters[$"{steps.Layer}.weight"], filters[steps.Layer]) = steps.Quantise(weight.Shape, weight.Data, bias);
        }

        return trained with { Parameters = parameters, Int8 = quantised.Int8! with { Filters = filters } };
    }

    /// <summary>The weights as whole multiples of their steps, and the step of each filter.</summary>
    /// <param name="shape">[O, …].</param>
    /// <param name="weight">The weights.</param>
    /// <param name="bias">[O], or null for 0.</param>
    public (Tensor Weight, float[] Scales) Quantise(int[] shape, ReadOnlySpan<float> weight, float[]? bias)
    {
        var scales = ScalesOf(shape[0], weight, bias);
        return (new(shape, Int8Scales.ToFloats(Int8Scales.ToIntegers(weight, scales), scales)), scales);
    }

    /// <summary>
    /// The step of each filter. Its largest weight is 127 steps. A filter without weights has the largest step of the layer. A step is so
    /// large that the filter's bias is at most 2^29 steps of its sum.
    /// </summary>
    private float[] ScalesOf(int filters, ReadOnlySpan<float> weight, float[]? bias)
    {
        var row = weight.Length / filters;
        var scales = new float[filters];
        for (var o = 0; o < filters; o++)
        {
            var largest = 0f;
            foreach (var w in weight.Slice(o * row, row)) largest = Math.Max(largest, Math.Abs(w));
            var ofBias = bias is null ? 0 : Math.Abs(bias[o]) / (InputScale * MaxBias);
            scales[o] = (float)Math.Min(Math.Max(largest / Int8Scales.MaxWeight, ofBias), Largest);
        }

        var most = scales.Max() is > 0 and var scale ? scale : 1;
        return Array.ConvertAll(scales, scale => scale > most * LeastShare ? scale : most);
    }
}
