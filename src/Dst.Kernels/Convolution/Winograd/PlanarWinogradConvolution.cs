using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A convolution of few channels in the one-dimensional Winograd form F(4, r), and the maximum over 2×2 pixels behind it where a layer has
/// one. Sixteen tiles fill the lanes of a vector, not sixteen filters. So the scalars are weights, which two rows of outputs share, and
/// products stay in the first-level cache until they are outputs. An instance is a plan: it holds no activations and no weights, and may be
/// used by many threads at once. The scalar tier has no such form.
/// </summary>
/// <remarks>
/// <para>F(4, 5) needs 8 products where 20 stand. A band of <see cref="PairsOfBand"/> pairs of rows goes through all steps together:</para>
/// <list type="number">
/// <item>Planes to V, [channel][position][odd or even row][row][tile].</item>
/// <item>For sixteen tiles and sixteen filters: V to the products M, [filter][upper or lower row][position][tile].</item>
/// <item>M to outputs [result][filter][tile], of which the maximum over a window is taken while pixels are still in the lanes.</item>
/// <item>Outputs, transposed, to pixels of sixteen filters.</item>
/// </list>
/// <para>Its loops are optimised from the first call on, because plans measure them in a young process.</para>
/// </remarks>
public sealed unsafe class PlanarWinogradConvolution
{
    private const int Block = Layout.Block;

    /// <summary>Outputs of a tile, which are neighbours in a row.</summary>
    internal const int Tile = 4;

    /// <summary>Pairs of rows of a band. V of one channel, 21 tiles a row and a 5×5 kernel then takes 16 kB.</summary>
    private const int PairsOfBand = 8;

    /// <summary>Floats of a result: sixteen filters at sixteen tiles.</summary>
    private const int ResultLength = Block * Block;

    private readonly SimdTier _tier;
    private readonly int _points;
    private readonly int _columns;
    private readonly int _planeLength;
    private readonly int _phasePitch;
    private readonly int _phasesLength;
    private readonly int _resultsOfRow;
    private readonly ScratchParts _parts;

    /// <summary>Plans a layer.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="isPooled">Whether the maximum over 2×2 pixels, 2 apart, follows.</param>
    /// <exception cref="ArgumentException">There is no such form of this layer.</exception>
    public PlanarWinogradConvolution(SimdTier tier, Conv2dShape shape, bool isPooled)
    {
        shape.Validate();
        if (!Supports(tier, shape, isPooled)) throw new ArgumentException($"no planar Winograd form of {shape} on tier {tier}");
        (_tier, Shape, IsPooled) = (tier, shape, isPooled);
        _points = PointsOf(shape);
        _columns = Layout.CeilDiv(shape.OutWidth, Tile);
        _planeLength = checked((PairsOfBand + (shape.KernelHeight - 1) / 2) * _columns + 2 * Block);
        _phasePitch = _columns + 2 * Block;
        _phasesLength = checked(2 * Tile * _phasePitch);
        _resultsOfRow = isPooled ? Tile / 2 : Tile;
        _parts = new(
            Line: checked(_columns * Tile + 2 * Tile * Block),
            Phases: checked(2 * _phasesLength),
            V: checked(shape.Channels * _points * 2 * _planeLength),
            M: Block * 2 * _points * Block,
            Results: (isPooled ? _resultsOfRow : 2 * _resultsOfRow) * ResultLength);
    }

    /// <summary>Sizes of the convolution.</summary>
    public Conv2dShape Shape { get; }

    /// <summary>Whether outputs are maxima over 2×2 pixels.</summary>
    public bool IsPooled { get; }

    /// <summary>Floats of an output image.</summary>
    public long OutputLength => IsPooled ? Shape.OutputLength / 4 : Shape.OutputLength;

    /// <summary>Bands of an image, which are independent.</summary>
    public int Bands => Layout.CeilDiv(Pairs, PairsOfBand);

    /// <summary>Floats of the transformed weights, [O/16][C][position][16][Kh].</summary>
    public int WeightLength => checked(Shape.FilterBlocks * WeightsOfBlock);

    /// <summary>Floats of scratch memory.</summary>
    public int ScratchLength => _parts.Total + Block;

    private int Pairs => Layout.CeilDiv(Shape.OutHeight, 2);

    private int WeightsOfBlock => Shape.Channels * _points * Block * Shape.KernelHeight;

    /// <summary>Whether a layer has this form: up to four channels, kernels of 3 or 5 rows and columns, stride 1.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes of the layer.</param>
    /// <param name="isPooled">Whether the maximum over 2×2 pixels follows. Windows must cover the map.</param>
    public static bool Supports(SimdTier tier, Conv2dShape shape, bool isPooled) =>
        tier != SimdTier.Scalar && shape.Groups == 1 && shape.Stride == 1 && shape.Channels <= PackedInput.MostPlanes
        && shape.KernelHeight is 3 or 5 && shape.KernelWidth is 3 or 5
        && (!isPooled || (shape.OutHeight % 2 == 0 && shape.OutWidth % 2 == 0));

