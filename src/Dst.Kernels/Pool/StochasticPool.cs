using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Stochastic pooling: Zeiler, Fergus, "Stochastic Pooling for Regularization of Deep Convolutional Neural Networks", ICLR 2013.
/// <code>
/// r = max(a, 0), training: y = aᵢ with probability rᵢ / Σ r        inference: y = Σ r² / Σ r
/// </code>
/// Where no value of a window is positive, y is 0 and has no gradient. Sums are in float32 and in one order on every tier, so that each
/// picks the same units.
/// </summary>
public static unsafe class StochasticPool
{
    /// <summary>y = one of the positive x in each window, chosen with a probability in proportion to it.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes; the padding is smaller than the window.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="key">Random bits of this layer and step.</param>
    /// <param name="firstOutput">Index of the run's first output in the blocked batch, a multiple of 16.</param>
    /// <param name="y">[N, C/16, OutHeight, OutWidth, 16].</param>
    public static void Forward(SimdTier tier, WindowShape shape, float* x, int images, ulong key, long firstOutput, float* y)
    {
        shape.ValidatePool(images);
        KernelRunner.Run(tier, new StochasticPoolTraining(shape, x, images, new(key, firstOutput), y, null, null));
    }

    /// <summary>Gives each window's gradient to the unit that the forward pass picked.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes; the padding is smaller than the window.</param>
    /// <param name="x">The forward pass's input.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="key">As in the forward pass.</param>
    /// <param name="firstOutput">As in the forward pass.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public static void Backward(
        SimdTier tier, WindowShape shape, float* x, float* dy, int images, ulong key, long firstOutput, float* dx, bool accumulate)
    {
        shape.ValidatePool(images);
        if (!accumulate) shape.ClearInput(images, dx);
        KernelRunner.Run(tier, new StochasticPoolTraining(shape, x, images, new(key, firstOutput), null, dy, dx));
    }

    /// <summary>y = Σ r² / Σ r: the mean of what the training's random choices would give.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes; the padding is smaller than the window.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="y">[N, C/16, OutHeight, OutWidth, 16].</param>
    public static void Mean(SimdTier tier, WindowShape shape, float* x, int images, float* y)
    {
        shape.ValidatePool(images);
        KernelRunner.Run(tier, new StochasticPoolMean(shape, x, images, y));
    }
}

/// <summary>Uniform numbers in [0, 1) of 24 bits, a hash of key and index.</summary>
/// <param name="Key">Random bits of the layer and step.</param>
/// <param name="First">Index of the run's first number, a multiple of 16.</param>
internal readonly record struct UniformNumbers(ulong Key, long First)
{
    /// <summary>Writes 16 numbers, the first of which has the index <paramref name="index"/> in the run.</summary>
    public unsafe void Write(long index, float* numbers)
    {
        const float unit = 1f / (1 << 24);
        var origin = SplitMix64.Hash(Key) + (ulong)(First + index);
        for (var i = 0; i < Layout.Block; i += 2)
        {
            var bits = SplitMix64.Hash(origin + (ulong)i);
            (numbers[i], numbers[i + 1]) = ((bits >> 40) * unit, ((uint)bits >> 8) * unit);
        }
    }
}

