using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

internal sealed unsafe partial class Int8Winograd
{
    /// <summary>Some blocks of filters of one image, a few tiles at a time.</summary>
    private readonly struct Kernel(Int8Winograd layer, byte* x, byte* residual, void* y, int first, int end, int* scratch) : IIntKernel
    {
        private readonly Int8Tiling _tiling = layer._tiling;
        private readonly short* _inputs = (short*)(scratch + layer._tiling.PaddedLength);
        private readonly int* _reordered = scratch + layer._tiling.FirstReordered;
        private readonly int* _sums = scratch + layer._tiling.FirstSum;

        public void Run<T>() where T : unmanaged, IIntLanes<T>
        {
            if (_tiling.Points == Int8Points4.Count) Run<T, Int8Points4>();
            else if (_tiling.Points == Int8Points6.Count) Run<T, Int8Points6>();
            else Run<T, Int8Points9>();
        }

        private void Run<T, TPoints>()
            where T : unmanaged, IIntLanes<T>
            where TPoints : IInt8Points
        {
            Pad();
            for (var tile = 0; tile < _tiling.Count; tile += _tiling.Capacity)
            {
                var count = Math.Min(_tiling.Capacity, _tiling.Count - tile);
                TransformInput<TPoints>(tile, count);
                if (_tiling.IsByPosition) MultiplyByPosition<T>(count);
                for (var b = first; b < end; b++)
                {
                    if (!_tiling.IsByPosition) MultiplyByBlock<T>(b, count);
                    TransformOutput<T, TPoints>(b, tile, count);
                }
            }
        }

        /// <summary>Copies the image, with its padding around it.</summary>
        private void Pad()
        {
            var shape = layer.Layer.Shape;
            var to = (byte*)scratch;
            var row = _tiling.PaddedColumns * Layout.Block;
            var (height, width) =
                (Math.Min(shape.Height, _tiling.PaddedRows - shape.Padding), Math.Min(shape.Width, _tiling.PaddedColumns - shape.Padding));
            new Span<byte>(to, _tiling.PaddedLength * sizeof(int)).Fill(layer.Layer.Padding);
            for (var block = 0; block < shape.ChannelBlocks; block++)
            {
                var inside = to + ((long)block * _tiling.PaddedRows + shape.Padding) * row + shape.Padding * Layout.Block;
                var from = x + (long)block * shape.Height * shape.Width * Layout.Block;
                for (var r = 0; r < height; r++, inside += row, from += shape.Width * Layout.Block)
                    Unsafe.CopyBlockUnaligned(inside, from, (uint)(width * Layout.Block));
            }
        }

        /// <summary>V = Bᵀ d B.</summary>
        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void TransformInput<TPoints>(int firstTile, int count) where TPoints : IInt8Points
        {
            var room = stackalloc short[(TPoints.Count * TPoints.Count + 2) * Layout.Block];
            var half = Layout.Align(room);
            nint pitch = 2 * _tiling.InputPitch, rowPitch = _tiling.PaddedColumns * Layout.Block;
            for (var block = 0; block < layer.Layer.Shape.ChannelBlocks; block++)
            {
                var plane = (byte*)scratch + (long)block * _tiling.PaddedRows * rowPitch;
                var to = _inputs + (long)block * _tiling.PlanePitch * 2;
                for (var tile = firstTile; tile < firstTile + count; tile++, to += Layout.Block)
                {
                    var (row, column) = Math.DivRem(tile, _tiling.Columns);
                    var from = plane + row * _tiling.Step * rowPitch + column * _tiling.Step * Layout.Block;
                    for (var i = 0; i < TPoints.Count; i++)
                        TPoints.Input(from + i * Layout.Block, rowPitch, half + i * Layout.Block, TPoints.Count * Layout.Block);
                    for (var i = 0; i < TPoints.Count; i++)
                        TPoints.Input(half + i * TPoints.Count * Layout.Block, Layout.Block, to + i * TPoints.Count * pitch, pitch);
                }
            }
        }

        /// <summary>
        /// The products of one position after another with all blocks of filters. They take pairs of channels from all orders.
        /// </summary>
        private void MultiplyByPosition<T>(int count) where T : unmanaged, IIntLanes<T>
        {
            var pitch = checked(_tiling.MapLength * 2);
            for (var position = 0; position < _tiling.Positions; position++)
            {
                ChannelPairs.Reorder<T>((short*)InputsOf(position), pitch / Layout.Block, (short*)_reordered, pitch);
                for (var b = first; b < end; b++)
                {
                    var weights = WeightsOf(b, position);
                    Int8Product.RunPairs<T>(count, layer._blocks[b].Pairs, weights, _reordered, SumsOf(b, position));
                }
            }
        }

        /// <summary>The products of one block of filters with all channels, position by position.</summary>
        private void MultiplyByBlock<T>(int b, int count) where T : unmanaged, IIntLanes<T>
        {
            for (var position = 0; position < _tiling.Positions; position++)
            {
                var weights = WeightsOf(b, position);
                Int8Product.Run<T, BlockPitch<T>, short>(count, layer._allChannels, weights, InputsOf(position), SumsOf(b, position));
            }
        }

        private int* InputsOf(int position) => (int*)_inputs + (nint)position * _tiling.InputPitch;

        private short* WeightsOf(int b, int position) =>
            layer._weights.Pointer + layer._blocks[b].FirstWeight + (nint)position * layer._blocks[b].WeightPitch;

        /// <summary>The sums of a block of filters [tile][16].</summary>
        private int* SumsOf(int b, int position) =>
            _sums + ((nint)(_tiling.IsByPosition ? b - first : 0) * _tiling.Positions + position) * _tiling.OutputPitch;

        /// <summary>Aᵀ M A, and what becomes of the sums.</summary>
        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private void TransformOutput<T, TPoints>(int b, int firstTile, int count)
            where T : unmanaged, IIntLanes<T>
            where TPoints : IInt8Points
        {
            var room = stackalloc int[(TPoints.Tile * (TPoints.Count + TPoints.Tile) + 1) * Layout.Block];
            var half = Layout.Align(room);
            var outputs = half + TPoints.Tile * TPoints.Count * Layout.Block;
            var (shape, inverse) = (layer.Layer.Shape, InverseOf(TPoints.Factor * TPoints.Factor));
            var output = new Int8Output(shape, layer.Layer.Pools, layer.Layer.Result.OfBlock(b), b, residual, y);
            var pitch = _tiling.OutputPitch;
            for (var tile = firstTile; tile < firstTile + count; tile++)
            {
                var sums = SumsOf(b, 0) + (tile - firstTile) * Layout.Block;
                for (var i = 0; i < TPoints.Count; i++)
                    TPoints.Output<T, SumOutput<T>>(sums + i * pitch, TPoints.Count * pitch, new(half + i * TPoints.Tile * Layout.Block));
                var (top, left) = (tile / _tiling.Columns * TPoints.Tile, tile % _tiling.Columns * TPoints.Tile);
                var (rows, columns) = (Math.Min(TPoints.Tile, shape.OutHeight - top), Math.Min(TPoints.Tile, shape.OutWidth - left));
                for (var i = 0; i < rows; i++)
                    TPoints.Output<T, ScaledOutput<T, TPoints>>(
                        half + i * Layout.Block, TPoints.Tile * Layout.Block,
                        new(outputs + i * TPoints.Tile * Layout.Block, inverse, TPoints.ShiftOf(i)));
                output.Store<T>(outputs, TPoints.Tile, top, left, rows, columns);
            }
        }
    }

