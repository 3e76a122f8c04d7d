using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Mean over a window without padding. Over <see cref="WindowShape.WholeMap"/> it is global average pooling.</summary>
public static unsafe class AvgPool
{
    /// <summary>y = the mean of x in each window.</summary>
    /// <param name="shape">Sizes, without padding.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="y">[N, C/16, OutHeight, OutWidth, 16].</param>
    public static void Forward(WindowShape shape, float* x, int images, float* y)
    {
        Validate(shape, images);
        KernelRunner.Run(new AvgPoolForward(shape, x, images, y));
    }

    /// <summary>Spreads each window's gradient evenly: dx = Σ dy / area over the windows that see x.</summary>
    /// <param name="shape">Sizes, without padding.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public static void Backward(WindowShape shape, float* dy, int images, float* dx, bool accumulate)
    {
        Validate(shape, images);
        if (!accumulate) shape.ClearInput(images, dx);
        KernelRunner.Run(new AvgPoolBackward(shape, dy, images, dx));
    }

    private static void Validate(WindowShape shape, int images)
    {
        shape.Validate(images);
        if (shape.Padding != 0) throw new ArgumentException($"the padding is {shape.Padding}; 0 was expected");
    }
}

/// <summary>y = the mean of x in each window.</summary>
internal readonly unsafe struct AvgPoolForward(WindowShape shape, float* x, int images, float* y) : IKernel
{
    public void Reference()
    {
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var sum = 0.0;
            for (var tap = 0; tap < shape.Area; tap++) sum += x[shape.InputOf(o, tap)];
            y[o] = (float)(sum / shape.Area);
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        for (var i = 0L; i < shape.Planes(images); i++) Plane<T>(shape, x + i * shape.InputPlane, y + i * shape.OutputPlane);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(WindowShape shape, float* x, float* y) where T : unmanaged, ILanes<T>
    {
        var width = shape.Width;
        var (outHeight, outWidth) = (shape.OutHeight, shape.OutWidth);
        var scale = T.Broadcast(1f / shape.Area);
        for (var oy = 0; oy < outHeight; oy++)
        {
            var rows = shape.Rows(oy);
            for (var ox = 0; ox < outWidth; ox++, y += Layout.Block)
            {
                var columns = shape.Columns(ox);
                var sum = T.Zero;
                for (var iy = rows.First; iy < rows.End; iy++)
                {
                    for (var i = (iy * width + columns.First) * Layout.Block; i < (iy * width + columns.End) * Layout.Block; i += Layout.Block)
                        sum = T.Add(sum, T.Load(x + i));
                }

                T.Store(y, T.Multiply(sum, scale));
            }
        }
    }
}

/// <summary>dx += dy / area in each window.</summary>
internal readonly unsafe struct AvgPoolBackward(WindowShape shape, float* dy, int images, float* dx) : IKernel
{
    public void Reference()
    {
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            for (var tap = 0; tap < shape.Area; tap++) dx[shape.InputOf(o, tap)] += (float)((double)dy[o] / shape.Area);
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        for (var i = 0L; i < shape.Planes(images); i++) Plane<T>(shape, dy + i * shape.OutputPlane, dx + i * shape.InputPlane);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(WindowShape shape, float* dy, float* dx) where T : unmanaged, ILanes<T>
    {
        var width = shape.Width;
        var (outHeight, outWidth) = (shape.OutHeight, shape.OutWidth);
        var scale = T.Broadcast(1f / shape.Area);
        for (var oy = 0; oy < outHeight; oy++)
        {
            var rows = shape.Rows(oy);
            for (var ox = 0; ox < outWidth; ox++, dy += Layout.Block)
            {
                var columns = shape.Columns(ox);
                var share = T.Multiply(T.Load(dy), scale);
                for (var iy = rows.First; iy < rows.End; iy++)
                {
                    for (var i = (iy * width + columns.First) * Layout.Block; i < (iy * width + columns.End) * Layout.Block; i += Layout.Block)
                        T.Store(dx + i, T.Add(T.Load(dx + i), share));
                }
            }
        }
    }
}
