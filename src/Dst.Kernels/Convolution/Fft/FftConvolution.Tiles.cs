using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <content>Images to spectra and back.</content>
public sealed unsafe partial class FftConvolution
{
    private void TransformInput<T>(TileRun tiles, float* x, float* v, float* scratch) where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < tiles.Count * Shape.ChannelBlocks; i++)
        {
            var (tile, block) = Math.DivRem(i, Shape.ChannelBlocks);
            _spectrum.Transform<T>(
                _tiling.InputWindow(tiles.First + tile, block, x), v + OffsetOf(block, tiles.Place + tile), _inputPitch, scratch);
        }
    }

    private void TransformOutputGradient<T>(TileRun tiles, float* dy, float* dm, float* scratch) where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < tiles.Count * Shape.FilterBlocks; i++)
        {
            var (tile, block) = Math.DivRem(i, Shape.FilterBlocks);
            _spectrum.Transform<T>(
                _tiling.OutputWindow(tiles.First + tile, block, dy), dm + OffsetOf(block, tiles.Place + tile), _outputPitch, scratch);
        }
    }

    private void TransformOutput<T>(TileRun tiles, float* m, Epilogue epilogue, float* y, float* scratch) where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < tiles.Count * Shape.FilterBlocks; i++)
        {
            var (tile, block) = Math.DivRem(i, Shape.FilterBlocks);
            var window = _tiling.OutputWindow(tiles.First + tile, block, y);
            _spectrum.Transpose<T>(m + OffsetOf(block, tiles.Place + tile), _outputPitch, window, accumulate: false, scratch);
            _tiling.Finish<T>(tiles.First + tile, block, epilogue, y);
        }
    }

    private void AddInputGradient<T>(TileRun tiles, float* dv, float* dx, float* scratch) where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < tiles.Count * Shape.ChannelBlocks; i++)
        {
            var (tile, block) = Math.DivRem(i, Shape.ChannelBlocks);
            _spectrum.Transpose<T>(
                dv + OffsetOf(block, tiles.Place + tile), _inputPitch, _tiling.InputWindow(tiles.First + tile, block, dx), accumulate: true,
                scratch);
        }
    }

    private readonly struct InputKernel(FftConvolution conv, TileRun tiles, float* x, float* v, float* scratch) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.TransformInput<T>(tiles, x, v, scratch);
    }

    private readonly struct OutputGradientKernel(FftConvolution conv, TileRun tiles, float* dy, float* dm, float* scratch) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.TransformOutputGradient<T>(tiles, dy, dm, scratch);
    }

    private readonly struct OutputKernel(FftConvolution conv, TileRun tiles, float* m, Epilogue epilogue, float* y, float* scratch)
        : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.TransformOutput<T>(tiles, m, epilogue, y, scratch);
    }

    private readonly struct InputGradientKernel(FftConvolution conv, TileRun tiles, float* dv, float* dx, float* scratch) : IVectorKernel
    {
        public void Run<T>() where T : unmanaged, ILanes<T> => conv.AddInputGradient<T>(tiles, dv, dx, scratch);
    }
}
