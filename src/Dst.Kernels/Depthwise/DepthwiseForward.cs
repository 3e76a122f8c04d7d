using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>y = conv(x) + bias.</summary>
internal readonly unsafe struct DepthwiseForward(WindowShape shape, float* x, float* weights, float* bias, int images, float* y) : IKernel
{
    private const int TileWidth = 4;

    public void Reference()
    {
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var block = o / shape.OutputPlane % shape.Blocks;
            var lane = o % Layout.Block;
            var sum = (double)bias[block * Layout.Block + lane];
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i) sum += (double)x[i] * weights[(block * shape.Area + tap) * Layout.Block + lane];
            }

            y[o] = (float)sum;
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        for (var i = 0L; i < shape.Planes(images); i++)
        {
            var block = (int)(i % shape.Blocks);
            Plane<T>(shape, x + i * shape.InputPlane, weights + block * shape.Area * Layout.Block, bias + block * Layout.Block, y + i * shape.OutputPlane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(WindowShape shape, float* x, float* weights, float* bias, float* y) where T : unmanaged, ILanes<T>
    {
        var (outHeight, outWidth) = (shape.OutHeight, shape.OutWidth);
        for (var oy = 0; oy < outHeight; oy++)
        {
            var rows = shape.Rows(oy);
            for (var ox = 0; ox < outWidth;)
            {
                var (first, end, origin, _) = shape.Columns(ox);
                var tile = ox + TileWidth <= outWidth && origin >= 0 && shape.Columns(ox + TileWidth - 1).Origin + shape.KernelWidth <= shape.Width;
                var source = x + (rows.First * shape.Width + first) * Layout.Block;
                var kernel = weights + ((rows.First - rows.Origin) * shape.KernelWidth + first - origin) * Layout.Block;
                if (tile) Tile<T>(shape, source, kernel, rows.End - rows.First, bias, y);
                else Pixel<T>(shape, source, kernel, rows.End - rows.First, end - first, bias, y);
                ox += tile ? TileWidth : 1;
                y += (tile ? TileWidth : 1) * Layout.Block;
            }
        }
    }

    /// <summary>Four neighbouring output pixels whose windows have all of their columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile<T>(WindowShape shape, float* x, float* weights, int rows, float* bias, float* y) where T : unmanaged, ILanes<T>
    {
        var step = shape.Stride * Layout.Block;
        var columns = shape.KernelWidth;
        var skip = (shape.Width - columns) * Layout.Block;
        T sum0 = T.Load(bias), sum1 = sum0, sum2 = sum0, sum3 = sum0;
        for (; rows > 0; rows--, x += skip)
        {
            for (var column = 0; column < columns; column++, x += Layout.Block, weights += Layout.Block)
            {
                var weight = T.Load(weights);
                sum0 = T.MultiplyAdd(T.Load(x), weight, sum0);
                sum1 = T.MultiplyAdd(T.Load(x + step), weight, sum1);
                sum2 = T.MultiplyAdd(T.Load(x + 2 * step), weight, sum2);
                sum3 = T.MultiplyAdd(T.Load(x + 3 * step), weight, sum3);
            }
        }

        T.Store(y, sum0);
        T.Store(y + Layout.Block, sum1);
        T.Store(y + 2 * Layout.Block, sum2);
        T.Store(y + 3 * Layout.Block, sum3);
    }

    /// <summary>One output pixel whose window the border may cut.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pixel<T>(WindowShape shape, float* x, float* weights, int rows, int columns, float* bias, float* y) where T : unmanaged, ILanes<T>
    {
        var sum = T.Load(bias);
        for (; rows > 0; rows--, x += shape.Width * Layout.Block, weights += shape.KernelWidth * Layout.Block)
        {
            for (var i = 0; i < columns * Layout.Block; i += Layout.Block) sum = T.MultiplyAdd(T.Load(x + i), T.Load(weights + i), sum);
        }

        T.Store(y, sum);
    }
}
