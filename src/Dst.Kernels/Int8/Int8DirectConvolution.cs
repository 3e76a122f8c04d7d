using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>The direct form: one multiply-add for each tap and output pixel.</summary>
internal sealed unsafe partial class Int8DirectConvolution : Int8Convolution
{
    /// <summary>Pixels of a row whose sums are kept before they become bytes: as many as stay in the first-level cache.</summary>
    private const int MostPixels = 32;

    private readonly SimdTier _tier;
    private readonly Conv2dShape _shape;
    private readonly int _perElement;
    private readonly bool _isSigned; // whether bytes are multiplied as signed ones
    private readonly Int8Planes _planes;
    private readonly Int8Result _result;
    private readonly FilterBlock[] _blocks = [];
    private readonly AlignedArray<sbyte> _packed = new(0);
    private readonly int _sums; // where sums lie in scratch memory, behind the planes

    /// <summary>Prepares a layer.</summary>
    public Int8DirectConvolution(SimdTier tier, Int8Layer layer) : base(layer)
    {
        (_tier, _shape) = (tier, layer.Pools ? layer.Shape : FlatOf(layer.Shape));
        _perElement = PerElement(tier, layer);
        _isSigned = _perElement == ByteSums128.Channels && ByteSums128.AreIn(tier);
        _result = _isSigned ? layer.Result.WithAddends(SumsOfZero(layer)) : layer.Result;
        _planes = Int8Planes.Create(layer, _shape, _perElement, _isSigned);
        if (tier == SimdTier.Scalar) return;
        var lists = layer.Kept?.UnionOverLanes()
            ?? [.. Enumerable.Repeat(Enumerable.Range(0, _shape.RowLength).ToArray(), _shape.FilterBlocks)];
        var total = 0L;
        _blocks = new FilterBlock[lists.Length];
        for (var b = 0; b < lists.Length; b++)
        {
            _blocks[b] = b > 0 && lists[b].AsSpan().SequenceEqual(lists[b - 1])
                ? _blocks[b - 1] with { FirstWeight = total }
                : new(_planes, _perElement, lists[b], total);
            total += _blocks[b].WeightBytes;
        }

        _packed = new(checked((int)total));
        for (var b = 0; b < lists.Length; b++) _blocks[b].PackWeights(_shape, b, layer.Weights, _packed.Span);
        _sums = Layout.WholeLines(_blocks.Max(block => block.PlanesLength));
        ScratchLength = _sums + (layer.Pools ? 2 : 1) * MostPixels * Layout.Block;
    }

    /// <inheritdoc/>
    public override long WeightBytes => Math.Max(_packed.Length, Layer.Weights.Length);

    /// <inheritdoc/>
    public override long ScratchLength { get; }

    /// <inheritdoc/>
    public override void Forward(byte* x, byte* residual, void* y, int first, int end, int* scratch)
    {
        if (_tier == SimdTier.Scalar && Layer.Pools) PooledReference(x, (byte*)y, first, end);
        else if (_tier == SimdTier.Scalar) Reference(x, residual, y, first, end);
        else IntKernelRunner.Run(_tier, new Kernel(this, x, residual, y, first, end, scratch));
    }

    /// <summary>
    /// Channels of an element: four where the processor multiplies bytes. Of one or two channels four bytes are filled only by columns side
    /// by side, and then pairs in vectors of 512 bits take no longer.
    /// </summary>
    private static int PerElement(SimdTier tier, Int8Layer layer)
    {
        if (!ByteSums256.AreIn(tier) && !ByteSums128.AreIn(tier)) return 2;
        var isFilled = layer.Shape.Channels > 2 || tier != SimdTier.V512 && RowPlanes.AreBetter(layer, ByteSums256.Channels);
        return isFilled ? ByteSums256.Channels : 2;
    }

    /// <summary>The sum of each filter where all bytes are <see cref="ByteSums128.Zero"/>: what signed bytes leave out.</summary>
    private static int[] SumsOfZero(Int8Layer layer) =>
        [.. layer.Weights.Chunk(layer.Shape.RowLength).Select(filter => ByteSums128.Zero * filter.Sum(weight => (int)weight))];

    /// <summary>The pixels of a 1×1 layer in one row, as none has neighbours.</summary>
    private static Conv2dShape FlatOf(Conv2dShape s) => (s.KernelHeight, s.KernelWidth, s.Stride, s.Padding) == (1, 1, 1, 0)
        ? s with { Height = 1, Width = s.Height * s.Width }
        : s;

    /// <summary>The specification of a layer that pools.</summary>
    private void PooledReference(byte* x, byte* y, int first, int end)
    {
        var (map, window) = (new byte[_shape.OutputLength], new WindowShape(_shape.Filters, _shape.OutHeight, _shape.OutWidth, 2, 2, 2));
        var maxima = new byte[window.Blocks * window.OutputPlane];
        fixed (byte* whole = map, largest = maxima)
        {
            Reference(x, null, whole, first, end);
            BytePool.MaxReference(window, whole, largest);
        }

        var places = (first * window.OutputPlane)..(end * window.OutputPlane);
        maxima.AsSpan(places).CopyTo(new Span<byte>(y, maxima.Length)[places]);
    }

