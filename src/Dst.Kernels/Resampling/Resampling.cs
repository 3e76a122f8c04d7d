using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Makes each row and column of a map from one or two of another: larger maps, and maps with own values around them.</summary>
public sealed unsafe class Resampling
{
    private readonly MapShape _x;

    private Resampling(MapShape x, Tap[] rows, Tap[] columns) => (_x, Rows, Columns) = (x, rows, columns);

    /// <summary>
    /// Enlarges maps by a whole factor s. The centre of an output pixel o lies at p = (o + ½) / s − ½ between input pixels, at 0 if that is
    /// before the first. Bilinear along each axis: y[o] = (1 − w)·x[⌊p⌋] + w·x[⌊p⌋ + 1], w = p − ⌊p⌋, and the last pixel beyond the end.
    /// Nearest: y[o] = x[⌊o / s⌋].
    /// </summary>
    /// <param name="x">Sizes of the input.</param>
    /// <param name="scale">s, at least 1.</param>
    /// <param name="bilinear">Whether values are mixed rather than repeated.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="scale"/> is below 1.</exception>
    public static Resampling Enlarge(MapShape x, int scale, bool bilinear)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(scale, 1);
        return new(x, Tap.Enlarging(x.Height, scale, bilinear), Tap.Enlarging(x.Width, scale, bilinear));
    }

    /// <summary>
    /// Adds rows and columns of the map's own values. Beyond an edge, y is the pixel at the edge, or the one as far behind the edge:
    /// x[1] before x[0].
    /// </summary>
    /// <param name="x">Sizes of the input.</param>
    /// <param name="top">Rows above.</param>
    /// <param name="left">Columns on the left.</param>
    /// <param name="bottom">Rows below.</param>
    /// <param name="right">Columns on the right.</param>
    /// <param name="reflects">Whether the map is reflected at its edge pixels; each side is then smaller than the map.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative or too large.</exception>
    public static Resampling Extend(MapShape x, int top, int left, int bottom, int right, bool reflects) =>
        new(x, Tap.Extending(x.Height, top, bottom, reflects), Tap.Extending(x.Width, left, right, reflects));

    /// <summary>What each output row reads.</summary>
    internal Tap[] Rows { get; }

    /// <summary>What each output column reads.</summary>
    internal Tap[] Columns { get; }

    /// <summary>Columns of the input.</summary>
    internal int Width => _x.Width;

    /// <summary>Floats of one block of an input image.</summary>
    internal int InputPlane => _x.Pixels * Layout.Block;

    /// <summary>Floats of one block of an output image.</summary>
    internal int OutputPlane => Rows.Length * Columns.Length * Layout.Block;

    /// <summary>y from x.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="y">[N, C/16, rows, columns, 16].</param>
    public void Forward(SimdTier tier, float* x, int images, float* y) =>
        KernelRunner.Run(tier, new ResamplingForward(this, x, Planes(images), y));

    /// <summary>Gives each input pixel the gradients of the output pixels that read it, by their weights.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public void Backward(SimdTier tier, float* dy, int images, float* dx, bool accumulate)
    {
        for (var i = 0L; i < (accumulate ? 0 : Planes(images)); i++) new Span<float>(dx + i * InputPlane, InputPlane).Clear();
        KernelRunner.Run(tier, new ResamplingBackward(this, dy, Planes(images), dx));
    }

    /// <summary>Blocks of all images of a run.</summary>
    internal int Planes(int images) => images * _x.Blocks;

    /// <summary>
    /// (1 − <paramref name="Weight"/>)·x[<paramref name="First"/>] + <paramref name="Weight"/>·x[<paramref name="Second"/>].
    /// </summary>
    internal readonly record struct Tap(int First, int Second, float Weight)
    {
        /// <summary>Those that enlarge an axis.</summary>
        public static Tap[] Enlarging(int extent, int scale, bool bilinear)
        {
            var taps = new Tap[extent * scale];
            for (var o = 0; o < taps.Length; o++)
            {
                // In units of 1 / (2 s) pixels all is whole.
                var place = bilinear ? Math.Max(0, 2 * o + 1 - scale) : 2 * scale * (o / scale);
                var (first, rest) = Math.DivRem(place, 2 * scale);
                taps[o] = new(first, Math.Min(first + 1, extent - 1), rest / (2f * scale));
            }

            return taps;
        }

        /// <summary>Those that add pixels before and after an axis.</summary>
        public static Tap[] Extending(int extent, int before, int after, bool reflects)
        {
            var most = reflects ? extent - 1 : int.MaxValue;
            foreach (var side in new[] { before, after })
            {
                ArgumentOutOfRangeException.ThrowIfNegative(side);
                ArgumentOutOfRangeException.ThrowIfGreaterThan(side, most);
            }

            var taps = new Tap[before + extent + after];
            for (var o = 0; o < taps.Length; o++)
            {
                var (place, last) = (o - before, extent - 1);
                if (reflects) place = place < 0 ? -place : last - Math.Abs(last - place);
                place = Math.Clamp(place, 0, last);
                taps[o] = new(place, place, 0);
            }

            return taps;
        }
    }
}

