using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>The matrix products: at each position of the transform domain one of weights and tiles.</content>
public sealed unsafe partial class WinogradConv2d
{
    /// <summary>The gradient's lists of channels are filled up to a multiple of the widest <see cref="ITapAccumulators{TLanes}"/>.</summary>
    private const int GradientChannelMultiple = 8;

    /// <summary>Each block's channel offsets, filled up by repeating the last (what the copies gather is never read), and where each block begins.</summary>
    private (int[] Offsets, int[] First) PlanWeightGradient()
    {
        var offsets = new List<int>();
        var first = new int[Shape.FilterBlocks + 1];
        for (var b = 0; b < Shape.FilterBlocks; b++)
        {
            foreach (var run in _inputOffsets[_kept.First(b).._kept.First(b + 1)].Chunk(GradientChannelMultiple))
                for (var i = 0; i < GradientChannelMultiple; i++) offsets.Add(run[Math.Min(i, run.Length - 1)]);
            first[b + 1] = offsets.Count;
        }

        return ([.. offsets], first);
    }

    private void Multiply<T>(int firstPosition, int endPosition, int rows, float* v, float* u, float* m) where T : unmanaged, ILanes<T>
    {
        var taps = _inputOffsets.Length;
        fixed (int* offsets = _inputOffsets)
        {
            for (var p = firstPosition; p < endPosition; p++)
            {
                for (var b = 0; b < Shape.FilterBlocks; b++)
                {
                    var first = _kept.First(b);
                    TileProduct.Run<T>(
                        _tileWidths[rows], offsets + first, _kept.First(b + 1) - first, u + ((long)p * taps + first) * Layout.Block,
                        v + (long)p * _inputPitch, m + (long)p * _outputPitch + TileOffset(b, 0));
                }
            }
        }
    }

    private void MultiplyTransposed<T>(int firstPosition, int endPosition, int rows, float* dm, float* u, float* dv) where T : unmanaged, ILanes<T>
    {
        fixed (int* offsets = _outputOffsets)
        {
            for (var p = firstPosition; p < endPosition; p++)
            {
                for (var b = 0; b < Shape.ChannelBlocks; b++)
                {
                    TileProduct.Run<T>(
                        _tileWidths[rows], offsets, Shape.Filters, u + ((long)p * Shape.ChannelBlocks + b) * Shape.Filters * Layout.Block,
                        dm + (long)p * _outputPitch, dv + (long)p * _inputPitch + TileOffset(b, 0));
                }
            }
        }
    }

    private void AddWeightGradient<T, TTaps>(int firstPosition, int endPosition, int rows, float* v, float* dm, float* du)
        where T : unmanaged, ILanes<T>
        where TTaps : unmanaged, ITapAccumulators<T>
    {
        fixed (int* offsets = _gradientOffsets)
        {
            for (var p = firstPosition; p < endPosition; p++)
            {
                var sums = du + (long)p * _gradientOffsets.Length * Layout.Block;
                for (var b = 0; b < Shape.FilterBlocks; b++)
                {
                    for (var c = _gradientFirst[b]; c < _gradientFirst[b + 1]; c += TTaps.Count)
                    {
                        TileProduct.Correlate<T, TTaps>(
                            rows * _tileColumns, v + (long)p * _inputPitch, offsets + c, dm + (long)p * _outputPitch + TileOffset(b, 0), sums + (long)c * Layout.Block);
                    }
                }
            }
        }
    }

    private readonly struct MultiplyKernel(WinogradConv2d conv, int first, int end, int rows, float* v, float* u, float* m) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.Multiply<T>(first, end, rows, v, u, m);
    }

    private readonly struct MultiplyTransposedKernel(WinogradConv2d conv, int first, int end, int rows, float* dm, float* u, float* dv) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.MultiplyTransposed<T>(first, end, rows, dm, u, dv);
    }

    private readonly struct WeightGradientKernel(WinogradConv2d conv, int first, int end, int rows, float* v, float* dm, float* du) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T>
        {
            if (T.Accumulators >= EightTaps<T>.Count) conv.AddWeightGradient<T, EightTaps<T>>(first, end, rows, v, dm, du);
            else conv.AddWeightGradient<T, FourTaps<T>>(first, end, rows, v, dm, du);
        }
    }
}
