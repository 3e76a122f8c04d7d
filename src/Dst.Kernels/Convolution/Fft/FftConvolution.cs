using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A convolution in the frequency domain, with all of its kernels or with the kept ones of a mask. In a spectrum it is a product for each
/// frequency, whatever the size of the kernel (Mathieu, Henaff and LeCun 2014). An instance is a plan: it holds no activations and no
/// weights, and may be used by many threads at once. The scalar tier has no such form.
/// </summary>
/// <remarks>
/// <para>The steps of each pass work on two arrays of spectra: V of the inputs and M of the outputs, both
/// [frequency/8][C/16][tile][8][3][16] for up to <see cref="Capacity"/> tiles, with real parts, imaginary parts and their sums. Tiles are
/// counted on from image to image, <see cref="TilesPerImage"/> each. A caller runs all steps on one run of tiles after another, or each
/// step on all tiles, split over threads as it likes.</para>
/// <para>F is the transform of a tile of real numbers, Fᵀ its transpose (<see cref="TileSpectrum"/>), ¯ the conjugate and s a scale:
/// y = Fᵀ(U·Fx) with U = s·F̄w.</para>
/// <para>Forward:</para>
/// <list type="number">
/// <item><see cref="TransformInput"/> V = F x</item>
/// <item><see cref="Multiply"/> M = U·V</item>
/// <item><see cref="TransformOutput(TileRun, float*, float*, float*)"/> y = Fᵀ M</item>
/// </list>
/// <para>Backward:</para>
/// <list type="number">
/// <item><see cref="TransformInput"/> V = F x: it costs less than to keep V since the forward pass</item>
/// <item><see cref="TransformOutputGradient"/> dM = F dy</item>
/// <item><see cref="MultiplyForWeightGradient"/> the conjugate of dU, Σ over tiles of V·dM̄</item>
/// <item><see cref="MultiplyTransposed"/> dV = Ū·dM</item>
/// <item><see cref="AddInputGradient"/> dx = Fᵀ dV</item>
/// </list>
/// <para>The gradients are the exact transposes of the forward steps, so that dM serves both of them.</para>
/// </remarks>
public sealed unsafe partial class FftConvolution
{
    private const int Parts = ComplexProduct.Parts;
    private const int TilePitch = ComplexProduct.TilePitch;
    private const int WeightParts = ComplexProduct.WeightParts;

    private readonly SimdTier _tier;
    private readonly TileSpectrum _spectrum;
    private readonly FftTiling _tiling;
    private readonly KeptUnits _kept;
    private readonly int[][]? _keptTaps;
    private readonly ChannelBlockPairs? _channelPairs;
    private readonly int[] _inputOffsets;
    private readonly int[] _outputOffsets;
    private readonly nint _inputPitch;
    private readonly nint _outputPitch;
    private readonly int[]?[] _tileWidths;

    /// <summary>Plans a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="form">A form that supports the layer.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="kept">What 16 filters keep together; null for all. Kernels of which no tap is kept are skipped.</param>
    /// <param name="capacity">Tiles that V and M have room for.</param>
    /// <exception cref="ArgumentException">There is no such form of this layer.</exception>
    public FftConvolution(SimdTier tier, FftForm form, Conv2dShape shape, KeptTaps? kept, int capacity)
    {
        shape.Validate();
        kept?.Validate(shape);
        if (shape.Groups > 1 || !form.Supports(tier, shape, kept))
            throw new ArgumentException($"{form} does not support {shape} on tier {tier}");
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _tier = tier;
        _spectrum = new TileSpectrum(form.Size);
        Shape = shape;
        Capacity = capacity;
        _tiling = FftTiling.Of(form, shape);
        _kept = new KeptUnits(shape, Area, kept);
        _keptTaps = kept?.UnionOverLanes();
        _channelPairs = ChannelBlockPairs.Create(tier, shape, _kept, pairsFilters: false);
        _inputOffsets = [.. _kept.Units.Select(OffsetOf)];
        _outputOffsets = [.. Enumerable.Range(0, shape.Filters).Select(OffsetOf)];
        // One more cache line from group to group: powers of two would put all frequencies of a tile into the same cache set.
        _inputPitch = shape.ChannelBlocks * capacity * TilePitch + Layout.Block;
        _outputPitch = shape.FilterBlocks * capacity * TilePitch + Layout.Block;
        _tileWidths = new int[capacity + 1][];
    }