    /// <summary>The specification.</summary>
    private void Reference(byte* x, byte* residual, void* y, int first, int end)
    {
        var (s, pixels) = (_shape, _shape.OutHeight * _shape.OutWidth);
        for (var i = (long)first * pixels * Layout.Block; i < (long)end * pixels * Layout.Block; i++)
        {
            var (filter, pixel) = (Layout.ChannelOf(i, s.FilterBlocks, pixels), (int)(i / Layout.Block % pixels));
            var sum = 0;
            for (var t = 0; filter < s.Filters && t < s.RowLength; t++)
            {
                var (channel, row, column) = (t / (s.KernelHeight * s.KernelWidth), t / s.KernelWidth % s.KernelHeight, t % s.KernelWidth);
                var (iy, ix) = (pixel / s.OutWidth * s.Stride - s.Padding + row, pixel % s.OutWidth * s.Stride - s.Padding + column);
                var isInside = (uint)iy < (uint)s.Height && (uint)ix < (uint)s.Width;
                var place = (((long)channel / Layout.Block * s.Height + iy) * s.Width + ix) * Layout.Block + channel % Layout.Block;
                sum += Layer.Weights[filter * s.RowLength + t] * (isInside ? x[place] : Layer.Padding);
            }

            Layer.Result.Store(filter, sum, residual, y, i);
        }
    }

    /// <summary>Some blocks of filters of one image.</summary>
    private readonly struct Kernel(
        Int8DirectConvolution layer, byte* x, byte* residual, void* y, int first, int end, int* scratch) : IIntKernel
    {
        public void Run<T>() where T : unmanaged, IIntLanes<T>
        {
            if (layer._isSigned) Run<T, ByteSums128>();
            else if (layer._perElement == ByteSums256.Channels) Run<T, ByteSums256>();
            else Run<T, T>();
        }

        private void Run<T, TSums>()
            where T : unmanaged, IIntLanes<T>
            where TSums : unmanaged, ISumLanes<TSums>
        {
            switch (layer._planes.OutputBytes)
            {
                case 1: Run<T, TSums, OneByte>(); break;
                case 2: Run<T, TSums, TwoBytes>(); break;
                case 3: Run<T, TSums, ThreeBytes>(); break;
                case 4: Run<T, TSums, FourBytes>(); break;
                case 6: Run<T, TSums, SixBytes>(); break;
                case 8: Run<T, TSums, EightBytes>(); break;
                default: Run<T, TSums, BlockPitch<TSums>>(); break;
            }
        }

        private void Run<T, TSums, TPitch>()
            where T : unmanaged, IIntLanes<T>
            where TSums : unmanaged, ISumLanes<TSums>
            where TPitch : IPixelPitch
        {
            layer._planes.Pack(x, scratch);
            for (var b = first; b < end; b++)
            {
                var block = layer._blocks[b];
                if (b == first || block.Moved != layer._blocks[b - 1].Moved) block.Move<TSums>(scratch);
                Block<T, TSums, TPitch>(block, b);
            }
        }

        private void Block<T, TSums, TPitch>(FilterBlock block, int b)
            where T : unmanaged, IIntLanes<T>
            where TSums : unmanaged, ISumLanes<TSums>
            where TPitch : IPixelPitch
        {
            var s = layer._shape;
            var output = new Int8Output(s, layer.Layer.Pools, layer._result.OfBlock(b), b, residual, y);
            var weights = layer._packed.Pointer + block.FirstWeight;
            var pitch = (nint)s.Stride * layer._planes.RowPitch;
            var sums = scratch + layer._sums;
            for (int row = 0, rows; row < s.OutHeight; row += rows)
            {
                rows = RowsOf<TSums>(row);
                for (int column = 0, width; column < s.OutWidth; column += width)
                {
                    var source = Int8Product.At<TPitch>(scratch + row * pitch, column);
                    if (rows == Int8RegisterTiles.Rows)
                    {
                        width = Int8Product.WidthOf<TSums>(Math.Min(TSums.Pixels / Int8RegisterTiles.Rows, s.OutWidth - column));
                        Int8Product.RunRows<TSums, TPitch>(width, block.Segments, weights, source, pitch, sums);
                    }
                    else
                    {
                        width = Math.Min(MostPixels, s.OutWidth - column);
                        for (var r = 0; r < rows; r++)
                        {
                            Int8Product.Run<TSums, TPitch, sbyte>(
                                width, block.Segments, weights, source + r * pitch, sums + r * width * Layout.Block);
                        }
                    }

                    output.Store<T>(sums, width, row, column, rows, width);
                }
            }
        }

        /// <summary>
        /// Rows at a time: those of a register tile where single ones would leave registers unused, or two that are pooled, or one.
        /// </summary>
        private int RowsOf<T>(int row) where T : unmanaged, ISumLanes<T>
        {
            var s = layer._shape;
            if (T.Pixels > Int8RegisterTiles.Rows && s.OutWidth % T.Pixels != 0 && s.OutHeight - row >= Int8RegisterTiles.Rows)
                return Int8RegisterTiles.Rows;
            return layer.Layer.Pools ? 2 : 1;
        }
    }
}