    /// <summary>Products of a tile for each row of a kernel.</summary>
    internal static int PointsOf(Conv2dShape shape) => Tile + shape.KernelWidth - 1;

    /// <summary>Transforms canonical weights [O, C, Kh, Kw] into <see cref="WeightLength"/> floats.</summary>
    public void PackWeights(ReadOnlySpan<float> weights, float* packed)
    {
        Check.Length(weights, Shape.WeightCount);
        fixed (float* w = weights) KernelRunner.RunOnVectors(_tier, new PackKernel(this, w, packed));
    }

    /// <summary>y = conv(x) and what follows it, for some bands of an image.</summary>
    /// <param name="firstBand">First band.</param>
    /// <param name="endBand">One past the last.</param>
    /// <param name="x">One image, [C, H, W] or [1, H, W, 16].</param>
    /// <param name="isPlain">Whether the image is [C, H, W].</param>
    /// <param name="weights">Of <see cref="PackWeights"/>.</param>
    /// <param name="epilogue">With a bias and without a residual.</param>
    /// <param name="y">Its output [O/16, OutHeight, OutWidth, 16], or half of rows and columns where it is pooled.</param>
    /// <param name="scratch"><see cref="ScratchLength"/> floats.</param>
    public void Forward(
        int firstBand, int endBand, float* x, bool isPlain, float* weights, Epilogue epilogue, float* y, float* scratch)
    {
        if (epilogue.Bias == null || epilogue.Residual != null)
            throw new ArgumentException("an epilogue with a bias and without a residual was expected");
        KernelRunner.RunOnVectors(_tier, new ForwardKernel(this, firstBand, endBand, x, isPlain, weights, epilogue, y, scratch));
    }

