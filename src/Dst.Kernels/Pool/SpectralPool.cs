using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Spectral pooling: Rippel, Snoek, Adams, "Spectral Representations for Convolutional Neural Networks", NIPS 2015. The output has the low
/// frequencies of the input's spectrum. Along each axis, from n values to m:
/// <code>
/// X[k] = Σᵢ x[i]·e^(−2π·ik/n),  y[j] = 1/n · Re Σₖ X[k]·e^(2π·jk/m)  over −m/2 ≤ k &lt; m/2
/// that is y = A·x with A[j, i] = 1/n · Σₖ cos(k·θ), θ = 2π·(j/m − i/n)
/// </code>
/// The real part concerns k = −m/2 alone, which is there for an even m and has no partner. Constants stay as they are. A map becomes
/// A·x·Bᵀ with a matrix for each axis, and its gradient is Aᵀ·dy·B.
/// </summary>
public sealed unsafe class SpectralPool
{
    /// <summary>Largest number of rows and of columns.</summary>
    public const int MaxExtent = 1024;

    private readonly MapShape _x;
    private readonly MapShape _y;
    private readonly float[] _rows;
    private readonly float[] _columns;
    private readonly float[] _rowsTransposed;
    private readonly float[] _columnsTransposed;

    /// <summary>An operation on maps of one size.</summary>
    /// <param name="x">Sizes of the input, at most <see cref="MaxExtent"/>.</param>
    /// <param name="height">Rows of the output, from 1 to those of the input.</param>
    /// <param name="width">Columns of the output, from 1 to those of the input.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range.</exception>
    public SpectralPool(MapShape x, int height, int width)
    {
        (_x, _y) = (x, new(x.Channels, height, width));
        (_rows, _columns) = (Matrix(x.Height, height), Matrix(x.Width, width));
        (_rowsTransposed, _columnsTransposed) = (Transpose(_rows, height), Transpose(_columns, width));
    }

    /// <summary>A[m, n], which keeps m of n frequencies.</summary>
    /// <param name="length">n, at most <see cref="MaxExtent"/>.</param>
    /// <param name="kept">m, from 1 to n.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static float[] Matrix(int length, int kept)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, MaxExtent);
        ArgumentOutOfRangeException.ThrowIfLessThan(kept, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(kept, length);
        var matrix = new float[kept * length];
        for (var j = 0; j < kept; j++)
        {
            for (var i = 0; i < length; i++) matrix[j * length + i] = (float)(SumOfCosines(j, i, length, kept) / length);
        }

        return matrix;
    }

    /// <summary>y = A·x·Bᵀ.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="y">[N, C/16, height, width, 16].</param>
    public void Forward(SimdTier tier, float* x, int images, float* y) => Run(tier, ForwardOf(x, images, y), accumulate: false);

    /// <summary>dx = Aᵀ·dy·B.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public void Backward(SimdTier tier, float* dy, int images, float* dx, bool accumulate) =>
        Run(tier, BackwardOf(dy, images, dx), accumulate);

    /// <summary>The kernel of the forward pass, which adds to <paramref name="y"/>.</summary>
    internal ProductOfPlanes ForwardOf(float* x, int images, float* y) =>
        new(_rows, _x, _columnsTransposed, _y, images * _x.Blocks, x, y);

    /// <summary>The kernel of the backward pass, which adds to <paramref name="dx"/>.</summary>
    internal ProductOfPlanes BackwardOf(float* dy, int images, float* dx) =>
        new(_rowsTransposed, _y, _columns, _x, images * _x.Blocks, dy, dx);

    private static void Run(SimdTier tier, ProductOfPlanes product, bool accumulate)
    {
        if (!accumulate) product.Clear();
        KernelRunner.Run(tier, product);
    }

    /// <summary>Σ cos(k·θ) over −m/2 ≤ k &lt; m/2: Dirichlet's kernel, and cos(m/2·θ) for an even m.</summary>
    private static double SumOfCosines(int j, int i, int length, int kept)
    {
        var half = Math.PI * (j * length - i * kept) / ((double)length * kept); // θ/2
        var pairs = (kept - 1) / 2;
        var paired = half == 0 ? 2 * pairs + 1 : Math.Sin((2 * pairs + 1) * half) / Math.Sin(half);
        return kept % 2 == 0 ? paired + Math.Cos(kept * half) : paired;
    }

    private static float[] Transpose(float[] matrix, int rows)
    {
        var columns = matrix.Length / rows;
        var transposed = new float[matrix.Length];
        for (var i = 0; i < matrix.Length; i++) transposed[i % columns * rows + i / columns] = matrix[i];
        return transposed;
    }
}

