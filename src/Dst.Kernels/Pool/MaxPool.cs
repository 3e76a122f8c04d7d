using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Maximum over a window; positions outside of the map never win.</summary>
public static unsafe class MaxPool
{
    /// <summary>y = scale · the largest x in each window.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes; the padding is smaller than the window.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="y">[N, C/16, OutHeight, OutWidth, 16].</param>
    /// <param name="scale">Factor of the maximum; 1 leaves its bits as they are. The backward pass knows no other.</param>
    public static void Forward(SimdTier tier, WindowShape shape, float* x, int images, float* y, float scale = 1)
    {
        shape.ValidatePool(images);
        KernelRunner.Run(tier, new MaxPoolForward(shape, x, images, y, scale, null));
    }

    /// <summary>
    /// y = the x in each window where slope · x is largest: the largest x of a channel, or the smallest if its slope is below 0. A function
    /// that is linear in x, such as a normalisation, has its maximum there.
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes; the padding is smaller than the window.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="slopes">[C]; only their signs count.</param>
    /// <param name="y">[N, C/16, OutHeight, OutWidth, 16].</param>
    /// <exception cref="ArgumentException">There is not one slope for each channel, or the sizes do not fit.</exception>
    public static void ForwardBySlope(SimdTier tier, WindowShape shape, float* x, int images, ReadOnlySpan<float> slopes, float* y)
    {
        shape.ValidatePool(images);
        Check.Length(slopes, shape.Channels);
        fixed (float* s = slopes) KernelRunner.Run(tier, new MaxPoolForward(shape, x, images, y, 1, s));
    }

    /// <summary>Gives each window's gradient to its maximum: the first in the order of rows and columns where several are equal.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes; the padding is smaller than the window.</param>
    /// <param name="x">The forward pass's input.</param>
    /// <param name="y">The forward pass's output.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public static void Backward(SimdTier tier, WindowShape shape, float* x, float* y, float* dy, int images, float* dx, bool accumulate)
    {
        shape.ValidatePool(images);
        KernelRunner.Run(tier, new MaxPoolBackward(shape, x, y, dy, images, dx, accumulate));
    }
}

/// <summary>y = scale · the largest x in each window; or the x where slope · x is largest, if there are slopes.</summary>
internal readonly unsafe struct MaxPoolForward(WindowShape shape, float* x, int images, float* y, float scale, float* slopes) : IKernel
{
    /// <summary>What is compared in a window.</summary>
    private interface IKey
    {
        static abstract T Of<T>(T x, T factor) where T : unmanaged, ILanes<T>;
    }

    public void Reference()
    {
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var sign = slopes is null ? 1 : SignOf((int)(o / shape.OutputPlane % shape.Blocks * Layout.Block + o % Layout.Block));
            var largest = float.NegativeInfinity;
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i) largest = Math.Max(largest, sign * x[i]);
            }

            y[o] = scale * sign * largest;
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var signs = stackalloc float[Layout.Block];
        for (var i = 0; i < shape.Planes(images); i++)
        {
            float* from = x + (long)i * shape.InputPlane, to = y + (long)i * shape.OutputPlane;
            if (slopes is null)
            {
                Plane<T, Value>(shape, from, to, T.Broadcast(scale));
                continue;
            }

            for (var lane = 0; lane < Layout.Block; lane++) signs[lane] = SignOf(i % shape.Blocks * Layout.Block + lane);
            Plane<T, SignedValue>(shape, from, to, T.Load(signs));
        }
    }

    private float SignOf(int channel) => channel < shape.Channels && slopes[channel] < 0 ? -1 : 1;

    private static void Plane<T, TKey>(WindowShape shape, float* x, float* y, T factor) where T : unmanaged, ILanes<T> where TKey : IKey
    {
        if (shape.IsTwoByTwo) HalvedPlane<T, TKey>(shape, x, y, factor);
        else AnyPlane<T, TKey>(shape, x, y, factor);
    }

    /// <summary>The most common window, without a loop over its positions.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalvedPlane<T, TKey>(WindowShape shape, float* x, float* y, T factor)
        where T : unmanaged, ILanes<T> where TKey : IKey
    {
        nint rowPitch = shape.Width * Layout.Block;
        for (var oy = 0; oy < shape.OutHeight; oy++, x += rowPitch)
        {
            for (var end = x + rowPitch; x < end; x += 2 * Layout.Block, y += Layout.Block)
            {
                var upper = T.Max(TKey.Of(T.Load(x), factor), TKey.Of(T.Load(x + Layout.Block), factor));
                var lower = T.Max(TKey.Of(T.Load(x + rowPitch), factor), TKey.Of(T.Load(x + rowPitch + Layout.Block), factor));
                T.Store(y, T.Multiply(T.Max(upper, lower), factor));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AnyPlane<T, TKey>(WindowShape shape, float* x, float* y, T factor)
        where T : unmanaged, ILanes<T> where TKey : IKey
    {
        var width = shape.Width;
        var (outHeight, outWidth) = (shape.OutHeight, shape.OutWidth);
        for (var oy = 0; oy < outHeight; oy++)
        {
            var rows = shape.Rows(oy);
            for (var ox = 0; ox < outWidth; ox++, y += Layout.Block)
            {
                var columns = shape.Columns(ox);
                var largest = T.Broadcast(float.NegativeInfinity);
                for (var iy = rows.First; iy < rows.End; iy++)
                {
                    for (var i = (iy * width + columns.First) * Layout.Block;
                        i < (iy * width + columns.End) * Layout.Block;
                        i += Layout.Block)
                    {
                        largest = T.Max(largest, TKey.Of(T.Load(x + i), factor));
                    }
                }

                T.Store(y, T.Multiply(largest, factor));
            }
        }
    }

    private readonly struct Value : IKey
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Of<T>(T x, T factor) where T : unmanaged, ILanes<T> => x;
    }

    private readonly struct SignedValue : IKey
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static T Of<T>(T x, T factor) where T : unmanaged, ILanes<T> => T.Multiply(x, factor);
    }
}