    /// <summary>The inverse of an odd number modulo 2^32: each step doubles the bits that are right, three at first.</summary>
    private static int InverseOf(int odd)
    {
        var inverse = odd;
        for (var bits = 3; bits < 32; bits *= 2) inverse *= 2 - odd * inverse;
        return inverse;
    }

    /// <summary>The sums of neighbouring tiles.</summary>
    private readonly struct SumOutput<T>(int* sums) : ISumOutput<T> where T : unmanaged, IIntLanes<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(T of, int pixel) => T.Store(sums + pixel * Layout.Block, of);
    }

    /// <summary>The sums of a row of a tile, without the factors that the transforms bring.</summary>
    private readonly struct ScaledOutput<T, TPoints>(int* sums, int inverse, int shift) : ISumOutput<T>
        where T : unmanaged, IIntLanes<T>
        where TPoints : IInt8Points
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store(T of, int output)
        {
            if (TPoints.Factor != 1) of = T.Multiply(of, inverse);
            T.Store(sums + output * Layout.Block, T.ShiftRight(of, shift + TPoints.ShiftOf(output)));
        }
    }

    /// <summary>What sixteen filters read.</summary>
    private sealed class FilterBlock
    {
        public FilterBlock(Int8Tiling tiling, int[] channels)
        {
            var (pairs, places) = (new List<int>(), new List<int?>());
            foreach (var block in channels.GroupBy(channel => channel / Layout.Block, channel => channel % Layout.Block))
            {
                var map = block.Key * tiling.PlanePitch;
                foreach (var pair in ChannelPairs.Of(block))
                {
                    pairs.Add(checked((pair.Order * tiling.MapLength + map) * sizeof(int) + pair.Place * sizeof(short)));
                    places.AddRange([block.Key * Layout.Block + pair.First, block.Key * Layout.Block + pair.Second]);
                }
            }

            (Pairs, Channels) = ([.. pairs], [.. places]);
        }

        /// <summary>Where its weights of the first position begin.</summary>
        public int FirstWeight { get; set; }

        /// <summary>From its weights of one position to those of the next.</summary>
        public int WeightPitch { get; set; }

        /// <summary>Weights of a position.</summary>
        public int WeightCount => Channels.Length * Layout.Block;

        /// <summary>The channels in the order of the weights, by pairs; null stands for none.</summary>
        public int?[] Channels { get; }

        /// <summary>Where the pairs lie in reordered inputs, in bytes.</summary>
        public int[] Pairs { get; }
    }
}
