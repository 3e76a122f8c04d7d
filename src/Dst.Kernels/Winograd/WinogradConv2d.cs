using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A 3×3 convolution of stride 1 in Winograd form, with all of its kernels or with the kept ones of a mask: F(4×4, 3×3) does 36
/// multiplications for 16 outputs instead of 144, F(2×2, 3×3) 16 for 4 instead of 36. An instance is a plan: it holds no activations
/// and no weights, and may be used by many threads at once. It has no scalar form: <see cref="Supports"/>.
/// </summary>
/// <remarks>
/// <para>Each pass is made of steps on two arrays in the transform domain, V of the inputs and M of the outputs, both
/// [position][C/16][tile][16] for up to <see cref="Images"/> images. A caller runs the steps on cache-sized runs of images one after
/// another, or each step on all images with its own split over threads.</para>
/// <para>forward: <see cref="TransformInput"/> x → V, <see cref="Multiply"/> V → M, <see cref="TransformOutput"/> M → y;</para>
/// <para>backward: <see cref="TransformInput"/> x → V, <see cref="TransformOutputGradient"/> dy → dM, <see cref="AddWeightGradient"/>
/// (V, dM) → dU, <see cref="MultiplyTransposed"/> dM → dV, <see cref="TransformInputGradient"/> dV → dx. The gradients are the exact
/// transposes of the forward steps, so that dM serves both of them; recomputing V costs less than keeping it in memory since the forward pass.</para>
/// </remarks>
public sealed unsafe partial class WinogradConv2d
{
    private readonly int _window;
    private readonly int _tileRows;
    private readonly int _tileColumns;
    private readonly int _inputPitch;
    private readonly int _outputPitch;
    private readonly int[][] _tileWidths;
    private readonly KeptKernels _kept;
    private readonly int[] _inputOffsets;
    private readonly int[] _outputOffsets;
    private readonly int[] _gradientOffsets;
    private readonly int[] _gradientFirst;

    /// <summary>Plans a layer.</summary>
    /// <param name="shape">3×3, stride 1, one group.</param>
    /// <param name="kept">What 16 filters keep together: whole kernels; null for all.</param>
    /// <param name="tile">Outputs m of a tile in one dimension, 2 or 4.</param>
    /// <param name="images">Largest run of images.</param>
    /// <exception cref="ArgumentException">There is no such form of this layer.</exception>
    public WinogradConv2d(Conv2dShape shape, KeptTaps? kept, int tile, int images)
    {
        shape.Validate();
        kept?.Validate(shape);
        if (!Supports(shape)) throw new ArgumentException($"no Winograd form of {shape} on tier {Simd.Simd.Tier}");
        if (tile is not (2 or 4)) throw new ArgumentException($"Winograd tile {tile}; 2 or 4 was expected");
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        Shape = shape;
        Tile = tile;
        Images = images;
        _window = tile + 2;
        _tileRows = (shape.OutHeight + tile - 1) / tile;
        _tileColumns = (shape.OutWidth + tile - 1) / tile;
        // One more cache line from position to position: powers of two would put all positions of a tile into the same cache set.
        _inputPitch = checked(shape.ChannelBlocks * images * TilesPerImage * Layout.Block + Layout.Block);
        _outputPitch = checked(shape.FilterBlocks * images * TilesPerImage * Layout.Block + Layout.Block);
        _tileWidths = [.. Enumerable.Range(0, images + 1).Select(n => RowTiles.Cut(n * TilesPerImage))];
        _kept = new KeptKernels(shape, kept);
        _inputOffsets = OffsetsOfChannels(_kept.Channels);
        _outputOffsets = OffsetsOfChannels(Enumerable.Range(0, shape.Filters));
        (_gradientOffsets, _gradientFirst) = PlanWeightGradient();
    }

    /// <summary>Sizes of the layer.</summary>
    public Conv2dShape Shape { get; }

    /// <summary>Outputs of a tile in one dimension.</summary>
    public int Tile { get; }

    /// <summary>Largest run of images.</summary>
    public int Images { get; }

    /// <summary>Positions of the transform domain, (Tile + 2)²: independent matrix products.</summary>
    public int Positions => _window * _window;

    /// <summary>Tiles of an image.</summary>
    public int TilesPerImage => _tileRows * _tileColumns;

    /// <summary>Floats of V, the transformed inputs.</summary>
    public long InputTilesLength => (long)Positions * _inputPitch;

    /// <summary>Floats of M, the transformed outputs.</summary>
    public long OutputTilesLength => (long)Positions * _outputPitch;

    /// <summary>Floats of the transformed weights U: [position][O/16][kept channels][16].</summary>
    public int WeightLength => checked(Positions * _kept.Channels.Length * Layout.Block);

    /// <summary>Floats of the gradient of U, where each block's channels are filled up to a multiple of eight.</summary>
    public int WeightGradientLength => checked(Positions * _gradientOffsets.Length * Layout.Block);

    /// <summary>Floats of the weights for <see cref="MultiplyTransposed"/>: [position][C/16][O][16].</summary>
    public int TransposedWeightLength => checked(Positions * Shape.ChannelBlocks * Shape.Filters * Layout.Block);