    private void Pack<T, TPoints, TFilter>(float* weights, float* packed)
        where T : unmanaged, ILanes<T> where TPoints : IWinogradPoints<T> where TFilter : IMinimalFilter
    {
        var s = Shape;
        var row = stackalloc float[TFilter.Kernel * Block];
        var transformed = stackalloc float[TPoints.Count * Block];
        for (var b = 0; b < s.FilterBlocks; b++)
        {
            var filters = Layout.UsedLanes(s.Filters, b);
            for (var i = 0; i < s.Channels * s.KernelHeight; i++)
            {
                var (channel, ky) = Math.DivRem(i, s.KernelHeight);
                new Span<float>(row, TFilter.Kernel * Block).Clear();
                for (var lane = 0; lane < filters; lane++)
                {
                    for (var kx = 0; kx < TFilter.Kernel; kx++)
                        row[kx * Block + lane] = weights[((b * Block + lane) * s.Channels * s.KernelHeight + i) * TFilter.Kernel + kx];
                }

                TPoints.Evaluate<KernelSide<TFilter>>(row, Block, transformed, Block);
                for (var p = 0; p < TPoints.Count; p++)
                {
                    var to = packed + b * WeightsOfBlock + (channel * TPoints.Count + p) * Block * s.KernelHeight + ky;
                    for (var lane = 0; lane < Block; lane++) to[lane * s.KernelHeight] = transformed[p * Block + lane];
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Forward<T, TPoints, TFilter>(
        int firstBand, int endBand, float* x, bool isPlain, float* weights, Epilogue epilogue, float* y, float* scratch)
        where T : unmanaged, ILanes<T> where TPoints : IWinogradPoints<T> where TFilter : IMinimalFilter
    {
        var memory = new Scratch(Layout.Align(scratch), _parts);
        for (var band = firstBand; band < endBand; band++)
        {
            var firstPair = band * PairsOfBand;
            var pairs = Math.Min(PairsOfBand, Pairs - firstPair);
            TransformInput<T, TPoints>(x, isPlain, 2 * firstPair, 2 * pairs + Shape.KernelHeight - 1, memory);
            for (var first = 0; first < pairs * _columns; first += Block)
            {
                for (var b = 0; b < Shape.FilterBlocks; b++)
                {
                    Multiply<T>(memory.V + first, weights + b * WeightsOfBlock, memory.M);
                    TransformOutput<T, TPoints, TFilter>(memory.M, memory.Results);
                    Store<T>(memory, b, firstPair, first, Math.Min(Block, pairs * _columns - first), epilogue, y);
                }
            }
        }
    }

    /// <summary>
    /// V = Bᵀ x for the input rows of a band. Lanes beyond a row are written again by the next one, or lie behind the last.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformInput<T, TPoints>(float* x, bool isPlain, int firstRow, int rows, Scratch memory)
        where T : unmanaged, ILanes<T> where TPoints : IWinogradPoints<T>
    {
        var (pixel, channelPitch) = isPlain ? (1, Shape.Height * Shape.Width) : (Block, 1);
        for (var channel = 0; channel < Shape.Channels; channel++, x += channelPitch)
        {
            SplitRow(x, pixel, firstRow, memory.Line, memory.Phases);
            for (var r = 0; r < rows; r++)
            {
                // A row ahead: a vector cannot be loaded at once from the smaller stores of a transpose just before.
                if (r + 1 < rows) SplitRow(x, pixel, firstRow + r + 1, memory.Line, memory.Phases + (r + 1) % 2 * _phasesLength);
                var from = memory.Phases + r % 2 * _phasesLength;
                var to = memory.V + (channel * _points * 2 + r % 2) * _planeLength + r / 2 * _columns;
                for (var t = 0; t < _columns; t += Block) TPoints.Input(from + t, _phasePitch, to + t, 2 * _planeLength);
            }
        }
    }

    /// <summary>
    /// phases[i][t] = input i of tile t in a row of the padded image. Inputs 4 to 7 are inputs 0 to 3 of the next tile.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SplitRow(float* plane, int pixel, int paddedRow, float* line, float* phases)
    {
        var row = paddedRow - Shape.Padding;
        FillLine(line, (uint)row < (uint)Shape.Height ? plane + (nint)row * Shape.Width * pixel : null, pixel);
        for (var t = 0; t <= _columns; t += 4, line += 4 * Tile)
            Transpose.FourByFourTwice(line, phases + t, phases + Tile * _phasePitch + t - 1, _phasePitch);
    }

    /// <summary>A row with its padding, and zeros behind it; or zeros alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void FillLine(float* line, float* row, int pixel)
    {
        new Span<float>(line, _parts.Line).Clear();
        if (row == null) return;
        var to = line + Shape.Padding;
        if (pixel == 1) new ReadOnlySpan<float>(row, Shape.Width).CopyTo(new(to, Shape.Width));
        else for (var c = 0; c < Shape.Width; c++) to[c] = row[(nint)c * pixel];
    }

    /// <summary>M = U · V of sixteen tiles and sixteen filters, of both rows of a pair.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Multiply<T>(float* v, float* u, float* m) where T : unmanaged, ILanes<T>
    {
        for (var channel = 0; channel < Shape.Channels; channel++)
        {
            for (var p = 0; p < _points; p++, v += 2 * _planeLength, u += Block * Shape.KernelHeight)
            {
                if (Shape.KernelHeight == 5) MultiplyPosition<T>(5, v, u, m + p * Block, accumulate: channel > 0);
                else MultiplyPosition<T>(3, v, u, m + p * Block, accumulate: channel > 0);
            }
        }
    }

    /// <summary>One channel at one position. The height of the kernel, 3 or 5, is a constant to the JIT.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MultiplyPosition<T>(int kernelHeight, float* v, float* u, float* m, bool accumulate) where T : unmanaged, ILanes<T>
    {
        nint row = _columns, odd = _planeLength, pitch = _points * Block;
        T v0 = T.Load(v), v1 = T.Load(v + odd), v2 = T.Load(v + row), v3 = T.Load(v + odd + row), v4 = T.Zero, v5 = T.Zero;
        if (kernelHeight == 5) (v4, v5) = (T.Load(v + 2 * row), T.Load(v + odd + 2 * row));
        for (var filter = 0; filter < Block; filter++, u += kernelHeight, m += 2 * pitch)
        {
            T upper = accumulate ? T.Load(m) : T.Zero, lower = accumulate ? T.Load(m + pitch) : T.Zero;
            T w0 = T.Broadcast(u[0]), w1 = T.Broadcast(u[1]), w2 = T.Broadcast(u[2]);
            upper = T.MultiplyAdd(w2, v2, T.MultiplyAdd(w1, v1, T.MultiplyAdd(w0, v0, upper)));
            lower = T.MultiplyAdd(w2, v3, T.MultiplyAdd(w1, v2, T.MultiplyAdd(w0, v1, lower)));
            if (kernelHeight == 5)
            {
                T w3 = T.Broadcast(u[3]), w4 = T.Broadcast(u[4]);
                upper = T.MultiplyAdd(w4, v4, T.MultiplyAdd(w3, v3, upper));
                lower = T.MultiplyAdd(w4, v5, T.MultiplyAdd(w3, v4, lower));
            }

            T.Store(m, upper);
            T.Store(m + pitch, lower);
        }
    }

    /// <summary>Results [result][filter][tile] = M A: four of each row, or the maxima of each two columns of both rows.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void TransformOutput<T, TPoints, TFilter>(float* m, float* results)
        where T : unmanaged, ILanes<T> where TPoints : IWinogradPoints<T> where TFilter : IMinimalFilter
    {
        var room = stackalloc float[(2 * Tile + 1) * Block];
        var outputs = Layout.Align(room);
        for (var filter = 0; filter < Block; filter++, results += Block)
        {
            for (var row = 0; row < 2; row++, m += TPoints.Count * Block)
            {
                if (IsPooled) TPoints.EvaluateTransposed<OutputSide<TFilter>>(m, Block, outputs + row * Tile * Block, Block);
                else TPoints.EvaluateTransposed<OutputSide<TFilter>>(m, Block, results + row * Tile * ResultLength, ResultLength);
            }

            if (!IsPooled) continue;
            for (var i = 0; i < Tile / 2; i++)
            {
                var upper = outputs + 2 * i * Block;
                var lower = upper + Tile * Block;
                T.Store(
                    results + i * ResultLength,
                    T.Max(T.Max(T.Load(upper), T.Load(upper + Block)), T.Max(T.Load(lower), T.Load(lower + Block))));
            }
        }
    }

    /// <summary>y = clip(results + bias), as pixels of sixteen filters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Store<T>(Scratch memory, int block, int firstPair, int firstTile, int tiles, Epilogue epilogue, float* y)
        where T : unmanaged, ILanes<T>
    {
        var rowsOfPair = IsPooled ? 1 : 2;
        var (height, width) = IsPooled ? (Shape.OutHeight / 2, Shape.OutWidth / 2) : (Shape.OutHeight, Shape.OutWidth);
        // All results first: a vector cannot be loaded at once from the smaller stores of a transpose just before.
        for (var result = 0; result < rowsOfPair * _resultsOfRow; result++)
            Transpose.Square<T>(memory.Results + result * ResultLength, memory.Pixels + result * ResultLength);
        var bias = T.Load(epilogue.Bias + block * Block);
        T least = T.Broadcast(epilogue.Bounds.Least), most = T.Broadcast(epilogue.Bounds.Most);
        y += (nint)block * height * width * Block;
        var (pair, column) = Math.DivRem(firstTile, _columns);
        for (var tile = 0; tile < tiles; tile++)
        {
            var left = column * _resultsOfRow;
            var count = Math.Min(_resultsOfRow, width - left);
            for (var row = 0; row < rowsOfPair; row++)
            {
                var top = (firstPair + pair) * rowsOfPair + row;
                if (top == height) break;
                var from = memory.Pixels + row * _resultsOfRow * ResultLength + tile * Block;
                var to = y + ((nint)top * width + left) * Block;
                for (var i = 0; i < count; i++, from += ResultLength, to += Block)
                    T.Store(to, T.Clip(T.Add(T.Load(from), bias), least, most));
            }

            if (++column == _columns) (pair, column) = (pair + 1, 0);
        }
    }

    /// <summary>Floats of the parts of the scratch memory.</summary>
    private readonly record struct ScratchParts(int Line, int Phases, int V, int M, int Results)
    {
        public int Total => checked(Layout.WholeLines(Line) + Layout.WholeLines(Phases) + Layout.WholeLines(V) + M + 2 * Results);
    }

    /// <summary>The parts of the scratch memory, each at the beginning of a cache line.</summary>
    private readonly struct Scratch(float* memory, ScratchParts parts)
    {
        public readonly float* M = memory;
        public readonly float* Results = memory + parts.M;
        public readonly float* Pixels = memory + parts.M + parts.Results;
        public readonly float* V = memory + parts.M + 2 * parts.Results;
        public readonly float* Phases = memory + parts.M + 2 * parts.Results + Layout.WholeLines(parts.V);
        public readonly float* Line =
            memory + parts.M + 2 * parts.Results + Layout.WholeLines(parts.V) + Layout.WholeLines(parts.Phases);
    }

    private readonly struct PackKernel(PlanarWinogradConvolution conv, float* weights, float* packed) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            if (conv.Shape.KernelWidth == 5) conv.Pack<T, Points8<T>, F4x5>(weights, packed);
            else conv.Pack<T, Points6<T>, F4x3>(weights, packed);
        }
    }

    private readonly struct ForwardKernel(
        PlanarWinogradConvolution conv, int firstBand, int endBand, float* x, bool isPlain, float* weights, Epilogue epilogue, float* y,
        float* scratch) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            if (conv.Shape.KernelWidth == 5)
                conv.Forward<T, Points8<T>, F4x5>(firstBand, endBand, x, isPlain, weights, epilogue, y, scratch);
            else conv.Forward<T, Points6<T>, F4x3>(firstBand, endBand, x, isPlain, weights, epilogue, y, scratch);
        }
    }
}
