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
            _spectrum.Forward<T>(
                InputWindow(tiles.First + tile, block, x), v + OffsetOf(block, tiles.Place + tile), _inputPitch, scratch);
        }
    }

    private void TransformOutputGradient<T>(TileRun tiles, float* dy, float* dm, float* scratch) where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < tiles.Count * Shape.FilterBlocks; i++)
        {
            var (tile, block) = Math.DivRem(i, Shape.FilterBlocks);
            _spectrum.Forward<T>(
                OutputWindow(tiles.First + tile, block, dy), dm + OffsetOf(block, tiles.Place + tile), _outputPitch, scratch);
        }
    }

    private void TransformOutput<T>(TileRun tiles, float* m, Epilogue epilogue, float* y, float* scratch) where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < tiles.Count * Shape.FilterBlocks; i++)
        {
            var (tile, block) = Math.DivRem(i, Shape.FilterBlocks);
            var window = OutputWindow(tiles.First + tile, block, y);
            _spectrum.Transposed<T>(m + OffsetOf(block, tiles.Place + tile), _outputPitch, window, accumulate: false, scratch);
            if (epilogue.IsEmpty) continue;
            for (var row = 0; row < window.EndRow; row++)
            {
                var pixel = window.At(row, 0);
                epilogue.From(block, pixel - y).Apply<T>(pixel, window.EndColumn);
            }
        }
    }

    private void AddInputGradient<T>(TileRun tiles, float* dv, float* dx, float* scratch) where T : unmanaged, ILanes<T>
    {
        for (var i = 0; i < tiles.Count * Shape.ChannelBlocks; i++)
        {
            var (tile, block) = Math.DivRem(i, Shape.ChannelBlocks);
            _spectrum.Transposed<T>(
                dv + OffsetOf(block, tiles.Place + tile), _inputPitch, InputWindow(tiles.First + tile, block, dx), accumulate: true,
                scratch);
        }
    }

    private TileWindow InputWindow(int tile, int block, float* x)
    {
        var (image, row, column) = PlaceOf(tile);
        return TileWindow.Of(
            x + ((long)image * Shape.ChannelBlocks + block) * Shape.Height * Shape.Width * Layout.Block, Shape.Height, Shape.Width,
            row * _rows.Step - Shape.Padding, column * _columns.Step - Shape.Padding, _spectrum.Size, _spectrum.Size);
    }

    private TileWindow OutputWindow(int tile, int block, float* y)
    {
        var (image, row, column) = PlaceOf(tile);
        return TileWindow.Of(
            y + ((long)image * Shape.FilterBlocks + block) * Shape.OutHeight * Shape.OutWidth * Layout.Block, Shape.OutHeight,
            Shape.OutWidth, row * _rows.Step, column * _columns.Step, _rows.Step, _columns.Step);
    }

    private (int Image, int Row, int Column) PlaceOf(int tile)
    {
        var (image, ofImage) = Math.DivRem(tile, TilesPerImage);
        return (image, ofImage / _columns.Tiles, ofImage % _columns.Tiles);
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