    /// <summary>Whether a layer has a Winograd form here: 3×3, stride 1, one group, not on the scalar tier.</summary>
    public static bool Supports(Conv2dShape shape) =>
        shape is { KernelHeight: 3, KernelWidth: 3, Stride: 1, Groups: 1, Padding: <= 2 } && Simd.Simd.Tier != SimdTier.Scalar;

    /// <summary>V = Bᵀ x B for some images.</summary>
    /// <param name="firstImage">Place of the first image in V.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="x">The first image, [C/16, H, W, 16].</param>
    /// <param name="v"><see cref="InputTilesLength"/> floats.</param>
    public void TransformInput(int firstImage, int images, float* x, float* v)
    {
        CheckRun(firstImage, images);
        KernelRunner.RunOnVectors(new InputKernel(this, firstImage, images, x, v));
    }

    /// <summary>dM = A dy Aᵀ for some images.</summary>
    /// <param name="firstImage">Place of the first image in dM.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="dy">Gradient of the first image's output, [O/16, OutHeight, OutWidth, 16].</param>
    /// <param name="dm"><see cref="OutputTilesLength"/> floats.</param>
    public void TransformOutputGradient(int firstImage, int images, float* dy, float* dm)
    {
        CheckRun(firstImage, images);
        KernelRunner.RunOnVectors(new OutputGradientKernel(this, firstImage, images, dy, dm));
    }

    /// <summary>M = U · V at some positions.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <param name="endPosition">One past the last.</param>
    /// <param name="images">Images in V.</param>
    /// <param name="v"><see cref="InputTilesLength"/> floats.</param>
    /// <param name="u">Of <see cref="PackWeights"/>.</param>
    /// <param name="m"><see cref="OutputTilesLength"/> floats.</param>
    public void Multiply(int firstPosition, int endPosition, int images, float* v, float* u, float* m)
    {
        CheckRun(0, images);
        KernelRunner.RunOnVectors(new MultiplyKernel(this, firstPosition, endPosition, images, v, u, m));
    }

    /// <summary>dV = Uᵀ · dM at some positions.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <param name="endPosition">One past the last.</param>
    /// <param name="images">Images in dM.</param>
    /// <param name="dm"><see cref="OutputTilesLength"/> floats.</param>
    /// <param name="u">Of <see cref="PackTransposedWeights"/>.</param>
    /// <param name="dv"><see cref="InputTilesLength"/> floats.</param>
    public void MultiplyTransposed(int firstPosition, int endPosition, int images, float* dm, float* u, float* dv)
    {
        CheckRun(0, images);
        KernelRunner.RunOnVectors(new MultiplyTransposedKernel(this, firstPosition, endPosition, images, dm, u, dv));
    }

    /// <summary>dU += Σ over tiles of dM ⊗ V at some positions.</summary>
    /// <param name="firstPosition">First position.</param>
    /// <param name="endPosition">One past the last.</param>
    /// <param name="images">Images in V and dM.</param>
    /// <param name="v"><see cref="InputTilesLength"/> floats.</param>
    /// <param name="dm"><see cref="OutputTilesLength"/> floats.</param>
    /// <param name="du"><see cref="WeightGradientLength"/> floats, added to.</param>
    public void AddWeightGradient(int firstPosition, int endPosition, int images, float* v, float* dm, float* du)
    {
        CheckRun(0, images);
        KernelRunner.RunOnVectors(new WeightGradientKernel(this, firstPosition, endPosition, images, v, dm, du));
    }

    /// <summary>y = Aᵀ M A for some images.</summary>
    /// <param name="firstImage">Place of the first image in M.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="m"><see cref="OutputTilesLength"/> floats.</param>
    /// <param name="y">The first image's output, [O/16, OutHeight, OutWidth, 16].</param>
    public void TransformOutput(int firstImage, int images, float* m, float* y)
    {
        CheckRun(firstImage, images);
        KernelRunner.RunOnVectors(new OutputKernel(this, firstImage, images, m, y));
    }

    /// <summary>dx = B dV Bᵀ, summed where tiles overlap, for some images.</summary>
    /// <param name="firstImage">Place of the first image in dV.</param>
    /// <param name="images">Number of images.</param>
    /// <param name="dv"><see cref="InputTilesLength"/> floats.</param>
    /// <param name="dx">Gradient of the first image, [C/16, H, W, 16].</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> instead of overwriting it.</param>
    public void TransformInputGradient(int firstImage, int images, float* dv, float* dx, bool accumulate)
    {
        CheckRun(firstImage, images);
        if (!accumulate) new Span<float>(dx, checked(images * Shape.InputLength)).Clear();
        KernelRunner.RunOnVectors(new InputGradientKernel(this, firstImage, images, dv, dx));
    }

    private void CheckRun(int firstImage, int images)
    {
        if (firstImage < 0 || images < 1 || firstImage + images > Images)
            throw new ArgumentException($"images {firstImage} to {firstImage + images}; a run within 0 to {Images} was expected");
    }

    /// <summary>Where the first tile of each channel is, within one position of V or M.</summary>
    private int[] OffsetsOfChannels(IEnumerable<int> channels)
    {
        var plane = Images * TilesPerImage * Layout.Block;
        return [.. channels.Select(channel => channel / Layout.Block * plane + channel % Layout.Block)];
    }
}