/// <summary>y = the four values around each output pixel, by their weights.</summary>
internal readonly unsafe struct ResamplingForward(Resampling shape, float* x, int planes, float* y) : IKernel
{
    public void Reference()
    {
        var (rows, columns) = (shape.Rows, shape.Columns);
        for (var o = 0L; o < (long)planes * shape.OutputPlane; o++)
        {
            var (pixel, lane) = Math.DivRem(o, Layout.Block);
            var (row, column) = (rows[pixel / columns.Length % rows.Length], columns[pixel % columns.Length]);
            var plane = x + o / shape.OutputPlane * shape.InputPlane + lane;
            var width = shape.Width;
            double At(int i, int j) => plane[(i * width + j) * Layout.Block];
            double Mix(int i) => (1.0 - column.Weight) * At(i, column.First) + (double)column.Weight * At(i, column.Second);
            y[o] = (float)((1.0 - row.Weight) * Mix(row.First) + row.Weight * Mix(row.Second));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var to = y;
        for (var plane = 0; plane < planes; plane++)
        {
            foreach (var row in shape.Rows)
            {
                var above = x + (long)plane * shape.InputPlane + row.First * shape.Width * Layout.Block;
                var below = x + (long)plane * shape.InputPlane + row.Second * shape.Width * Layout.Block;
                foreach (var column in shape.Columns)
                {
                    var value = Mix<T>(above, column);
                    if (row.Weight > 0)
                        value = T.Add(
                            T.Multiply(T.Broadcast(1 - row.Weight), value), T.Multiply(T.Broadcast(row.Weight), Mix<T>(below, column)));
                    T.Store(to, value);
                    to += Layout.Block;
                }
            }
        }
    }

    private static T Mix<T>(float* row, Resampling.Tap column) where T : unmanaged, ILanes<T>
    {
        var first = T.Load(row + column.First * Layout.Block);
        if (column.Weight == 0) return first;
        var second = T.Load(row + column.Second * Layout.Block);
        return T.Add(T.Multiply(T.Broadcast(1 - column.Weight), first), T.Multiply(T.Broadcast(column.Weight), second));
    }
}

/// <summary>dx += dy at the four values around each output pixel, by their weights.</summary>
internal readonly unsafe struct ResamplingBackward(Resampling shape, float* dy, int planes, float* dx) : IKernel
{
    public void Reference()
    {
        var (rows, columns) = (shape.Rows, shape.Columns);
        var sums = new double[(long)planes * shape.InputPlane];
        for (var o = 0L; o < (long)planes * shape.OutputPlane; o++)
        {
            var (pixel, lane) = Math.DivRem(o, Layout.Block);
            var (row, column) = (rows[pixel / columns.Length % rows.Length], columns[pixel % columns.Length]);
            var plane = o / shape.OutputPlane * shape.InputPlane + lane;
            foreach (var (i, v) in new[] { (row.First, 1.0 - row.Weight), (row.Second, row.Weight) })
            {
                sums[plane + (i * shape.Width + column.First) * Layout.Block] += v * (1.0 - column.Weight) * dy[o];
                sums[plane + (i * shape.Width + column.Second) * Layout.Block] += v * column.Weight * dy[o];
            }
        }

        for (var i = 0L; i < sums.Length; i++) dx[i] += (float)sums[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var from = dy;
        for (var plane = 0; plane < planes; plane++)
        {
            foreach (var row in shape.Rows)
            {
                var above = dx + (long)plane * shape.InputPlane + row.First * shape.Width * Layout.Block;
                var below = dx + (long)plane * shape.InputPlane + row.Second * shape.Width * Layout.Block;
                foreach (var column in shape.Columns)
                {
                    var gradient = T.Load(from);
                    Add(above, column, 1 - row.Weight, gradient);
                    if (row.Weight > 0) Add(below, column, row.Weight, gradient);
                    from += Layout.Block;
                }
            }
        }
    }

    private static void Add<T>(float* row, Resampling.Tap column, float weight, T gradient) where T : unmanaged, ILanes<T>
    {
        AddScaled(row + column.First * Layout.Block, weight * (1 - column.Weight), gradient);
        if (column.Weight > 0) AddScaled(row + column.Second * Layout.Block, weight * column.Weight, gradient);
    }

    private static void AddScaled<T>(float* to, float scale, T gradient) where T : unmanaged, ILanes<T> =>
        T.Store(to, T.Add(T.Load(to), T.Multiply(T.Broadcast(scale), gradient)));
}