/// <summary>y += L·x·R for each plane of pixels of 16 lanes.</summary>
/// <param name="left">L[rows of y, rows of x].</param>
/// <param name="input">Sizes of x.</param>
/// <param name="right">R[columns of x, columns of y].</param>
/// <param name="output">Sizes of y.</param>
/// <param name="planes">Number of planes.</param>
/// <param name="x">The planes of x.</param>
/// <param name="y">The planes of y.</param>
internal readonly unsafe struct ProductOfPlanes(
    float[] left, MapShape input, float[] right, MapShape output, int planes, float* x, float* y) : IKernel
{
    /// <summary>y = 0.</summary>
    public void Clear()
    {
        var length = output.Pixels * Layout.Block;
        for (var plane = 0L; plane < planes; plane++) new Span<float>(y + plane * length, length).Clear();
    }

    public void Reference()
    {
        var mixed = new double[input.Width];
        for (var line = 0L; line < (long)planes * output.Height * Layout.Block; line++)
        {
            var (row, lane) = ((int)(line / Layout.Block % output.Height), line % Layout.Block);
            var plane = line / Layout.Block / output.Height;
            var from = x + plane * input.Pixels * Layout.Block + lane;
            var to = y + plane * output.Pixels * Layout.Block + lane;
            for (var k = 0; k < input.Width; k++)
            {
                mixed[k] = 0;
                for (var i = 0; i < input.Height; i++)
                    mixed[k] += (double)left[row * input.Height + i] * from[(i * input.Width + k) * Layout.Block];
            }

            for (var column = 0; column < output.Width; column++)
            {
                var sum = 0.0;
                for (var k = 0; k < input.Width; k++) sum += right[k * output.Width + column] * mixed[k];
                to[(row * output.Width + column) * Layout.Block] += (float)sum;
            }
        }
    }

    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        for (var plane = 0L; plane < planes; plane++)
            Plane<T>(x + plane * input.Pixels * Layout.Block, y + plane * output.Pixels * Layout.Block);
    }

    private void Plane<T>(float* from, float* to) where T : unmanaged, ILanes<T>
    {
        var mixed = stackalloc float[input.Width * Layout.Block]; // a row of L·x
        fixed (float* ofRows = left, ofColumns = right)
        {
            for (var row = 0; row < output.Height; row++, to += output.Width * Layout.Block)
            {
                MixRows<T>(ofRows + row * input.Height, from, input.Height, input.Width, mixed);
                AddColumns<T>(ofColumns, mixed, input.Width, output.Width, to);
            }
        }
    }

    /// <summary>mixed[k] = Σᵢ factors[i]·x[i, k]: four columns at a time, whose sums stay in registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MixRows<T>(float* factors, float* x, int rows, int width, float* mixed) where T : unmanaged, ILanes<T>
    {
        var (k, pitch) = (0, width * Layout.Block);
        for (; k + 4 <= width; k += 4, mixed += 4 * Layout.Block)
        {
            T sum0 = T.Zero, sum1 = T.Zero, sum2 = T.Zero, sum3 = T.Zero;
            var line = x + k * Layout.Block;
            for (var i = 0; i < rows; i++, line += pitch)
            {
                var factor = T.Broadcast(factors[i]);
                sum0 = T.MultiplyAdd(factor, T.Load(line), sum0);
                sum1 = T.MultiplyAdd(factor, T.Load(line + Layout.Block), sum1);
                sum2 = T.MultiplyAdd(factor, T.Load(line + 2 * Layout.Block), sum2);
                sum3 = T.MultiplyAdd(factor, T.Load(line + 3 * Layout.Block), sum3);
            }

            T.Store(mixed, sum0);
            T.Store(mixed + Layout.Block, sum1);
            T.Store(mixed + 2 * Layout.Block, sum2);
            T.Store(mixed + 3 * Layout.Block, sum3);
        }

        for (; k < width; k++, mixed += Layout.Block)
        {
            var sum = T.Zero;
            for (var i = 0; i < rows; i++) sum = T.MultiplyAdd(T.Broadcast(factors[i]), T.Load(x + i * pitch + k * Layout.Block), sum);
            T.Store(mixed, sum);
        }
    }

    /// <summary>y[j] += Σₖ mixed[k]·factors[k, j], in the same way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddColumns<T>(float* factors, float* mixed, int width, int columns, float* y) where T : unmanaged, ILanes<T>
    {
        var j = 0;
        for (; j + 4 <= columns; j += 4, y += 4 * Layout.Block)
        {
            T sum0 = T.Load(y), sum1 = T.Load(y + Layout.Block), sum2 = T.Load(y + 2 * Layout.Block), sum3 = T.Load(y + 3 * Layout.Block);
            for (var k = 0; k < width; k++)
            {
                var value = T.Load(mixed + k * Layout.Block);
                var factor = factors + k * columns + j;
                sum0 = T.MultiplyAdd(factor, value, sum0);
                sum1 = T.MultiplyAdd(factor + 1, value, sum1);
                sum2 = T.MultiplyAdd(factor + 2, value, sum2);
                sum3 = T.MultiplyAdd(factor + 3, value, sum3);
            }

            T.Store(y, sum0);
            T.Store(y + Layout.Block, sum1);
            T.Store(y + 2 * Layout.Block, sum2);
            T.Store(y + 3 * Layout.Block, sum3);
        }

        for (; j < columns; j++, y += Layout.Block)
        {
            var sum = T.Load(y);
            for (var k = 0; k < width; k++) sum = T.MultiplyAdd(factors + k * columns + j, T.Load(mixed + k * Layout.Block), sum);
            T.Store(y, sum);
        }
    }
}
