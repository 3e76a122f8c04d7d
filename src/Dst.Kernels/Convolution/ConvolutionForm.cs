using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A way to compute a convolution of floats. This is the catalogue of such forms, as <see cref="Int8Form"/> is that for bytes. Inference
/// and training choose from it by the same estimated costs, and files name a form by its <see cref="Name"/>. Some forms,
/// <see cref="OfInferenceAlone"/>, do not train.
/// </summary>
public abstract class ConvolutionForm
{
    private protected ConvolutionForm(string name) => Name = name;

    /// <summary>One multiply-add for each tap and output pixel: <see cref="DirectConvolution"/>.</summary>
    public static ConvolutionForm Direct { get; } = new DirectForm();

    /// <summary>The direct form where fewer than 16 filters share what they keep.</summary>
    public static ConvolutionForm NarrowBlock { get; } = new NarrowBlockForm();

    /// <summary>One window of weights for each channel: <see cref="DepthwiseConvolution"/>.</summary>
    public static ConvolutionForm Depthwise { get; } = new DepthwiseForm();

    /// <summary>Fewer products in the transform domain: <see cref="WinogradConvolution"/>; the fastest first.</summary>
    public static IReadOnlyList<WinogradForm> Winograd { get; } = [new(4, 4), new(3, 3), new(2, 2), new(1, 8), new(1, 4)];

    /// <summary>
    /// Products in the frequency domain: <see cref="FftConvolution"/> and <see cref="DepthwiseFftConvolution"/>; the smallest tile first.
    /// </summary>
    public static IReadOnlyList<FftForm> Fft { get; } = [new(8), new(16), new(24), new(32), new(48), new(64)];

    /// <summary>A Winograd form of few channels that infers and does not train: <see cref="PlanarWinogradConvolution"/>.</summary>
    public static PlanarWinogradForm PlanarWinograd { get; } = new();

    /// <summary>
    /// A Winograd form of small maps and large weights that infers and does not train: <see cref="RowWinogradConvolution"/>.
    /// </summary>
    public static RowWinogradForm RowWinograd { get; } = new();

    /// <summary>Forms with tiles in the lanes, of few channels on large maps, that infer and do not train.</summary>
    public static IReadOnlyList<TileForm> ByTile { get; } =
    [
        new("winograd4x4 by tile", outputs: 16, Winograd[0]), new("winograd2x2 by tile", outputs: 4, Direct),
        new("direct by tile", outputs: 0, Direct),
    ];

    /// <summary>The forms that infer and do not train.</summary>
    public static IReadOnlyList<ConvolutionForm> OfInferenceAlone { get; } = [PlanarWinograd, RowWinograd, .. ByTile];

    /// <summary>The forms that infer and train. The first three are plain: each layer has exactly one of them.</summary>
    public static IReadOnlyList<ConvolutionForm> All { get; } = [Direct, NarrowBlock, Depthwise, .. Winograd, .. Fft];

    /// <summary>Its name in files and tables, such as <c>direct</c> or <c>winograd4x4</c>.</summary>
    public string Name { get; }

    /// <summary>
    /// A measure of its rounding errors: outputs of a Winograd tile, 1 for <see cref="Fft"/>, 0 for a plain form.
    /// </summary>
    public virtual int RoundingClass => 0;

    /// <summary>The forms of a layer, its plain one first.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="kept">The taps that it reads, or null for all.</param>
    public static IEnumerable<ConvolutionForm> Of(SimdTier tier, Conv2dShape shape, KeptTaps? kept) =>
        All.Where(form => form.Supports(tier, shape, kept));

    /// <summary>Whether this form can compute a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="kept">The taps that it reads, or null for all.</param>
    public abstract bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept);

    /// <summary>Whether dropped taps save time in this form; otherwise it multiplies them as zeros.</summary>
    public virtual bool Skips(Conv2dShape shape, KeptTaps kept) => true;

    /// <summary>Share of the multiply-adds that are left if dropped taps are skipped.</summary>
    public virtual double ShareOf(Conv2dShape shape, KeptTaps kept) => kept.ShareOf(shape);

    /// <summary>Estimated time of each pass over one image.</summary>
    public abstract PassCosts CostOf(ConvolutionWork work);

    /// <inheritdoc/>
    public override string ToString() => Name;
}
