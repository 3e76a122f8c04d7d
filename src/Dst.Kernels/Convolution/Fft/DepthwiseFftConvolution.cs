using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A depthwise convolution of large kernels in the frequency domain. Each channel has its own product of spectra, so that a tile goes
/// through all steps at once: rows, then column by column to the spectrum, times the weights and back, then rows. No spectrum is stored.
/// An instance is a plan for any number of threads. The scalar tier has no such form.
/// </summary>
/// <remarks>
/// With F, Fᵀ, s and ¯ as in <see cref="FftConvolution"/>, and G the sum over tiles of Fx times the conjugate of Fdy:
/// y = Fᵀ(s·F̄w · Fx), dx = Fᵀ(s·Fw · Fdy), dw = Fᵀ(s·G). Packed weights are U = s·Fw, [C/16][frequency][2][16], and so is G.
/// </remarks>
public sealed unsafe class DepthwiseFftConvolution
{
    private const int WeightParts = ComplexProduct.WeightParts;

    private readonly SimdTier _tier;
    private readonly TileSpectrum _spectrum;
    private readonly FftTiling _tiling;
    private readonly int _lineLength;

    /// <summary>Plans a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="form">A form that supports the layer.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <exception cref="ArgumentException">There is no such form of this layer, or it is not depthwise.</exception>
    public DepthwiseFftConvolution(SimdTier tier, FftForm form, Conv2dShape shape)
    {
        shape.Validate();
        if (!shape.IsDepthwise || !form.Supports(tier, shape, kept: null))
            throw new ArgumentException($"{form} does not support {shape} as a depthwise convolution on tier {tier}");
        _tier = tier;
        Shape = shape;
        _spectrum = new TileSpectrum(form.Size);
        _tiling = FftTiling.Of(form, shape);
        _lineLength = _spectrum.CountOf(column: 0) * WeightParts;
    }

    /// <summary>Sizes of the layer.</summary>
    public Conv2dShape Shape { get; }

    /// <summary>Floats of the packed weights, and of the gradient G.</summary>
    public int WeightLength => checked(Shape.ChannelBlocks * BlockLength);

    /// <summary>Floats of scratch memory of any pass.</summary>
    public int ScratchLength => 2 * (_spectrum.ScratchLength + _lineLength);

    private int BlockLength => _spectrum.Frequencies * WeightParts;

    /// <summary>Packs canonical weights [C, 1, Kh, Kw].</summary>
    public void PackWeights(ReadOnlySpan<float> weights, Span<float> packed)
    {
        Check.Length(weights, Shape.WeightCount);
        Check.Length<float>(packed, WeightLength);
        fixed (float* w = weights, u = packed) KernelRunner.RunOnVectors(_tier, new PackKernel(this, w, u));
    }

    /// <summary>dw = Fᵀ(s·G), written to a canonical gradient [C, 1, Kh, Kw].</summary>
    public void UnpackWeightGradient(ReadOnlySpan<float> packed, Span<float> gradient)
    {
        Check.Length(packed, WeightLength);
        Check.Length<float>(gradient, Shape.WeightCount);
        fixed (float* du = packed, g = gradient) KernelRunner.RunOnVectors(_tier, new UnpackKernel(this, du, g));
    }

    /// <summary>y = conv(x) and what follows it, for some planes of sixteen channels.</summary>
    /// <param name="first">First plane, counted from block 0 of the first image on through the blocks and images.</param>
    /// <param name="end">One past the last.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="weights">Packed.</param>
    /// <param name="epilogue">What follows, from the first image on.</param>
    /// <param name="y">[N, C/16, OutHeight, OutWidth, 16].</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void Forward(int first, int end, float* x, float* weights, Epilogue epilogue, float* y, float* scratch) =>
        KernelRunner.RunOnVectors(_tier, new ForwardKernel(this, first, end, x, weights, epilogue, y, scratch));

    /// <summary>Both gradients of some images, which share the spectra of <paramref name="dy"/>.</summary>
    /// <param name="images">Number of images.</param>
    /// <param name="x">The forward pass's input.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="weights">Packed.</param>
    /// <param name="gradient">G, which is added to; null if it is not needed.</param>
    /// <param name="dx">Gradient of the input; null if it is not needed.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void Backward(int images, float* x, float* dy, float* weights, float* gradient, float* dx, bool accumulate, float* scratch)
    {
        if (dx != null && !accumulate) new Span<float>(dx, checked(images * Shape.InputLength)).Clear();
        KernelRunner.RunOnVectors(_tier, new BackwardKernel(this, images, x, dy, weights, gradient, dx, scratch));
    }

    private void Pack<T>(float* weights, float* packed) where T : unmanaged, ILanes<T>
    {
        using var kernels = new KernelSpectrum(_spectrum, Shape.KernelHeight, Shape.KernelWidth);
        for (var block = 0; block < Shape.ChannelBlocks; block++)
        {
            kernels.Clear();
            kernels.Gather(weights + block * Layout.Block * Shape.RowLength, Layout.UsedLanes(Shape.Channels, block), Shape.RowLength);
            kernels.Transform<T>(packed + block * BlockLength, WeightParts, conjugate: false);
        }
    }

