using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Max-pooling dropout: Wu, Gu, "Towards Dropout Training for Convolutional Neural Networks", Neural Networks 71, 2015. In training each
/// unit of the map is retained with probability p. A window gives the largest of its retained units, or 0 if it has none.
/// <code>
/// a₁ ≤ … ≤ aₙ in a window, q = 1 − p: the result is aᵢ with probability p·qⁿ⁻ⁱ, and 0 with probability qⁿ
/// probabilistic weighted pooling, for inference: y = Σ p·qⁿ⁻ⁱ·aᵢ
/// </code>
/// With p = 1 all of it is max pooling.
/// </summary>
public static unsafe class MaxPoolDropout
{
    /// <summary>Largest number of positions in a window that <see cref="Mean"/> sorts.</summary>
    public const int MaxArea = 64;

    /// <summary>y = the largest retained x in each window, or 0.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes; the padding is smaller than the window.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="units">Which units are retained.</param>
    /// <param name="retained">Memory as long as <paramref name="x"/>.</param>
    /// <param name="y">[N, C/16, OutHeight, OutWidth, 16].</param>
    public static void Forward(SimdTier tier, WindowShape shape, float* x, int images, RetainedUnits units, float* retained, float* y)
    {
        units.Select(shape, x, images, retained);
        MaxPool.Forward(tier, shape, retained, images, y);
        var outputs = new Span<float>(y, checked((int)shape.OutputLength(images)));
        foreach (ref var output in outputs) output = float.IsNegativeInfinity(output) ? 0 : output;
    }

    /// <summary>Gives each window's gradient to its largest retained unit: the first of several; to none if none was retained.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes; the padding is smaller than the window.</param>
    /// <param name="x">The forward pass's input.</param>
    /// <param name="y">The forward pass's output.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="units">As in the forward pass.</param>
    /// <param name="retained">Memory as long as <paramref name="x"/>.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public static void Backward(
        SimdTier tier, WindowShape shape, float* x, float* y, float* dy, int images, RetainedUnits units, float* retained, float* dx,
        bool accumulate)
    {
        units.Select(shape, x, images, retained);
        MaxPool.Backward(tier, shape, retained, y, dy, images, dx, accumulate);
    }

    /// <summary>Probabilistic weighted pooling: y = the mean of what the training's random choices would give.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="shape">Sizes; the padding is smaller than the window, whose area is at most <see cref="MaxArea"/>.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="retain">p, above 0 to 1.</param>
    /// <param name="y">[N, C/16, OutHeight, OutWidth, 16].</param>
    /// <exception cref="ArgumentException">The window is too large, or a size or the probability is out of range.</exception>
    public static void Mean(SimdTier tier, WindowShape shape, float* x, int images, float retain, float* y)
    {
        shape.ValidatePool(images);
        if (shape.Area > MaxArea) throw new ArgumentException($"{shape.Area} positions in a window; at most {MaxArea} were expected");
        RetainedUnits.CheckShare(retain);
        KernelRunner.Run(tier, new WeightedPoolForward(shape, x, images, retain, y));
    }
}

/// <summary>Which units of a batch are retained in a step. A hash of key and index decides, as in <see cref="Dropout"/>.</summary>
/// <param name="Key">Random bits of the layer and step.</param>
/// <param name="Share">p, the probability to be retained, above 0 to 1; exact to 1/65536.</param>
/// <param name="FirstElement">Index of the run's first float in the blocked batch, a multiple of 16.</param>
public readonly record struct RetainedUnits(ulong Key, float Share, long FirstElement)
{
    /// <summary>Writes the units of a run, −∞ in place of those that are dropped, so that they never win.</summary>
    internal unsafe void Select(WindowShape shape, float* x, int images, float* retained)
    {
        shape.ValidatePool(images);
        CheckShare(Share);
        Dropout.Replace(
            x, (long)shape.Planes(images) * shape.InputPlane, FirstElement, Key, 1 - Share, float.NegativeInfinity, retained);
    }

    internal static void CheckShare(float retain)
    {
        if (!(retain > 0 && retain <= 1)) throw new ArgumentOutOfRangeException(nameof(retain), retain, "expected above 0 to 1");
    }
}

/// <summary>y = Σ p·qⁿ⁻ⁱ·aᵢ over the sorted values of each window, by Horner's rule: s ← q·s + p·aᵢ from the smallest on.</summary>
internal readonly unsafe struct WeightedPoolForward(WindowShape shape, float* x, int images, float retain, float* y) : IKernel
{
    public void Reference()
    {
        Span<double> sorted = stackalloc double[shape.Area];
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var count = 0;
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i) sorted[count++] = x[i];
            }

            sorted[..count].Sort();
            var mean = 0.0;
            for (var i = 0; i < count; i++) mean += retain * Math.Pow(1.0 - retain, count - 1 - i) * sorted[i];
            y[o] = (float)mean;
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        for (var i = 0L; i < shape.Planes(images); i++) Plane<T>(shape, retain, x + i * shape.InputPlane, y + i * shape.OutputPlane);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Plane<T>(WindowShape shape, float retain, float* x, float* y) where T : unmanaged, ILanes<T>
    {
        var width = shape.Width;
        var (outHeight, outWidth) = (shape.OutHeight, shape.OutWidth);
        var (p, q) = (T.Broadcast(retain), T.Broadcast(1 - retain));
        var sorted = stackalloc T[shape.Area];
        for (var oy = 0; oy < outHeight; oy++)
        {
            var rows = shape.Rows(oy);
            for (var ox = 0; ox < outWidth; ox++, y += Layout.Block)
            {
                var columns = shape.Columns(ox);
                var count = 0;
                for (var iy = rows.First; iy < rows.End; iy++)
                {
                    for (var ix = columns.First; ix < columns.End; ix++, count++)
                        Insert(sorted, count, T.Load(x + (iy * width + ix) * Layout.Block));
                }

                var mean = T.Zero;
                for (var i = 0; i < count; i++) mean = T.MultiplyAdd(q, mean, T.Multiply(p, sorted[i]));
                T.Store(y, mean);
            }
        }
    }

    /// <summary>Puts a value into its place among <paramref name="count"/> sorted ones, lane by lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Insert<T>(T* sorted, int count, T value) where T : unmanaged, ILanes<T>
    {
        for (var i = count - 1; i >= 0; i--)
        {
            sorted[i + 1] = T.Max(sorted[i], value);
            value = T.Min(sorted[i], value);
        }

        sorted[0] = value;
    }
}
