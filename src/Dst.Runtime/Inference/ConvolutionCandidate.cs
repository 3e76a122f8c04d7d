using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference;

/// <summary>A form of a convolution, with all taps or those that its mask keeps, and its estimated cost.</summary>
/// <param name="Form">The form.</param>
/// <param name="Kept">The taps that it reads, or null for all.</param>
/// <param name="Cost">Estimated time of one image, in vector multiply-adds.</param>
internal sealed record ConvolutionCandidate(ConvolutionForm Form, KeptTaps? Kept, double Cost)
{
    /// <summary>The name of the form in plans and their cache.</summary>
    public LayerForm Name => new(Form.Name, UsesMask);

    /// <summary>Whether it skips what the mask prunes.</summary>
    public bool UsesMask => Kept is not null;

    /// <summary>All candidates of a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="mask">What is kept, or null for all.</param>
    /// <param name="roundingClass">The largest <see cref="ConvolutionForm.RoundingClass"/> that is exact enough.</param>
    /// <param name="batch">Images at once.</param>
    public static IReadOnlyList<ConvolutionCandidate> Of(SimdTier tier, Conv2dShape shape, LayerMask? mask, int roundingClass, int batch)
    {
        var kept = shape.Groups == 1 ? mask?.ToKeptTaps() : null;
        var all = ConvolutionForm.Of(tier, shape, kept: null).Select(form => Estimate(form, null));
        var masked = kept is null
            ? []
            : ConvolutionForm.Of(tier, shape, kept).Where(form => form.Skips(shape, kept)).Select(form => Estimate(form, kept));
        return [.. all.Concat(masked).Where(candidate => candidate.Form.RoundingClass <= roundingClass)];

        ConvolutionCandidate Estimate(ConvolutionForm form, KeptTaps? kept) =>
            new(form, kept, form.CostOf(ConvolutionWork.OfInference(form, shape, kept, batch)).Forward);
    }

    /// <summary>Makes the step of a layer in this form, with packed weights.</summary>
    public InferenceStep Create(SimdTier tier, LoweredNode node, Conv2dShape shape, int batch) => Form switch
    {
        WinogradForm winograd => new WinogradStep(tier, node, Name.ToString(), winograd, shape, Kept, batch),
        FftForm fft when shape.IsDepthwise => new DepthwiseFftStep(tier, node, fft, shape),
        FftForm fft => new FftStep(tier, node, Name.ToString(), fft, shape, Kept, batch),
        _ when node is LoweredDepthwiseNode depthwise => new DepthwiseStep(depthwise),
        _ => new DirectStep(tier, node, Name.ToString(), shape, Kept),
    };
}
