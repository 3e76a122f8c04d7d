using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// The form in the frequency domain, in square tiles of <see cref="Size"/> inputs a side: for large kernels, whose taps cost it nothing.
/// </summary>
public sealed class FftForm : ConvolutionForm
{
    /// <summary>
    /// Time of one transform of a tile of 16 channels in vector multiply-adds, for each of its pixels times log2 of its side; an estimate
    /// from a few layers.
    /// </summary>
    private const double TransformCost = 4;

    /// <summary>How much longer a transform takes where the spectra of a whole batch go through memory, as in training.</summary>
    private const double TrainingFactor = 4;

    /// <summary>Time to read the real and imaginary parts of 16 weights, in vector multiply-adds: twice the direct form's.</summary>
    private const double WeightCost = 12;

    /// <summary>Floats of the spectra of all channels of tiles that run together: 25 MB.</summary>
    private const int SpectraBudget = 6_400_000;

    /// <summary>The fewest tiles that run together, if there are as many: those of a register tile.</summary>
    private const int FewTiles = ComplexProduct.MostTiles;

    /// <summary>Multiplications of a complex product: (a + ib)(c + id) needs ac, bd and (a + b)(c + d).</summary>
    private const int Multiplications = 3;

    /// <summary>Smaller kernels have so few taps that the transforms alone cost more.</summary>
    private const int SmallestKernel = 3;

    /// <summary>The same for depthwise layers, where a pixel has a transform for each of its channels.</summary>
    private const int SmallestDepthwiseKernel = 7;

    /// <summary><see cref="TransformCost"/> of depthwise layers, whose spectra are not stored.</summary>
    private const double DepthwiseTransformCost = 2.2;

    /// <summary>Time of a depthwise layer's product of two spectra of 16 channels in vector multiply-adds, for each frequency.</summary>
    private const double DepthwiseProductCost = 6;

    internal FftForm(int size) : base($"fft{size}") => Size = size;

    /// <summary>Rows and columns of inputs of a tile.</summary>
    public int Size { get; }

    private double TransformSteps => Size * Size * Math.Log2(Size);

    /// <inheritdoc/>
    public override int RoundingClass => 1;

    /// <summary>Whether it computes a layer: it has no form of tiles that are more than twice as large as the map.</summary>
    public override bool Supports(SimdTier tier, Conv2dShape shape, KeptTaps? kept) =>
        tier != SimdTier.Scalar && (shape.Groups == 1 || shape.IsDepthwise) && shape.Stride == 1
        && Math.Min(shape.KernelHeight, shape.KernelWidth) >= (shape.IsDepthwise ? SmallestDepthwiseKernel : SmallestKernel)
        && Math.Max(shape.KernelHeight, shape.KernelWidth) <= Size
        && Size <= 2 * (Math.Max(shape.Height, shape.Width) + shape.Padding)
        && shape.Padding < Math.Min(shape.KernelHeight, shape.KernelWidth);

    /// <summary>Whether 16 filters drop whole kernels together.</summary>
    public override bool Skips(Conv2dShape shape, KeptTaps kept) => kept.Block == Layout.Block && ShareOf(shape, kept) < 1;

    /// <summary>Share of the kernels that are not dropped as a whole.</summary>
    public override double ShareOf(Conv2dShape shape, KeptTaps kept) =>
        (double)new KeptUnits(shape, shape.KernelHeight * shape.KernelWidth, kept).Units.Length / shape.Channels / shape.FilterBlocks;

    /// <inheritdoc/>
    public override PassCosts CostOf(ConvolutionWork work)
    {
        var shape = work.Shape;
        if (shape.IsDepthwise) return CostOfDepthwise(shape);
        var transform = TransformCost * TransformSteps * (work.PacksWeights ? TrainingFactor : 1);
        double inputs = TilesOf(shape) * shape.ChannelBlocks * transform, outputs = TilesOf(shape) * shape.FilterBlocks * transform;
        var pairs = shape.Channels * shape.FilterBlocks * work.KeptShare * TileSpectrum.FrequenciesOf(Size);
        var products = pairs * (Multiplications * TilesOf(shape) + WeightCost / work.Batch);
        var weights = work.PacksWeights ? shape.Channels * shape.FilterBlocks * work.KeptShare * transform / work.Batch : 0;
        var pass = products + weights + inputs + outputs;
        // The backward passes share the transformed gradient of the output.
        return new(pass, pass - outputs, pass);
    }

    /// <summary>Tiles of an image.</summary>
    public int TilesOf(Conv2dShape shape) => AxisOfRows(shape).Tiles * AxisOfColumns(shape).Tiles;

    /// <summary>Tiles of some images that run together: so many that weights are not read too often, and few for the caches.</summary>
    public int TilesTogether(Conv2dShape shape, int images)
    {
        var spectra = TileSpectrum.FrequenciesOf(Size) * (shape.ChannelBlocks + shape.FilterBlocks) * ComplexProduct.Parts;
        return Math.Min(images * TilesOf(shape), Math.Clamp(SpectraBudget / spectra, FewTiles, 2 * FewTiles));
    }

    internal FftAxis AxisOfRows(Conv2dShape shape) => new(Size, shape.Height, shape.KernelHeight, shape.Padding);

    internal FftAxis AxisOfColumns(Conv2dShape shape) => new(Size, shape.Width, shape.KernelWidth, shape.Padding);

    /// <summary>The backward passes share the transformed gradient of the output.</summary>
    private PassCosts CostOfDepthwise(Conv2dShape shape)
    {
        double tiles = TilesOf(shape) * shape.ChannelBlocks, transform = tiles * DepthwiseTransformCost * TransformSteps;
        var pass = 2 * transform + tiles * DepthwiseProductCost * TileSpectrum.FrequenciesOf(Size);
        return new(pass, pass - transform, pass);
    }
}

/// <summary>
/// How tiles cover one axis of a map. Size inputs give Size − Kernel + 1 outputs (overlap-save). Where the map and one side of its padding
/// fit into a tile, one is enough: what wraps around is the other side, which is zero too.
/// </summary>
/// <param name="Size">Inputs of a tile.</param>
/// <param name="Extent">Inputs of the map.</param>
/// <param name="Kernel">Taps.</param>
/// <param name="Padding">Zeros on each side.</param>
internal readonly record struct FftAxis(int Size, int Extent, int Kernel, int Padding)
{
    /// <summary>Outputs of the map.</summary>
    public int Outputs => Extent + 2 * Padding - Kernel + 1;

    /// <summary>Outputs of a tile.</summary>
    public int Step => Size >= Extent + Padding ? Outputs : Size - Kernel + 1;

    /// <summary>Tiles of the map.</summary>
    public int Tiles => Layout.CeilDiv(Outputs, Step);
}
