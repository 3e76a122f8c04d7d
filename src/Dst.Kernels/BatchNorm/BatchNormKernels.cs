using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Σx and Σx² of each channel.</summary>
internal readonly unsafe struct BatchNormSum(float* x, int images, int blocks, int pixels, double* sums) : IKernel
{
    public void Reference()
    {
        for (var i = 0L; i < (long)images * blocks * pixels * Layout.Block; i++)
        {
            var channel = Layout.ChannelOf(i, blocks, pixels);
            sums[channel] += x[i];
            sums[blocks * Layout.Block + channel] += (double)x[i] * x[i];
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        if (images == 0) return;
        var plane = (long)pixels * Layout.Block;
        var local = stackalloc double[2 * Layout.Block];
        for (var b = 0; b < blocks; b++)
        {
            new Span<double>(local, 2 * Layout.Block).Clear();
            var origin = x + b * plane;
            for (var n = 0; n < images; n++) PlaneSums<T>(x + (n * (long)blocks + b) * plane, origin, pixels, local);
            Unshift(origin, (double)images * pixels, local, sums + b * Layout.Block, sums + (blocks + b) * Layout.Block);
        }
    }

    /// <summary>
    /// Adds Σd and Σd² with d = x − origin. An origin near the mean keeps the squares small, so that floats are precise enough for a chunk
    /// of pixels even where the mean is far larger than the deviation.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PlaneSums<T>(float* x, float* origin, int pixels, double* local) where T : unmanaged, ILanes<T>
    {
        var shift = T.Load(origin);
        for (var first = 0; first < pixels; first += Chunk.Pixels)
        {
            var end = x + (long)Math.Min(Chunk.Pixels, pixels - first) * Layout.Block;
            T sum0 = T.Zero, sum1 = T.Zero, square0 = T.Zero, square1 = T.Zero;
            for (; x + Layout.Block < end; x += 2 * Layout.Block)
            {
                var d0 = T.Subtract(T.Load(x), shift);
                var d1 = T.Subtract(T.Load(x + Layout.Block), shift);
                sum0 = T.Add(sum0, d0);
                sum1 = T.Add(sum1, d1);
                square0 = T.MultiplyAdd(d0, d0, square0);
                square1 = T.MultiplyAdd(d1, d1, square1);
            }

            for (; x < end; x += Layout.Block)
            {
                var d = T.Subtract(T.Load(x), shift);
                sum0 = T.Add(sum0, d);
                square0 = T.MultiplyAdd(d, d, square0);
            }

            T.AddTo(local, T.Add(sum0, sum1));
            T.AddTo(local + Layout.Block, T.Add(square0, square1));
        }
    }

    /// <summary>Σx = Σd + n·o and Σx² = Σd² + 2·o·Σd + n·o², in double.</summary>
    private static void Unshift(float* origin, double count, double* local, double* sum, double* square)
    {
        for (var lane = 0; lane < Layout.Block; lane++)
        {
            double o = origin[lane];
            sum[lane] += local[lane] + count * o;
            square[lane] += local[Layout.Block + lane] + 2 * o * local[lane] + count * o * o;
        }
    }
}

/// <summary>y = max(x · scale + shift, least).</summary>
internal readonly unsafe struct BatchNormApply(
    float* x, float* scale, float* shift, int images, int blocks, int pixels, float least, float* y) : IKernel
{
    public void Reference()
    {
        for (var i = 0L; i < (long)images * blocks * pixels * Layout.Block; i++)
        {
            var channel = Layout.ChannelOf(i, blocks, pixels);
            y[i] = Math.Max((float)((double)x[i] * scale[channel] + shift[channel]), least);
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var plane = (long)pixels * Layout.Block;
        for (var i = 0; i < images * blocks; i++)
        {
            var channel = i % blocks * Layout.Block;
            Plane<T>(x + i * plane, scale + channel, shift + channel, least, plane, y + i * plane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(float* x, float* scale, float* shift, float least, long length, float* y) where T : unmanaged, ILanes<T>
    {
        var a = T.Load(scale);
        var b = T.Load(shift);
        var floor = T.Broadcast(least);
        for (var i = 0L; i < length; i += Layout.Block) T.Store(y + i, T.Max(T.MultiplyAdd(T.Load(x + i), a, b), floor));
    }
}

/// <summary>dy = 0 where x · scale + shift ≤ 0, then Σdy and Σdy·(x − mean) of each channel.</summary>
internal readonly unsafe struct BatchNormSumReluGradients(
    float* x, float* dy, float* scale, float* shift, float* mean, int images, int blocks, int pixels, double* sums) : IKernel
{
    public void Reference()
    {
        for (var i = 0L; i < (long)images * blocks * pixels * Layout.Block; i++)
        {
            var channel = Layout.ChannelOf(i, blocks, pixels);
            if (!((float)((double)x[i] * scale[channel] + shift[channel]) > 0)) dy[i] = 0;
        }

        new BatchNormSumGradients(x, dy, mean, images, blocks, pixels, sums).Reference();
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var plane = (long)pixels * Layout.Block;
        for (var i = 0; i < images * blocks; i++)
        {
            var channel = i % blocks * Layout.Block;
            PlaneSums<T>(
                x + i * plane, dy + i * plane, scale + channel, shift + channel, mean + channel, pixels,
                sums + channel, sums + blocks * Layout.Block + channel);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PlaneSums<T>(float* x, float* dy, float* scale, float* shift, float* mean, int pixels, double* sum, double* product)
        where T : unmanaged, ILanes<T>
    {
        T a = T.Load(scale), b = T.Load(shift), m = T.Load(mean);
        for (var first = 0; first < pixels; first += Chunk.Pixels)
        {
            T sum0 = T.Zero, sum1 = T.Zero, product0 = T.Zero, product1 = T.Zero;
            var end = x + Math.Min(Chunk.Pixels, pixels - first) * Layout.Block;
            for (; x + Layout.Block < end; x += 2 * Layout.Block, dy += 2 * Layout.Block)
            {
                Step(x, dy, a, b, m, ref sum0, ref product0);
                Step(x + Layout.Block, dy + Layout.Block, a, b, m, ref sum1, ref product1);
            }

            for (; x < end; x += Layout.Block, dy += Layout.Block) Step(x, dy, a, b, m, ref sum0, ref product0);
            T.AddTo(sum, T.Add(sum0, sum1));
            T.AddTo(product, T.Add(product0, product1));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<T>(float* x, float* dy, T scale, T shift, T mean, ref T sum, ref T product) where T : unmanaged, ILanes<T>
    {
        var value = T.Load(x);
        var gradient = T.WherePositive(T.MultiplyAdd(value, scale, shift), T.Load(dy));
        T.Store(dy, gradient);
        sum = T.Add(sum, gradient);
        product = T.MultiplyAdd(gradient, T.Subtract(value, mean), product);
    }
}

/// <summary>Σdy and Σdy·(x − mean) of each channel.</summary>
internal readonly unsafe struct BatchNormSumGradients(
    float* x, float* dy, float* mean, int images, int blocks, int pixels, double* sums) : IKernel
{
    public void Reference()
    {
        for (var i = 0L; i < (long)images * blocks * pixels * Layout.Block; i++)
        {
            var channel = Layout.ChannelOf(i, blocks, pixels);
            sums[channel] += dy[i];
            sums[blocks * Layout.Block + channel] += dy[i] * ((double)x[i] - mean[channel]);
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var plane = (long)pixels * Layout.Block;
        for (var i = 0; i < images * blocks; i++)
        {
            var channel = i % blocks * Layout.Block;
            PlaneSums<T>(x + i * plane, dy + i * plane, mean + channel, pixels, sums + channel, sums + blocks * Layout.Block + channel);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PlaneSums<T>(
        float* x, float* dy, float* mean, int pixels, double* sum, double* product) where T : unmanaged, ILanes<T>
    {
        var m = T.Load(mean);
        for (var first = 0; first < pixels; first += Chunk.Pixels)
        {
            var length = Math.Min(Chunk.Pixels, pixels - first) * Layout.Block;
            T sum0 = T.Zero, sum1 = T.Zero, product0 = T.Zero, product1 = T.Zero;
            var i = 0;
            for (; i + Layout.Block < length; i += 2 * Layout.Block)
            {
                var g0 = T.Load(dy + i);
                var g1 = T.Load(dy + i + Layout.Block);
                sum0 = T.Add(sum0, g0);
                sum1 = T.Add(sum1, g1);
                product0 = T.MultiplyAdd(g0, T.Subtract(T.Load(x + i), m), product0);
                product1 = T.MultiplyAdd(g1, T.Subtract(T.Load(x + i + Layout.Block), m), product1);
            }

            for (; i < length; i += Layout.Block)
            {
                var g = T.Load(dy + i);
                sum0 = T.Add(sum0, g);
                product0 = T.MultiplyAdd(g, T.Subtract(T.Load(x + i), m), product0);
            }

            T.AddTo(sum, T.Add(sum0, sum1));
            T.AddTo(product, T.Add(product0, product1));
            x += length;
            dy += length;
        }
    }
}

/// <summary>dx = scale · dy − mean scale · (mean gradient + (x − mean) · slope).</summary>
internal readonly unsafe struct BatchNormBackwardData(
    float* x, float* dy, BatchNorm.ChannelTerms terms, int images, int pixels, float* dx, bool accumulate) : IKernel
{
    public void Reference()
    {
        var blocks = Layout.Blocks(terms.Channels);
        for (var i = 0L; i < (long)images * blocks * pixels * Layout.Block; i++)
        {
            var c = Layout.ChannelOf(i, blocks, pixels);
            var mean = terms.MeanGradient(c) + ((double)x[i] - terms.Mean[c]) * terms.Slope(c);
            var gradient = terms.Scale(c) * dy[i] - terms.MeanScale(c) * mean;
            dx[i] = (float)(gradient + (accumulate ? dx[i] : 0));
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var blocks = Layout.Blocks(terms.Channels);
        var plane = (long)pixels * Layout.Block;
        var coefficients = stackalloc float[4 * Layout.Block];
        for (var b = 0; b < blocks; b++)
        {
            for (var lane = 0; lane < Layout.Block; lane++)
            {
                var c = b * Layout.Block + lane;
                coefficients[lane] = terms.Mean[c];
                coefficients[Layout.Block + lane] = (float)terms.Scale(c);
                coefficients[2 * Layout.Block + lane] = (float)(-terms.MeanScale(c) * terms.Slope(c));
                coefficients[3 * Layout.Block + lane] = (float)(-terms.MeanScale(c) * terms.MeanGradient(c));
            }

            for (var n = 0; n < images; n++)
            {
                var offset = ((long)n * blocks + b) * plane;
                Plane<T>(x + offset, dy + offset, coefficients, plane, dx + offset, accumulate);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(
        float* x, float* dy, float* coefficients, long length, float* dx, bool accumulate) where T : unmanaged, ILanes<T>
    {
        T mean = T.Load(coefficients), scale = T.Load(coefficients + Layout.Block);
        T slope = T.Load(coefficients + 2 * Layout.Block), shift = T.Load(coefficients + 3 * Layout.Block);
        for (var i = 0L; i < length; i += Layout.Block)
        {
            var gradient = T.MultiplyAdd(T.Load(dy + i), scale, T.MultiplyAdd(T.Subtract(T.Load(x + i), mean), slope, shift));
            T.Store(dx + i, accumulate ? T.Add(gradient, T.Load(dx + i)) : gradient);
        }
    }
}
