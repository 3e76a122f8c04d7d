using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>y = conv(x) and what follows it, with a bias.</summary>
internal readonly unsafe struct DepthwiseForward(
    WindowShape shape, float* x, float* weights, Epilogue epilogue, int images, float* y) : IKernel
{
    private const int TileWidth = 4;

    /// <summary>Vectors of <see cref="PlaneOfThree"/>: nine of weights and twelve of sums.</summary>
    private const int VectorsOfThree = 21;

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
        // Sizes are computed once: some cost divisions, and a map may be a few pixels.
        var plane = new Plane(shape);
        var (blocks, weightPitch) = (shape.Blocks, shape.Area * Layout.Block);
        long inputPlane = shape.InputPlane, outputPlane = shape.OutputPlane;
        // With a residual, the sum is clipped after the addition.
        var bounds = epilogue.Residual == null ? epilogue.Bounds : Bounds.None;
        for (int i = 0, block = 0; i < images * blocks; i++, block = block + 1 < blocks ? block + 1 : 0)
        {
            var offset = i * outputPlane;
            var filters = new BlockFilters(weights + block * weightPitch, epilogue.Bias + block * Layout.Block, bounds, accumulate: false);
            Run<T>(plane, x + i * inputPlane, filters, y + offset);
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
    private static void Run<T>(Plane plane, float* x, BlockFilters filters, float* y) where T : unmanaged, ILanes<T>
    {
        if (T.Accumulators > VectorsOfThree && plane is { KernelHeight: 3, KernelWidth: 3, Stride: 1, Padding: 1 })
        {
            PlaneOfThree<T>(plane, x, filters, y);
            return;
        }

        for (var oy = 0; oy < plane.OutHeight; oy++, y += plane.OutWidth * Layout.Block)
        {
            var reach = WindowShape.Reach.Of(oy, plane.Height, plane.KernelHeight, plane.Stride, plane.Padding, plane.Padding);
            var rows = reach.End - reach.First;
            var source = x + reach.First * plane.RowPitch;
            var ofRows = filters.From((reach.First - reach.Origin) * plane.KernelWidth * Layout.Block);
            if (plane is { KernelWidth: 3, Stride: 1 }) RowOfThree<T>(plane, source, ofRows, rows, y);
            else RowOfAny<T>(plane, source, ofRows, rows, y);
        }
    }

    /// <summary>
    /// Windows of 3×3 with stride 1 and padding 1. Weights stay in registers. Four columns go down the map together: a row of the input is
    /// loaded once and serves the three outputs that see it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PlaneOfThree<T>(in Plane plane, float* x, in BlockFilters filters, float* y) where T : unmanaged, ILanes<T>
    {
        var weights = filters.Weights;
        T w0 = T.Load(weights), w1 = T.Load(weights + Layout.Block), w2 = T.Load(weights + 2 * Layout.Block);
        T w3 = T.Load(weights + 3 * Layout.Block), w4 = T.Load(weights + 4 * Layout.Block), w5 = T.Load(weights + 5 * Layout.Block);
        T w6 = T.Load(weights + 6 * Layout.Block), w7 = T.Load(weights + 7 * Layout.Block), w8 = T.Load(weights + 8 * Layout.Block);
        nint pitch = plane.RowPitch;
        for (var ox = 0; ox < plane.Width; ox += TileWidth, x += TileWidth * Layout.Block, y += TileWidth * Layout.Block)
        {
            var left = plane.Width - ox;
            var bias = T.Load(filters.Bias);
            T above0 = bias, above1 = bias, above2 = bias, above3 = bias, sum0 = bias, sum1 = bias, sum2 = bias, sum3 = bias;
            float* source = x, to = y - pitch;
            for (var row = 0; row < plane.Height; row++, source += pitch, to += pitch)
            {
                T x0 = ox > 0 ? T.Load(source - Layout.Block) : T.Zero, x1 = T.Load(source);
                T x2 = left > 1 ? T.Load(source + Layout.Block) : T.Zero, x3 = left > 2 ? T.Load(source + 2 * Layout.Block) : T.Zero;
                T x4 = left > 3 ? T.Load(source + 3 * Layout.Block) : T.Zero, x5 = left > 4 ? T.Load(source + 4 * Layout.Block) : T.Zero;
                if (row > 0)
                {
                    above0 = T.MultiplyAdd(x2, w8, T.MultiplyAdd(x1, w7, T.MultiplyAdd(x0, w6, above0)));
                    above1 = T.MultiplyAdd(x3, w8, T.MultiplyAdd(x2, w7, T.MultiplyAdd(x1, w6, above1)));
                    above2 = T.MultiplyAdd(x4, w8, T.MultiplyAdd(x3, w7, T.MultiplyAdd(x2, w6, above2)));
                    above3 = T.MultiplyAdd(x5, w8, T.MultiplyAdd(x4, w7, T.MultiplyAdd(x3, w6, above3)));
                    filters.Store(to, left, above0, above1, above2, above3);
                }

                above0 = T.MultiplyAdd(x2, w5, T.MultiplyAdd(x1, w4, T.MultiplyAdd(x0, w3, sum0)));
                above1 = T.MultiplyAdd(x3, w5, T.MultiplyAdd(x2, w4, T.MultiplyAdd(x1, w3, sum1)));
                above2 = T.MultiplyAdd(x4, w5, T.MultiplyAdd(x3, w4, T.MultiplyAdd(x2, w3, sum2)));
                above3 = T.MultiplyAdd(x5, w5, T.MultiplyAdd(x4, w4, T.MultiplyAdd(x3, w3, sum3)));
                bias = T.Load(filters.Bias);
                sum0 = T.MultiplyAdd(x2, w2, T.MultiplyAdd(x1, w1, T.MultiplyAdd(x0, w0, bias)));
                sum1 = T.MultiplyAdd(x3, w2, T.MultiplyAdd(x2, w1, T.MultiplyAdd(x1, w0, bias)));
                sum2 = T.MultiplyAdd(x4, w2, T.MultiplyAdd(x3, w1, T.MultiplyAdd(x2, w0, bias)));
                sum3 = T.MultiplyAdd(x5, w2, T.MultiplyAdd(x4, w1, T.MultiplyAdd(x3, w0, bias)));
            }

            filters.Store(to, left, above0, above1, above2, above3);
        }
    }

    /// <summary>Stride 1 and three columns of weights: four neighbouring pixels share what they load.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RowOfThree<T>(in Plane plane, float* x, in BlockFilters filters, int rows, float* y) where T : unmanaged, ILanes<T>
    {
        for (var ox = 0; ox < plane.OutWidth; ox += TileWidth, y += TileWidth * Layout.Block)
        {
            var left = ox - plane.Padding;
            float* source = x, weights = filters.Weights;
            T sum0 = T.Load(filters.Bias), sum1 = sum0, sum2 = sum0, sum3 = sum0;
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

            filters.Store(y, Math.Min(TileWidth, plane.OutWidth - ox), sum0, sum1, sum2, sum3);
        }
    }

    /// <summary>A pixel of a row, or zeros beyond the border.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T ColumnOf<T>(in Plane plane, float* row, int column) where T : unmanaged, ILanes<T> =>
        (uint)column < (uint)plane.Width ? T.Load(row + column * Layout.Block) : T.Zero;

    /// <summary>Any stride and window.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RowOfAny<T>(in Plane plane, float* x, in BlockFilters filters, int rows, float* y) where T : unmanaged, ILanes<T>
    {
        for (var ox = 0; ox < plane.OutWidth; ox += TileWidth, y += TileWidth * Layout.Block)
        {
            var left = ox * plane.Stride - plane.Padding;
            float* source = x, weights = filters.Weights;
            T sum0 = T.Load(filters.Bias), sum1 = sum0, sum2 = sum0, sum3 = sum0;
            var isInside = left >= 0 && left + (TileWidth - 1) * plane.Stride + plane.KernelWidth <= plane.Width;
            for (var row = rows; row > 0; row--, source += plane.RowPitch)
            {
                if (isInside)
                {
                    nint pitch = plane.Stride * Layout.Block;
                    var pixel = source + left * Layout.Block;
                    for (var end = pixel + plane.KernelWidth * Layout.Block; pixel < end; pixel += Layout.Block, weights += Layout.Block)
                    {
                        var weight = T.Load(weights);
                        sum0 = T.MultiplyAdd(T.Load(pixel), weight, sum0);
                        sum1 = T.MultiplyAdd(T.Load(pixel + pitch), weight, sum1);
                        sum2 = T.MultiplyAdd(T.Load(pixel + 2 * pitch), weight, sum2);
                        sum3 = T.MultiplyAdd(T.Load(pixel + 3 * pitch), weight, sum3);
                    }

                    continue;
                }

                for (var column = left; column < left + plane.KernelWidth; column++, weights += Layout.Block)
                {
                    var weight = T.Load(weights);
                    sum0 = T.MultiplyAdd(ColumnOf<T>(plane, source, column), weight, sum0);
                    sum1 = T.MultiplyAdd(ColumnOf<T>(plane, source, column + plane.Stride), weight, sum1);
                    sum2 = T.MultiplyAdd(ColumnOf<T>(plane, source, column + 2 * plane.Stride), weight, sum2);
                    sum3 = T.MultiplyAdd(ColumnOf<T>(plane, source, column + 3 * plane.Stride), weight, sum3);
                }
            }

            filters.Store(y, Math.Min(TileWidth, plane.OutWidth - ox), sum0, sum1, sum2, sum3);
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

    /// <summary>The filters of a block of channels: weights, bias and bounds, and whether sums are added to what is there.</summary>
    private readonly struct BlockFilters(float* weights, float* bias, Bounds bounds, bool accumulate)
    {
        public readonly float* Weights = weights;
        public readonly float* Bias = bias;
        private readonly Bounds _bounds = bounds;
        private readonly bool _accumulate = accumulate;

        public BlockFilters From(int floats) => new(Weights + floats, Bias, _bounds, _accumulate);

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