    /// <summary>Sizes of the layer.</summary>
    public Conv2dShape Shape { get; }

    /// <summary>Tiles that V and M have room for.</summary>
    public int Capacity { get; }

    /// <summary>Tiles of an image.</summary>
    public int TilesPerImage => _tiling.TilesPerImage;

    /// <summary>Frequencies of a spectrum: independent matrix products.</summary>
    public int Frequencies => _spectrum.Frequencies;

    /// <summary>Floats of V, the spectra of the inputs.</summary>
    public long InputSpectraLength => _spectrum.Groups * (long)_inputPitch;

    /// <summary>Floats of M, the spectra of the outputs.</summary>
    public long OutputSpectraLength => _spectrum.Groups * (long)_outputPitch;

    /// <summary>Floats of U, and of its gradient: [frequency][O/16][kept channels][2][16].</summary>
    public int WeightLength => checked(Frequencies * _kept.Units.Length * WeightParts);

    /// <summary>
    /// Floats of the weights for <see cref="MultiplyTransposed"/>: [frequency][C/16][O][2][16], or [frequency][C/32][O][2][16] if a mask
    /// halves them.
    /// </summary>
    public int BackwardDataWeightLength => checked(Frequencies * TransposedVectors * WeightParts);

    /// <summary>Blocks that <see cref="PackBackwardDataWeights"/> packs one by one.</summary>
    public int BackwardDataBlocks => _channelPairs?.Count ?? Shape.ChannelBlocks;

    /// <summary>Floats of scratch memory of a transform.</summary>
    public int ScratchLength => _spectrum.ScratchLength;

    private int Area => Shape.KernelHeight * Shape.KernelWidth;

    private int TransposedVectors => BackwardDataBlocks * Shape.Filters;

    /// <summary>V = F x of some tiles.</summary>
    /// <param name="tiles">Which tiles of the images, and where in V.</param>
    /// <param name="x">Images [N, C/16, H, W, 16].</param>
    /// <param name="v"><see cref="InputSpectraLength"/> floats.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void TransformInput(TileRun tiles, float* x, float* v, float* scratch)
    {
        CheckRoom(tiles);
        KernelRunner.RunOnVectors(_tier, new InputKernel(this, tiles, x, v, scratch));
    }

    /// <summary>dM = F dy of some tiles.</summary>
    /// <param name="tiles">Which tiles of the images, and where in dM.</param>
    /// <param name="dy">Gradient of the output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="dm"><see cref="OutputSpectraLength"/> floats.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void TransformOutputGradient(TileRun tiles, float* dy, float* dm, float* scratch)
    {
        CheckRoom(tiles);
        KernelRunner.RunOnVectors(_tier, new OutputGradientKernel(this, tiles, dy, dm, scratch));
    }

    /// <summary>y = Fᵀ M of some tiles.</summary>
    /// <param name="tiles">Which tiles of the images, and where in M.</param>
    /// <param name="m"><see cref="OutputSpectraLength"/> floats.</param>
    /// <param name="y">Output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void TransformOutput(TileRun tiles, float* m, float* y, float* scratch) =>
        TransformOutput(tiles, m, Epilogue.None, y, scratch);

    /// <summary>y = Fᵀ M, and what follows it, of some tiles.</summary>
    /// <param name="tiles">Which tiles of the images, and where in M.</param>
    /// <param name="m"><see cref="OutputSpectraLength"/> floats.</param>
    /// <param name="epilogue">What follows the layer, from the first image on.</param>
    /// <param name="y">Output [N, O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void TransformOutput(TileRun tiles, float* m, Epilogue epilogue, float* y, float* scratch)
    {
        CheckRoom(tiles);
        KernelRunner.RunOnVectors(_tier, new OutputKernel(this, tiles, m, epilogue, y, scratch));
    }

