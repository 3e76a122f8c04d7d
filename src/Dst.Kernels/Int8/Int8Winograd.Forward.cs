using Dst.Kernels.Simd;

namespace Dst.Kernels;

internal sealed unsafe partial class Int8Winograd
{
    /// <summary>Some blocks of filters of one image, a few tiles at a time.</summary>
    private readonly struct Kernel(Int8Winograd layer, byte* x, byte* residual, void* y, int first, int end, int* scratch) : IIntKernel
    {
        private readonly Int8WinogradTiles _tiling = layer._tiling;
        private readonly Int8WinogradTransforms _transforms = new(layer.Layer, layer._tiling, x, residual, y, scratch);
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
            _transforms.Pad();
            for (var tile = 0; tile < _tiling.Count; tile += _tiling.Capacity)
            {
                var count = Math.Min(_tiling.Capacity, _tiling.Count - tile);
                _transforms.Input<TPoints>(tile, count);
                if (_tiling.IsByPosition) MultiplyByPosition<T>(count);
                for (var b = first; b < end; b++)
                {
                    if (!_tiling.IsByPosition) MultiplyByBlock<T>(b, count);
                    _transforms.Output<T, TPoints>(b, SumsOf(b, 0), tile, count);
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
                ChannelPairs.Reorder<T>((short*)_transforms.InputsOf(position), pitch / Layout.Block, (short*)_reordered, pitch);
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
                Int8Product.Run<T, BlockPitch<T>, short>(
                    count, layer._allChannels, weights, _transforms.InputsOf(position), SumsOf(b, position));
            }
        }

        private short* WeightsOf(int b, int position) =>
            layer._weights.Pointer + layer._blocks[b].FirstWeight + (nint)position * layer._blocks[b].WeightPitch;

        /// <summary>The sums of a block of filters [tile][16].</summary>
        private int* SumsOf(int b, int position) =>
            _sums + ((nint)(_tiling.IsByPosition ? b - first : 0) * _tiling.Positions + position) * _tiling.OutputPitch;
    }

    /// <summary>What sixteen filters read.</summary>
    private sealed class FilterBlock
    {
        public FilterBlock(Int8WinogradTiles tiling, int[] channels)
        {
            var pairs = ChannelPairs.OfMap(channels);
            Channels = [.. pairs.SelectMany(pair => pair.Channels)];
            Pairs = Array.ConvertAll(pairs, pair => checked(
                (pair.Pair.Order * tiling.MapLength + pair.Block * tiling.PlanePitch) * sizeof(int) + pair.Pair.Place * sizeof(short)));
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