/// <summary>
/// Picks a unit in each window: the first at which the sum of r, from the first position on, exceeds u·Σ r. Then y = its value in the
/// forward pass, and dx += dy there in the backward pass, which has no y.
/// </summary>
internal readonly unsafe struct StochasticPoolTraining(
    WindowShape shape, float* x, int images, UniformNumbers numbers, float* y, float* dy, float* dx) : IKernel
{
    public void Reference()
    {
        var uniform = stackalloc float[Layout.Block];
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var lane = o % Layout.Block;
            if (lane == 0) numbers.Write(o, uniform);
            var picked = Pick(o, uniform[lane]);
            if (y != null) y[o] = picked < 0 ? 0 : x[picked];
            else if (picked >= 0) dx[picked] += dy[o];
        }
    }

    private long Pick(long output, float uniform)
    {
        var total = 0f;
        for (var tap = 0; tap < shape.Area; tap++)
        {
            if (shape.InputOf(output, tap) is >= 0 and var i) total += Math.Max(x[i], 0);
        }

        var sum = 0f;
        for (var tap = 0; tap < shape.Area; tap++)
        {
            if (shape.InputOf(output, tap) is not (>= 0 and var i)) continue;
            sum += Math.Max(x[i], 0);
            if (sum > uniform * total) return i;
        }

        return -1;
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        for (var i = 0L; i < shape.Planes(images); i++)
        {
            var (input, output) = (i * shape.InputPlane, i * shape.OutputPlane);
            if (y != null) Plane<T>(shape, x + input, numbers, output, y + output, null, null);
            else Plane<T>(shape, x + input, numbers, output, null, dy + output, dx + input);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(WindowShape shape, float* x, UniformNumbers numbers, long first, float* y, float* dy, float* dx)
        where T : unmanaged, ILanes<T>
    {
        var width = shape.Width;
        var (outHeight, outWidth) = (shape.OutHeight, shape.OutWidth);
        var uniform = stackalloc float[Layout.Block];
        for (int oy = 0, place = 0; oy < outHeight; oy++)
        {
            var rows = shape.Rows(oy);
            for (var ox = 0; ox < outWidth; ox++, place += Layout.Block)
            {
                var columns = shape.Columns(ox);
                numbers.Write(first + place, uniform);
                var total = T.Zero;
                for (var iy = rows.First; iy < rows.End; iy++)
                {
                    for (var ix = columns.First; ix < columns.End; ix++)
                        total = T.Add(total, T.Max(T.Load(x + (iy * width + ix) * Layout.Block), T.Zero));
                }

                // What is left is given to the first position whose sum exceeds the goal, and is then exactly zero.
                var goal = T.Multiply(T.Load(uniform), total);
                var (sum, value) = (T.Zero, T.Zero);
                var left = y != null ? T.Broadcast(1) : T.Load(dy + place);
                for (var iy = rows.First; iy < rows.End; iy++)
                {
                    for (var ix = columns.First; ix < columns.End; ix++)
                    {
                        var i = (iy * width + ix) * Layout.Block;
                        var unit = T.Load(x + i);
                        sum = T.Add(sum, T.Max(unit, T.Zero));
                        var taken = T.WherePositive(T.Subtract(sum, goal), left);
                        left = T.Subtract(left, taken);
                        if (y != null) value = T.Add(value, T.Multiply(taken, unit));
                        else T.Store(dx + i, T.Add(T.Load(dx + i), taken));
                    }
                }

                if (y != null) T.Store(y + place, value);
            }
        }
    }
}

/// <summary>y = Σ r² / Σ r, 0 where no value is positive.</summary>
internal readonly unsafe struct StochasticPoolMean(WindowShape shape, float* x, int images, float* y) : IKernel
{
    // Below any sum that matters: 0 / Smallest is 0.
    private const float Smallest = 1e-30f;

    public void Reference()
    {
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var (sum, squares) = (0.0, 0.0);
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is not (>= 0 and var i)) continue;
                double r = Math.Max(x[i], 0);
                sum += r;
                squares += r * r;
            }

            y[o] = (float)(squares / Math.Max(sum, Smallest));
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
        for (var oy = 0; oy < outHeight; oy++)
        {
            var rows = shape.Rows(oy);
            for (var ox = 0; ox < outWidth; ox++, y += Layout.Block)
            {
                var columns = shape.Columns(ox);
                var (sum, squares) = (T.Zero, T.Zero);
                for (var iy = rows.First; iy < rows.End; iy++)
                {
                    for (var ix = columns.First; ix < columns.End; ix++)
                    {
                        var r = T.Max(T.Load(x + (iy * width + ix) * Layout.Block), T.Zero);
                        sum = T.Add(sum, r);
                        squares = T.MultiplyAdd(r, r, squares);
                    }
                }

                T.Store(y, T.Divide(squares, T.Max(sum, T.Broadcast(Smallest))));
            }
        }
    }
}