    /// <summary>dx += Fᵀ dV of some tiles; tiles overlap, so those of an image come in their order.</summary>
    /// <param name="tiles">Which tiles of the images, and where in dV.</param>
    /// <param name="dv"><see cref="InputSpectraLength"/> floats.</param>
    /// <param name="dx">Gradient of the images [N, C/16, H, W, 16].</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void AddInputGradient(TileRun tiles, float* dv, float* dx, float* scratch)
    {
        CheckRoom(tiles);
        KernelRunner.RunOnVectors(_tier, new InputGradientKernel(this, tiles, dv, dx, scratch));
    }

    /// <summary>M = U·V at some frequencies.</summary>
    /// <param name="first">First frequency.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="tiles">Tiles in V.</param>
    /// <param name="v"><see cref="InputSpectraLength"/> floats.</param>
    /// <param name="u">Of <see cref="PackWeights"/>.</param>
    /// <param name="m"><see cref="OutputSpectraLength"/> floats.</param>
    public void Multiply(int first, int end, TileRun tiles, float* v, float* u, float* m)
    {
        CheckRoom(tiles);
        KernelRunner.RunOnVectors(_tier, new MultiplyKernel(this, first, end, tiles, v, u, m));
    }

    /// <summary>dV = Ū·dM at some frequencies.</summary>
    /// <param name="first">First frequency.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="tiles">Tiles in dM.</param>
    /// <param name="dm"><see cref="OutputSpectraLength"/> floats.</param>
    /// <param name="u">Of <see cref="PackBackwardDataWeights"/>.</param>
    /// <param name="dv"><see cref="InputSpectraLength"/> floats.</param>
    public void MultiplyTransposed(int first, int end, TileRun tiles, float* dm, float* u, float* dv)
    {
        CheckRoom(tiles);
        KernelRunner.RunOnVectors(_tier, new MultiplyTransposedKernel(this, first, end, tiles, dm, u, dv));
    }

    /// <summary>The conjugate of the gradient of U at some frequencies: Σ over tiles of V·dM̄.</summary>
    /// <param name="first">First frequency.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="tiles">Tiles in V and dM, from their first place on.</param>
    /// <param name="v"><see cref="InputSpectraLength"/> floats.</param>
    /// <param name="dm"><see cref="OutputSpectraLength"/> floats.</param>
    /// <param name="du"><see cref="WeightLength"/> floats.</param>
    /// <param name="accumulate">Whether to add to <paramref name="du"/>.</param>
    /// <param name="blocks">Blocks of 16 filters whose gradient is wanted, or null for all.</param>
    public void MultiplyForWeightGradient(
        int first, int end, int tiles, float* v, float* dm, float* du, bool accumulate, (int First, int End)? blocks = null)
    {
        CheckRoom(new(0, 0, tiles));
        KernelRunner.RunOnVectors(
            _tier, new WeightGradientKernel(this, (first, end), blocks ?? (0, Shape.FilterBlocks), tiles, v, dm, du, accumulate));
    }

    private void CheckRoom(TileRun tiles)
    {
        if (tiles.First < 0 || tiles.Place < 0 || tiles.Count < 1 || tiles.Place + tiles.Count > Capacity)
            throw new ArgumentException($"{tiles}; room for {Capacity} tiles was expected to hold them");
    }

    /// <summary>Where the first tile of a channel is, within one frequency of V or M.</summary>
    private int OffsetOf(int channel) => channel / Layout.Block * Capacity * TilePitch + channel % Layout.Block;

    private nint OffsetOf(int block, int place) => ((nint)block * Capacity + place) * TilePitch;

    private static nint FrequencyOffset(int frequency, nint pitch) =>
        frequency / ComplexLine.Group * pitch + frequency % ComplexLine.Group * Parts;

    private int[] TileWidths(int tiles) => _tileWidths[tiles] ??= ComplexProduct.Cut(_tier, tiles);

    private int FiltersOf(int block) => Layout.UsedLanes(Shape.Filters, block);
}

/// <summary>A run of tiles in the frequency domain.</summary>
/// <param name="First">First tile, counted from that at the top left of the first image, row by row, and on through the images that
/// follow.</param>
/// <param name="Place">Where the first tile is among the spectra.</param>
/// <param name="Count">Number of tiles.</param>
public readonly record struct TileRun(int First, int Place, int Count);
