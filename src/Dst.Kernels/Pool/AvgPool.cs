using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Mean over a window; the padding counts as zeros or not at all. Over <see cref="WindowShape.WholeMap"/> it is global average pooling.
/// </summary>
public static unsafe class AvgPool
{
    /// <summary>y = the mean of x in each window.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes; the padding is smaller than the window.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="countPadding">Whether the mean includes the padding; it never includes positions beyond the padding.</param>
    /// <param name="y">[N, C/16, OutHeight, OutWidth, 16].</param>
    public static void Forward(SimdTier tier, WindowShape shape, float* x, int images, bool countPadding, float* y)
    {
        shape.ValidatePool(images);
        KernelRunner.Run(tier, new AvgPoolForward(shape, x, images, countPadding, y));
    }

    /// <summary>Spreads each window's gradient evenly: dx = Σ dy / count over the windows that see x.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes; the padding is smaller than the window.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="countPadding">As in the forward pass.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public static void Backward(SimdTier tier, WindowShape shape, float* dy, int images, bool countPadding, float* dx, bool accumulate)
    {
        shape.ValidatePool(images);
        if (!accumulate) shape.ClearInput(images, dx);
        KernelRunner.Run(tier, new AvgPoolBackward(shape, dy, images, countPadding, dx));
    }
}

/// <summary>y = the mean of x in each window.</summary>
internal readonly unsafe struct AvgPoolForward(WindowShape shape, float* x, int images, bool countPadding, float* y) : IKernel
{
    public void Reference()
    {
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var sum = 0.0;
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i) sum += x[i];
            }

            y[o] = (float)(sum / shape.CountOf(o, countPadding));
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        if (shape.IsWholeMap)
        {
            WholeMaps<T>(shape.Planes(images), shape.Area, x, y);
            return;
        }

        for (var i = 0L; i < shape.Planes(images); i++) Plane<T>(shape, countPadding, x + i * shape.InputPlane, y + i * shape.OutputPlane);
    }

    /// <summary>A window for each map, which may be a few pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WholeMaps<T>(int maps, int pixels, float* x, float* y) where T : unmanaged, ILanes<T>
    {
        var scale = T.Broadcast(1f / pixels);
        for (; maps > 0; maps--, y += Layout.Block)
        {
            var sum = T.Zero;
            for (var end = x + (nint)pixels * Layout.Block; x < end; x += Layout.Block) sum = T.Add(sum, T.Load(x));
            T.Store(y, T.Multiply(sum, scale));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(WindowShape shape, bool countPadding, float* x, float* y) where T : unmanaged, ILanes<T>
    {
        var width = shape.Width;
        var (outHeight, outWidth) = (shape.OutHeight, shape.OutWidth);
        for (var oy = 0; oy < outHeight; oy++)
        {
            var rows = shape.Rows(oy);
            for (var ox = 0; ox < outWidth; ox++, y += Layout.Block)
            {
                var columns = shape.Columns(ox);
                var scale = T.Broadcast(1f / (rows.Count(countPadding) * columns.Count(countPadding)));
                var sum = T.Zero;
                for (var iy = rows.First; iy < rows.End; iy++)
                {
                    for (var i = (iy * width + columns.First) * Layout.Block;
                        i < (iy * width + columns.End) * Layout.Block;
                        i += Layout.Block)
                    {
                        sum = T.Add(sum, T.Load(x + i));
                    }
                }

                T.Store(y, T.Multiply(sum, scale));
            }
        }
    }
}

/// <summary>dx += dy / count in each window.</summary>
internal readonly unsafe struct AvgPoolBackward(WindowShape shape, float* dy, int images, bool countPadding, float* dx) : IKernel
{
    public void Reference()
    {
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var share = (float)((double)dy[o] / shape.CountOf(o, countPadding));
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i) dx[i] += share;
            }
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        for (var i = 0L; i < shape.Planes(images); i++)
            Plane<T>(shape, countPadding, dy + i * shape.OutputPlane, dx + i * shape.InputPlane);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(WindowShape shape, bool countPadding, float* dy, float* dx) where T : unmanaged, ILanes<T>
    {
        var width = shape.Width;
        var (outHeight, outWidth) = (shape.OutHeight, shape.OutWidth);
        for (var oy = 0; oy < outHeight; oy++)
        {
            var rows = shape.Rows(oy);
            for (var ox = 0; ox < outWidth; ox++, dy += Layout.Block)
            {
                var columns = shape.Columns(ox);
                var scale = T.Broadcast(1f / (rows.Count(countPadding) * columns.Count(countPadding)));
                var share = T.Multiply(T.Load(dy), scale);
                for (var iy = rows.First; iy < rows.End; iy++)
                {
                    for (var i = (iy * width + columns.First) * Layout.Block;
                        i < (iy * width + columns.End) * Layout.Block;
                        i += Layout.Block)
                    {
                        T.Store(dx + i, T.Add(T.Load(dx + i), share));
                    }
                }
            }
        }
    }
}