    private void Unpack<T>(float* packed, float* gradient) where T : unmanaged, ILanes<T>
    {
        using var kernels = new KernelSpectrum(_spectrum, Shape.KernelHeight, Shape.KernelWidth);
        for (var block = 0; block < Shape.ChannelBlocks; block++)
        {
            kernels.TransformBack<T>(packed + block * BlockLength, WeightParts);
            kernels.Scatter(
                Enumerable.Range(0, Shape.RowLength), gradient + block * Layout.Block * Shape.RowLength,
                Layout.UsedLanes(Shape.Channels, block), Shape.RowLength);
        }
    }

    private void Forward<T>(int first, int end, float* x, float* weights, Epilogue epilogue, float* y, float* scratch)
        where T : unmanaged, ILanes<T>
    {
        var line = new ComplexLine(scratch + _spectrum.ScratchLength, WeightParts);
        for (var plane = first; plane < end; plane++)
        {
            var (image, block) = Math.DivRem(plane, Shape.ChannelBlocks);
            var u = weights + block * BlockLength;
            for (var tile = image * _tiling.TilesPerImage; tile < (image + 1) * _tiling.TilesPerImage; tile++)
            {
                _spectrum.TransformRows<T>(_tiling.InputWindow(tile, block, x), scratch);
                for (var column = 0; column < _spectrum.Columns; column++)
                {
                    _spectrum.TransformColumn<T, PlainStore>(column, line, scratch);
                    MultiplyByConjugate<T>(line, OfColumn(u, column), _spectrum.CountOf(column));
                    _spectrum.TransposeColumn<T>(column, line, scratch);
                }

                _spectrum.TransposeRows<T>(_tiling.OutputWindow(tile, block, y), accumulate: false, scratch);
                _tiling.Finish<T>(tile, block, epilogue, y);
            }
        }
    }

    private void Backward<T>(int images, float* x, float* dy, float* weights, float* gradient, float* dx, float* scratch)
        where T : unmanaged, ILanes<T>
    {
        float* ofX = scratch, ofDy = scratch + ScratchLength / 2;
        ComplexLine v = new(ofX + _spectrum.ScratchLength, WeightParts), dm = new(ofDy + _spectrum.ScratchLength, WeightParts);
        for (var block = 0; block < Shape.ChannelBlocks; block++)
        {
            for (var tile = 0; tile < images * _tiling.TilesPerImage; tile++)
            {
                if (gradient != null) _spectrum.TransformRows<T>(_tiling.InputWindow(tile, block, x), ofX);
                _spectrum.TransformRows<T>(_tiling.OutputWindow(tile, block, dy), ofDy);
                for (var column = 0; column < _spectrum.Columns; column++)
                {
                    var count = _spectrum.CountOf(column);
                    _spectrum.TransformColumn<T, PlainStore>(column, dm, ofDy);
                    if (gradient != null)
                    {
                        _spectrum.TransformColumn<T, PlainStore>(column, v, ofX);
                        AddProducts<T>(v, dm, count, OfColumn(gradient + block * BlockLength, column));
                    }

                    if (dx == null) continue;
                    Multiply<T>(dm, OfColumn(weights + block * BlockLength, column), count);
                    _spectrum.TransposeColumn<T>(column, dm, ofDy);
                }

                if (dx != null) _spectrum.TransposeRows<T>(_tiling.InputWindow(tile, block, dx), accumulate: true, ofDy);
            }
        }
    }

    private float* OfColumn(float* spectrum, int column) => spectrum + _spectrum.FirstOf(column) * WeightParts;

    /// <summary>line = line · ū.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyByConjugate<T>(ComplexLine line, float* u, int count) where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < count; i++, u += WeightParts)
        {
            ComplexLanes<T> a = line.Load<T>(i), b = new(T.Load(u), T.Load(u + Layout.Block));
            line.Store(i, a.TimesConjugate(b));
        }
    }

    /// <summary>line = line · u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<T>(ComplexLine line, float* u, int count) where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < count; i++, u += WeightParts)
        {
            ComplexLanes<T> a = line.Load<T>(i), b = new(T.Load(u), T.Subtract(T.Zero, T.Load(u + Layout.Block)));
            line.Store(i, a.TimesConjugate(b));
        }
    }

    /// <summary>sums += v · the conjugate of dm.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddProducts<T>(ComplexLine v, ComplexLine dm, int count, float* sums) where T : unmanaged, ILanes<T>
    {
        var line = new ComplexLine(sums, WeightParts);
        for (var i = 0; i < count; i++) line.Store(i, line.Load<T>(i) + v.Load<T>(i).TimesConjugate(dm.Load<T>(i)));
    }

    private readonly struct PackKernel(DepthwiseFftConvolution conv, float* weights, float* packed) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.Pack<T>(weights, packed);
    }

    private readonly struct UnpackKernel(DepthwiseFftConvolution conv, float* packed, float* gradient) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.Unpack<T>(packed, gradient);
    }

    private readonly struct ForwardKernel(
        DepthwiseFftConvolution conv, int first, int end, float* x, float* weights, Epilogue epilogue, float* y, float* scratch)
        : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.Forward<T>(first, end, x, weights, epilogue, y, scratch);
    }

    private readonly struct BackwardKernel(
        DepthwiseFftConvolution conv, int images, float* x, float* dy, float* weights, float* gradient, float* dx, float* scratch)
        : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.Backward<T>(images, x, dy, weights, gradient, dx, scratch);
    }
}
