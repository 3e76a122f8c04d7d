using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>y = conv(x) and what follows it, with a bias.</summary>
internal readonly unsafe struct DepthwiseForward(
    WindowShape shape, float* x, float* weights, Epilogue epilogue, int images, float* y) : IKernel
{
    private const int TileWidth = 4;

    public void Reference()
    {
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var block = o / shape.OutputPlane % shape.Blocks;
            var lane = o % Layout.Block;
            var sum = (double)epilogue.Bias[block * Layout.Block + lane];
            for (var tap = 0; tap < shape.Area; tap++)
            {
                if (shape.InputOf(o, tap) is >= 0 and var i)
                    sum += (double)x[i] * weights[(block * shape.Area + tap) * Layout.Block + lane];
            }

            y[o] = (float)sum;
        }

        epilogue.WithoutBias.Apply(SimdTier.Scalar, y, images, shape.Blocks, shape.OutHeight * shape.OutWidth);
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var plane = new Plane(shape);
        // With a residual, the sum is clipped after the addition.
        var bounds = epilogue.Residual == null ? epilogue.Bounds : Bounds.None;
        for (var i = 0; i < shape.Planes(images); i++)
        {
            var block = i % shape.Blocks;
            var offset = (long)i * shape.OutputPlane;
            var kernel = new Kernel(
                weights + block * shape.Area * Layout.Block, epilogue.Bias + block * Layout.Block, bounds, accumulate: false);
            Run<T>(plane, x + (long)i * shape.InputPlane, kernel, y + offset);
            if (epilogue.Residual != null) epilogue.WithoutBias.From(block, offset).Apply<T>(y + offset, plane.OutHeight * plane.OutWidth);
        }
    }

    /// <summary>Convolves one block of channels of one image, without a bias.</summary>
    /// <param name="plane">Sizes.</param>
    /// <param name="x">[H, W, 16].</param>
    /// <param name="weights">[Kh·Kw, 16].</param>
    /// <param name="accumulate">Adds to <paramref name="y"/> rather than overwrites it.</param>
    /// <param name="y">[OutHeight, OutWidth, 16].</param>
    public static void Convolve<T>(Plane plane, float* x, float* weights, bool accumulate, float* y) where T : unmanaged, ILanes<T>
    {
        var bias = stackalloc float[Layout.Block];
        new Span<float>(bias, Layout.Block).Clear();
        Run<T>(plane, x, new(weights, bias, Bounds.None, accumulate), y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<T>(Plane plane, float* x, Kernel kernel, float* y) where T : unmanaged, ILanes<T>
    {
        for (var oy = 0; oy < plane.OutHeight; oy++, y += plane.OutWidth * Layout.Block)
        {
            var reach = WindowShape.Reach.Of(oy, plane.Height, plane.KernelHeight, plane.Stride, plane.Padding, plane.Padding);
            var rows = reach.End - reach.First;
            var source = x + reach.First * plane.RowPitch;
            var ofRows = kernel.From((reach.First - reach.Origin) * plane.KernelWidth * Layout.Block);
            if (plane is { KernelWidth: 3, Stride: 1 }) RowOfThree<T>(plane, source, ofRows, rows, y);
            else RowOfAny<T>(plane, source, ofRows, rows, y);
        }
    }

    /// <summary>Stride 1 and three columns of weights: four neighbouring pixels share what they load.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RowOfThree<T>(in Plane plane, float* x, in Kernel kernel, int rows, float* y) where T : unmanaged, ILanes<T>
    {
        for (var ox = 0; ox < plane.OutWidth; ox += TileWidth, y += TileWidth * Layout.Block)
        {
            var left = ox - plane.Padding;
            float* source = x, weights = kernel.Weights;
            T sum0 = T.Load(kernel.Bias), sum1 = sum0, sum2 = sum0, sum3 = sum0;
            for (var row = rows; row > 0; row--, source += plane.RowPitch, weights += 3 * Layout.Block)
            {
                T first = T.Load(weights), middle = T.Load(weights + Layout.Block), last = T.Load(weights + 2 * Layout.Block);
                T x0 = ColumnOf<T>(plane, source, left), x1 = ColumnOf<T>(plane, source, left + 1);
                T x2 = ColumnOf<T>(plane, source, left + 2), x3 = ColumnOf<T>(plane, source, left + 3);
                T x4 = ColumnOf<T>(plane, source, left + 4), x5 = ColumnOf<T>(plane, source, left + 5);
                sum0 = T.MultiplyAdd(x2, last, T.MultiplyAdd(x1, middle, T.MultiplyAdd(x0, first, sum0)));
                sum1 = T.MultiplyAdd(x3, last, T.MultiplyAdd(x2, middle, T.MultiplyAdd(x1, first, sum1)));
                sum2 = T.MultiplyAdd(x4, last, T.MultiplyAdd(x3, middle, T.MultiplyAdd(x2, first, sum2)));
                sum3 = T.MultiplyAdd(x5, last, T.MultiplyAdd(x4, middle, T.MultiplyAdd(x3, first, sum3)));
            }

            kernel.Store(y, Math.Min(TileWidth, plane.OutWidth - ox), sum0, sum1, sum2, sum3);
        }
    }

    /// <summary>A pixel of a row, or zeros beyond the border.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ColumnOf<T>(in Plane plane, float* row, int column) where T : unmanaged, ILanes<T> =>
        (uint)column < (uint)plane.Width ? T.Load(row + column * Layout.Block) : T.Zero;

    /// <summary>Any stride and window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RowOfAny<T>(in Plane plane, float* x, in Kernel kernel, int rows, float* y) where T : unmanaged, ILanes<T>
    {
        for (var ox = 0; ox < plane.OutWidth; ox += TileWidth, y += TileWidth * Layout.Block)
        {
            var left = ox * plane.Stride - plane.Padding;
            float* source = x, weights = kernel.Weights;
            T sum0 = T.Load(kernel.Bias), sum1 = sum0, sum2 = sum0, sum3 = sum0;
            for (var row = rows; row > 0; row--, source += plane.RowPitch)
            {
                for (var column = left; column < left + plane.KernelWidth; column++, weights += Layout.Block)
                {
                    var weight = T.Load(weights);
                    sum0 = T.MultiplyAdd(ColumnOf<T>(plane, source, column), weight, sum0);
                    sum1 = T.MultiplyAdd(ColumnOf<T>(plane, source, column + plane.Stride), weight, sum1);
                    sum2 = T.MultiplyAdd(ColumnOf<T>(plane, source, column + 2 * plane.Stride), weight, sum2);
                    sum3 = T.MultiplyAdd(ColumnOf<T>(plane, source, column + 3 * plane.Stride), weight, sum3);
                }
            }

            kernel.Store(y, Math.Min(TileWidth, plane.OutWidth - ox), sum0, sum1, sum2, sum3);
        }
    }

    /// <summary>The sizes of one block of channels, computed once.</summary>
    public readonly record struct Plane(
        int Height, int Width, int OutHeight, int OutWidth, int KernelHeight, int KernelWidth, int Stride, int Padding)
    {
        public Plane(WindowShape s) : this(s.Height, s.Width, s.OutHeight, s.OutWidth, s.KernelHeight, s.KernelWidth, s.Stride, s.Padding)
        {
        }

        public int RowPitch => Width * Layout.Block;
    }

    /// <summary>Weights, bias and bounds of a block, and whether its sums are added to what is there.</summary>
    private readonly struct Kernel(float* weights, float* bias, Bounds bounds, bool accumulate)
    {
        public readonly float* Weights = weights;
        public readonly float* Bias = bias;
        private readonly Bounds _bounds = bounds;
        private readonly bool _accumulate = accumulate;

        public Kernel From(int floats) => new(Weights + floats, Bias, _bounds, _accumulate);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Store<T>(float* y, int pixels, T sum0, T sum1, T sum2, T sum3) where T : unmanaged, ILanes<T>
        {
            T least = T.Broadcast(_bounds.Least), most = T.Broadcast(_bounds.Most);
            Store(y, T.Clip(sum0, least, most));
            if (pixels > 1) Store(y + Layout.Block, T.Clip(sum1, least, most));
            if (pixels > 2) Store(y + 2 * Layout.Block, T.Clip(sum2, least, most));
            if (pixels > 3) Store(y + 3 * Layout.Block, T.Clip(sum3, least, most));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Store<T>(float* y, T sum) where T : unmanaged, ILanes<T> => T.Store(y, _accumulate ? T.Add(T.Load(y), sum) : sum);
    }
}
