using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>dx = Σ dy · weight over the windows that see x.</summary>
internal readonly unsafe struct DepthwiseBackwardData(WindowShape shape, float* dy, float* weights, int images, float* dx, bool accumulate)
    : IKernel
{
    /// <summary>Largest window whose mirror image is kept on the stack: 64 kB.</summary>
    private const int MaxMirrored = 1024;

    public void Reference()
    {
        var sums = new double[(long)shape.Planes(images) * shape.InputPlane];
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var block = o / shape.OutputPlane % shape.Blocks;
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i)
                    sums[i] += (double)dy[o] * weights[(block * shape.Area + tap) * Layout.Block + o % Layout.Block];
            }
        }

        for (var i = 0L; i < sums.LongLength; i++) dx[i] = (float)(sums[i] + (accumulate ? dx[i] : 0));
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        if (CanRunMirrored)
        {
            RunMirrored<T>();
            return;
        }

        for (var i = 0L; i < shape.Planes(images); i++)
        {
            var block = (int)(i % shape.Blocks);
            Plane<T>(shape, dy + i * shape.OutputPlane, weights + block * shape.Area * Layout.Block, dx + i * shape.InputPlane, accumulate);
        }
    }

    private bool CanRunMirrored => shape.Stride == 1 && shape.KernelHeight == shape.KernelWidth && shape.Padding < shape.KernelWidth
        && shape.Area <= MaxMirrored;

    /// <summary>
    /// With stride 1 it is a forward pass from dy to dx: each window is turned by half a turn, and the padding is what is left of it.
    /// </summary>
    private void RunMirrored<T>() where T : unmanaged, ILanes<T>
    {
        var mirrored = stackalloc float[shape.Area * Layout.Block];
        var (kernel, padding) = (shape.KernelWidth, shape.KernelWidth - 1 - shape.Padding);
        var plane = new DepthwiseForward.Plane(
            shape.OutHeight, shape.OutWidth, shape.Height, shape.Width, kernel, kernel, Stride: 1, padding);
        for (var block = 0; block < shape.Blocks; block++)
        {
            for (var tap = 0; tap < shape.Area; tap++)
                T.Store(mirrored + tap * Layout.Block, T.Load(weights + ((block + 1) * shape.Area - 1 - tap) * Layout.Block));
            for (var i = (long)block; i < shape.Planes(images); i += shape.Blocks)
                DepthwiseForward.Convolve<T>(plane, dy + i * shape.OutputPlane, mirrored, accumulate, dx + i * shape.InputPlane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(WindowShape shape, float* dy, float* weights, float* dx, bool accumulate) where T : unmanaged, ILanes<T>
    {
        var stride = shape.Stride;
        var outWidth = shape.OutWidth;
        for (var iy = 0; iy < shape.Height; iy++)
        {
            var rows = SeenBy.Of(iy, shape.KernelHeight, stride, shape.Padding, shape.OutHeight);
            for (var ix = 0; ix < shape.Width; ix++, dx += Layout.Block)
            {
                var columns = SeenBy.Of(ix, shape.KernelWidth, stride, shape.Padding, outWidth);
                var sum = accumulate ? T.Load(dx) : T.Zero;
                for (int oy = rows.FirstOutput, ky = rows.FirstTap; oy > rows.EndOutput; oy--, ky += stride)
                {
                    var gradient = dy + (oy * outWidth + columns.FirstOutput) * Layout.Block;
                    var weight = weights + (ky * shape.KernelWidth + columns.FirstTap) * Layout.Block;
                    for (var ox = columns.FirstOutput;
                        ox > columns.EndOutput;
                        ox--, gradient -= Layout.Block, weight += stride * Layout.Block)
                    {
                        sum = T.MultiplyAdd(T.Load(gradient), T.Load(weight), sum);
                    }
                }

                T.Store(dx, sum);
            }
        }
    }

    /// <summary>
    /// The outputs that see one input position along one axis: from FirstOutput, where it meets FirstTap, down to before EndOutput.
    /// </summary>
    private readonly record struct SeenBy(int FirstOutput, int EndOutput, int FirstTap)
    {
        public static SeenBy Of(int input, int kernel, int stride, int padding, int outputs)
        {
            var position = input + padding;
            var last = Math.Min(outputs - 1, position / stride);
            var end = (position - kernel + stride) / stride - 1;
            return new(last, Math.Max(-1, end), position - last * stride);
        }
    }
}

/// <summary>Adds Σ dy · x to the gradient of the weights.</summary>
internal readonly unsafe struct DepthwiseBackwardWeight(WindowShape shape, float* x, float* dy, int images, float* gradient) : IKernel
{
    public void Reference()
    {
        var sums = new double[DepthwiseConvolution.WeightLength(shape)];
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var block = o / shape.OutputPlane % shape.Blocks;
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i)
                    sums[(block * shape.Area + tap) * Layout.Block + o % Layout.Block] += (double)dy[o] * x[i];
            }
        }

        for (var i = 0; i < sums.Length; i++) gradient[i] += (float)sums[i];
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        for (var i = 0L; i < shape.Planes(images); i++)
        {
            var block = (int)(i % shape.Blocks);
            Plane<T>(shape, x + i * shape.InputPlane, dy + i * shape.OutputPlane, gradient + block * shape.Area * Layout.Block);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(WindowShape shape, float* x, float* dy, float* gradient) where T : unmanaged, ILanes<T>
    {
        for (var ky = 0; ky < shape.KernelHeight; ky++)
        {
            var rows = Inside.Of(ky, shape.Height, shape.Stride, shape.Padding, shape.OutHeight);
            var kx = 0;
            for (; shape.Stride == 1 && kx + 3 <= shape.KernelWidth; kx += 3, gradient += 3 * Layout.Block)
                ThreeTaps<T>(shape, x, dy, rows, kx - shape.Padding, gradient);
            for (; kx < shape.KernelWidth; kx++, gradient += Layout.Block)
            {
                var columns = Inside.Of(kx, shape.Width, shape.Stride, shape.Padding, shape.OutWidth);
                Tap<T>(shape, x, dy, rows, columns, gradient);
            }
        }
    }

    /// <summary>
    /// Three neighbouring weights of a row, with stride 1: a pixel that is loaded meets all three. Two sums of each hide the latency.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ThreeTaps<T>(WindowShape shape, float* x, float* dy, Inside rows, int left, float* gradient)
        where T : unmanaged, ILanes<T>
    {
        var (width, outWidth) = (shape.Width, shape.OutWidth);
        T even0 = T.Load(gradient), even1 = T.Load(gradient + Layout.Block), even2 = T.Load(gradient + 2 * Layout.Block);
        T odd0 = T.Zero, odd1 = T.Zero, odd2 = T.Zero;
        for (var oy = rows.First; oy < rows.End; oy++)
        {
            var source = x + (oy + rows.Offset) * width * Layout.Block;
            var output = dy + oy * outWidth * Layout.Block;
            T x0 = PixelOf<T>(source, left, width), x1 = PixelOf<T>(source, left + 1, width);
            var ox = 0;
            for (; ox + 2 <= outWidth; ox += 2, output += 2 * Layout.Block)
            {
                T x2 = PixelOf<T>(source, left + ox + 2, width), x3 = PixelOf<T>(source, left + ox + 3, width);
                T first = T.Load(output), second = T.Load(output + Layout.Block);
                even0 = T.MultiplyAdd(first, x0, even0);
                even1 = T.MultiplyAdd(first, x1, even1);
                even2 = T.MultiplyAdd(first, x2, even2);
                odd0 = T.MultiplyAdd(second, x1, odd0);
                odd1 = T.MultiplyAdd(second, x2, odd1);
                odd2 = T.MultiplyAdd(second, x3, odd2);
                (x0, x1) = (x2, x3);
            }

            if (ox == outWidth) continue;
            var last = T.Load(output);
            even0 = T.MultiplyAdd(last, x0, even0);
            even1 = T.MultiplyAdd(last, x1, even1);
            even2 = T.MultiplyAdd(last, PixelOf<T>(source, left + ox + 2, width), even2);
        }

        T.Store(gradient, T.Add(even0, odd0));
        T.Store(gradient + Layout.Block, T.Add(even1, odd1));
        T.Store(gradient + 2 * Layout.Block, T.Add(even2, odd2));
    }

    /// <summary>A pixel of a row, or zeros beyond the border.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T PixelOf<T>(float* row, int column, int width) where T : unmanaged, ILanes<T> =>
        (uint)column < (uint)width ? T.Load(row + column * Layout.Block) : T.Zero;

    /// <summary>One weight of sixteen channels; two sums hide the latency of the additions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tap<T>(WindowShape shape, float* x, float* dy, Inside rows, Inside columns, float* gradient)
        where T : unmanaged, ILanes<T>
    {
        var step = shape.Stride * Layout.Block;
        T sum0 = T.Load(gradient), sum1 = T.Zero;
        for (var oy = rows.First; oy < rows.End; oy++)
        {
            var (row, column) = (oy * shape.Stride + rows.Offset, columns.First * shape.Stride + columns.Offset);
            var source = x + (row * shape.Width + column) * Layout.Block;
            var output = dy + (oy * shape.OutWidth + columns.First) * Layout.Block;
            var end = dy + (oy * shape.OutWidth + columns.End) * Layout.Block;
            for (; output + Layout.Block < end; output += 2 * Layout.Block, source += 2 * step)
            {
                sum0 = T.MultiplyAdd(T.Load(output), T.Load(source), sum0);
                sum1 = T.MultiplyAdd(T.Load(output + Layout.Block), T.Load(source + step), sum1);
            }

            if (output < end) sum0 = T.MultiplyAdd(T.Load(output), T.Load(source), sum0);
        }

        T.Store(gradient, T.Add(sum0, sum1));
    }

    /// <summary>The outputs First … End − 1 along one axis for which a tap lies inside of the map, at output · stride + Offset.</summary>
    private readonly record struct Inside(int First, int End, int Offset)
    {
        public static Inside Of(int tap, int extent, int stride, int padding, int outputs)
        {
            var offset = tap - padding;
            var first = offset >= 0 ? 0 : Layout.CeilDiv(-offset, stride);
            var end = extent - offset <= 0 ? 0 : Math.Min(outputs, (extent - offset - 1) / stride + 1);
            return new(first, Math.Max(first, end), offset);
        }
    }
}
