using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference.Steps;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference;

/// <summary>A form of a convolution, with all taps or those that its mask keeps.</summary>
/// <param name="Form">The form.</param>
/// <param name="Kept">The taps that it reads, or null for all.</param>
/// <param name="IsRounded">Whether its weights are integers of 16 bits.</param>
/// <param name="Pool">The pooling behind the layer that it computes too, or null.</param>
/// <param name="Planes">What it keeps as planes, if it computes by tile.</param>
internal sealed record ConvolutionCandidate(
    ConvolutionForm Form, KeptTaps? Kept, bool IsRounded = false, LoweredNode? Pool = null, PlaneUse Planes = default)
{
    /// <summary>
    /// The <see cref="RoundingClass"/> of weights of 16 bits: above that of every form, as they round more than a form does.
    /// </summary>
    public const int RoundedClass = 32;

    /// <summary>Weights from this size on are offered as integers of 16 bits, in floats: 128 kB.</summary>
    private const double LargeWeights = 32 * 1024;

    /// <summary>
    /// Time of a maximum over 2×2 pixels for each pixel of 16 channels that it reads, in vector multiply-adds; from measurements.
    /// </summary>
    private const double PixelPoolingCost = 5;

    /// <summary>The name of the form in plans and their cache.</summary>
    public LayerForm Name => new($"{Form.Name}{(IsRounded ? " 16-bit" : "")}{(Pool is null ? "" : ", max-pool")}", UsesMask);

    /// <summary>A measure of its rounding errors, as <see cref="ConvolutionForm.RoundingClass"/>.</summary>
    public int RoundingClass => IsRounded ? RoundedClass : Form.RoundingClass;

    /// <summary>Whether it skips what the mask prunes.</summary>
    public bool UsesMask => Kept is not null;

    /// <summary>
    /// All candidates of a layer. Of equal costs the first wins: forms that pool too come before others, floats before integers.
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="node">The layer.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="pool">The maximum over 2×2 pixels that covers the map and alone reads the layer's output, or null.</param>
    /// <param name="roundingClass">The largest <see cref="RoundingClass"/> that is exact enough.</param>
    /// <param name="planes">What a form by tile keeps as planes, or null for no such form.</param>
    public static IReadOnlyList<ConvolutionCandidate> Of(
        SimdTier tier, LoweredNode node, Conv2dShape shape, LoweredNode? pool, int roundingClass, PlaneUse? planes = null)
    {
        var floats = WithFloatWeights(tier, node, shape).ToList();
        if (planes is { } use)
        {
            floats.AddRange(ConvolutionForm.ByTile.SelectMany(form => ByMask(form, tier, node, shape))
                .Select(candidate => candidate with { Planes = use }));
        }

        var rounded = floats.Concat(ByMask(ConvolutionForm.RowWinograd, tier, node, shape))
            .Where(candidate => candidate.RoundsWeights(tier, shape))
            .Select(candidate => candidate with { IsRounded = true });
        var exact = floats.Concat(rounded).Where(candidate => candidate.RoundingClass <= roundingClass).ToList();
        var pooled = exact.Where(candidate => pool is not null && candidate.CanPool(tier, shape))
            .Select(candidate => candidate with { Pool = pool });
        return [.. pooled, .. exact];
    }

    /// <summary>
    /// About the bytes of a layer's weights as they are packed: those of the form with the lowest estimated cost. Transformed kernels of
    /// 3×3 are up to four times as large.
    /// </summary>
    /// <param name="node">The layer.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="options">How the network is compiled.</param>
    /// <param name="roundingClass">The largest <see cref="RoundingClass"/> that is exact enough.</param>
    public static long LikelyWeightBytes(LoweredNode node, Conv2dShape shape, InferenceOptions options, int roundingClass)
    {
        if (node.Integers is not null) return node.KeptWeightBytes;
        var likely = Of(options.Tier, node, shape, pool: null, roundingClass).MinBy(candidate => candidate.CostOf(shape, options.Batch))!;
        return Math.Max(node.KeptWeightBytes, (long)(sizeof(float) * likely.CountTransformedWeights(shape)));
    }

    /// <summary>Estimated time of the pooling behind a convolution, for one image, in vector multiply-adds.</summary>
    public static double CostOfPooling(Conv2dShape shape) => PixelPoolingCost * shape.OutHeight * shape.OutWidth * shape.FilterBlocks;

    /// <summary>Estimated time of one image, in vector multiply-adds.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="batch">Images at once.</param>
    public double CostOf(Conv2dShape shape, int batch) => Form is PlanarWinogradForm
        ? PlanarWinogradForm.ForwardCost(shape, isPooled: Pool is not null)
        : Form.CostOf(ConvolutionWork.OfInference(Form, shape, Kept, batch)).Forward;

    /// <summary>Transformed weights that a Winograd form reads; 0 of another form.</summary>
    public double CountTransformedWeights(Conv2dShape shape)
    {
        var dense = Form switch
        {
            WinogradForm winograd => winograd.WeightsOf(shape),
            RowWinogradForm => RowWinogradForm.WeightsOf(shape),
            _ => 0,
        };
        return dense == 0 || Kept is null ? dense : dense * Form.ShareOf(shape, Kept);
    }

    /// <summary>Makes the step of a layer in this form, with packed weights.</summary>
    public InferenceStep Create(SimdTier tier, LoweredNode node, Conv2dShape shape, int batch)
    {
        if (Pool is not null) node = node with { Output = Pool.Output };
        return Form switch
        {
            WinogradForm winograd => new WinogradStep(tier, node, this, winograd, shape, batch),
            RowWinogradForm => new RowWinogradStep(node, Name.ToString(), new(tier, shape, Kept)),
            TileForm => new TileStep(node, Name.ToString(), new(tier, shape, Kept, isPooled: Pool is not null), Planes),
            PlanarWinogradForm => new PlanarWinogradStep(tier, node, Name.ToString(), shape, isPooled: Pool is not null),
            FftForm fft when shape.IsDepthwise => new DepthwiseFftStep(tier, node, fft, shape),
            FftForm fft => new FftStep(tier, node, Name.ToString(), fft, shape, Kept, batch),
            _ when node is LoweredDepthwiseNode depthwise => new DepthwiseStep(depthwise),
            _ => new DirectStep(tier, node, Name.ToString(), shape, Kept, IsRounded),
        };
    }

    /// <summary>Each form that supports the layer, with all taps and then, where that skips some, with those that the mask keeps.</summary>
    private static IEnumerable<ConvolutionCandidate> WithFloatWeights(SimdTier tier, LoweredNode node, Conv2dShape shape)
    {
        foreach (var form in ConvolutionForm.Of(tier, shape, kept: null)) yield return new(form, Kept: null);
        if (shape.Groups == 1 && node.Mask?.ToKeptTaps() is { } kept)
        {
            foreach (var form in ConvolutionForm.Of(tier, shape, kept).Where(form => form.Skips(shape, kept))) yield return new(form, kept);
        }

        if (node.Residual is null && ConvolutionForm.PlanarWinograd.Supports(tier, shape, kept: null))
            yield return new(ConvolutionForm.PlanarWinograd, Kept: null);
    }

    /// <summary>A form with all taps and with those that the mask keeps.</summary>
    private static IEnumerable<ConvolutionCandidate> ByMask(ConvolutionForm form, SimdTier tier, LoweredNode node, Conv2dShape shape)
    {
        if (!form.Supports(tier, shape, kept: null)) yield break;
        yield return new(form, Kept: null);
        if (node.Mask?.ToKeptTaps() is { } kept && form.Skips(shape, kept)) yield return new(form, kept);
    }

    private bool CanPool(SimdTier tier, Conv2dShape shape) => Form switch
    {
        PlanarWinogradForm => true,
        WinogradForm winograd => winograd.CanPool,
        TileForm => TileConvolution.Supports(tier, shape, isPooled: true),
        _ => false,
    };

    /// <summary>Whether its weights may be integers of 16 bits, and are large enough that this may take less time.</summary>
    private bool RoundsWeights(SimdTier tier, Conv2dShape shape) => Form == ConvolutionForm.Direct
        ? tier != SimdTier.Scalar && shape.Groups == 1 && CountDirectWeights(shape) >= LargeWeights
        : CountTransformedWeights(shape) >= LargeWeights;

    private double CountDirectWeights(Conv2dShape shape) =>
        (double)shape.Filters * shape.RowLength * (Kept is null ? 1 : Form.ShareOf(shape, Kept));
}