/// <summary>dx = dy at the first maximum of each window and 0 elsewhere, or dx += that.</summary>
internal readonly unsafe struct MaxPoolBackward(
    WindowShape shape, float* x, float* y, float* dy, int images, float* dx, bool accumulate) : IKernel
{
    public void Reference()
    {
        if (!accumulate) shape.ClearInput(images, dx);
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is not (>= 0 and var i) || x[i] != y[o]) continue;
                dx[i] += dy[o];
                break;
            }
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var isTwoByTwo = shape.IsTwoByTwo && !accumulate;
        if (!isTwoByTwo && !accumulate) shape.ClearInput(images, dx);
        for (var i = 0L; i < shape.Planes(images); i++)
        {
            long input = i * shape.InputPlane, output = i * shape.OutputPlane;
            if (isTwoByTwo) HalvedPlane<T>(shape, x + input, y + output, dy + output, dx + input);
            else Plane<T>(shape, x + input, y + output, dy + output, dx + input);
        }
    }

    /// <summary>The most common window: each element of dx is written once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalvedPlane<T>(WindowShape shape, float* x, float* y, float* dy, float* dx) where T : unmanaged, ILanes<T>
    {
        nint rowPitch = shape.Width * Layout.Block;
        for (var oy = 0; oy < shape.OutHeight; oy++, x += rowPitch, dx += rowPitch)
        {
            for (var end = x + rowPitch; x < end;
                x += 2 * Layout.Block, dx += 2 * Layout.Block, y += Layout.Block, dy += Layout.Block)
            {
                var largest = T.Load(y);
                var left = T.Load(dy);
                Take(x, largest, ref left, dx);
                Take(x + Layout.Block, largest, ref left, dx + Layout.Block);
                Take(x + rowPitch, largest, ref left, dx + rowPitch);
                Take(x + rowPitch + Layout.Block, largest, ref left, dx + rowPitch + Layout.Block);
            }
        }
    }

    /// <summary>Where x is the largest, dx takes what is left of the gradient, which is then exactly zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<T>(float* x, T largest, ref T left, float* dx) where T : unmanaged, ILanes<T>
    {
        var taken = T.WhereEqual(T.Load(x), largest, left);
        left = T.Subtract(left, taken);
        T.Store(dx, taken);
    }

    /// <summary>In each lane the first maximum takes what is left of the gradient, which is then exactly zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(WindowShape shape, float* x, float* y, float* dy, float* dx) where T : unmanaged, ILanes<T>
    {
        var width = shape.Width;
        var (outHeight, outWidth) = (shape.OutHeight, shape.OutWidth);
        for (var oy = 0; oy < outHeight; oy++)
        {
            var rows = shape.Rows(oy);
            for (var ox = 0; ox < outWidth; ox++, y += Layout.Block, dy += Layout.Block)
            {
                var columns = shape.Columns(ox);
                var largest = T.Load(y);
                var left = T.Load(dy);
                for (var iy = rows.First; iy < rows.End; iy++)
                {
                    for (var i = (iy * width + columns.First) * Layout.Block;
                        i < (iy * width + columns.End) * Layout.Block;
                        i += Layout.Block)
                    {
                        var taken = T.WhereEqual(T.Load(x + i), largest, left);
                        left = T.Subtract(left, taken);
                        T.Store(dx + i, T.Add(T.Load(dx + i), taken));
                    }
                }
            }
        }
    }
}
