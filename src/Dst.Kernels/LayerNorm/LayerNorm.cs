using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Layer normalisation over the channels of each pixel: y = weight[c]·(x − mean) / √(variance + epsilon) + bias[c] (Ba, Kiros, Hinton,
/// "Layer Normalization", 2016). The variance is the biased one. Sums over channels are in double in the reference.
/// </summary>
public static unsafe class LayerNorm
{
    /// <summary>y from x.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="weights">Padded [C], zero beyond C.</param>
    /// <param name="biases">Padded [C], zero beyond C.</param>
    /// <param name="epsilon">Above 0.</param>
    /// <param name="images">Images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="y">Same layout; may be <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range.</exception>
    public static void Forward(
        SimdTier tier, float* x, float* weights, float* biases, float epsilon, int images, int channels, int pixels, float* y)
    {
        Check.Images(images, channels, pixels);
        KernelRunner.Run(tier, new LayerNormForward(x, weights, biases, epsilon, images, channels, pixels, y));
    }

    /// <summary>
    /// The gradients of the input, and of the weights and biases, which are added to their sums.
    /// <code>
    /// x̂ = (x − mean) / √(variance + epsilon)        g = weight·dy
    /// dx = (g − mean(g) − x̂·mean(g·x̂)) / √(variance + epsilon)
    /// dweight += Σ dy·x̂        dbias += Σ dy        over a run of images
    /// </code>
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">The forward pass's input.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="weights">Padded [C], zero beyond C.</param>
    /// <param name="epsilon">Above 0.</param>
    /// <param name="images">Images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="dx">Gradient of the input, or null if it is not needed.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    /// <param name="weightSums">Padded [C].</param>
    /// <param name="biasSums">Padded [C].</param>
    /// <exception cref="ArgumentException">A number of images, channels or pixels is out of range, or a length does not match.</exception>
    public static void Backward(
        SimdTier tier, float* x, float* dy, float* weights, float epsilon, int images, int channels, int pixels,
        float* dx, bool accumulate, Span<double> weightSums, Span<double> biasSums)
    {
        Check.Images(images, channels, pixels);
        Check.Length<double>(weightSums, Layout.PaddedChannels(channels));
        Check.Length<double>(biasSums, Layout.PaddedChannels(channels));
        fixed (double* ofWeights = weightSums, ofBiases = biasSums)
        {
            KernelRunner.Run(
                tier,
                new LayerNormBackward(x, dy, weights, epsilon, images, channels, pixels, dx, accumulate, ofWeights, ofBiases));
        }
    }
}

/// <summary>The channels of one pixel: every block is a plane further.</summary>
internal readonly unsafe struct PixelChannels(int channels, int pixels)
{
    /// <summary>Blocks of channels.</summary>
    public int Blocks => Layout.Blocks(channels);

    /// <summary>Floats from one block of a pixel to the next.</summary>
    public long Plane => (long)pixels * Layout.Block;

    /// <summary>First float of each pixel of a run of images.</summary>
    public long PixelAt(long pixel) => pixel / pixels * Blocks * Plane + pixel % pixels * Layout.Block;

    /// <summary>Place of a channel, from the first float of its pixel.</summary>
    public long ChannelAt(int channel) => Layout.FirstPixelOf(channel, pixels);

    /// <summary>1 in the lanes of the last block that are channels, 0 in the others.</summary>
    public void MarkLast(float* exists)
    {
        for (var lane = 0; lane < Layout.Block; lane++) exists[lane] = (Blocks - 1) * Layout.Block + lane < channels ? 1 : 0;
    }

    /// <summary>Mean, and 1 / √(variance + epsilon), of a pixel's channels.</summary>
    public (double Mean, double Scale) Statistics(float* x, float epsilon)
    {
        double sum = 0, squares = 0;
        for (var c = 0; c < channels; c++) sum += x[ChannelAt(c)];
        var mean = sum / channels;
        for (var c = 0; c < channels; c++) squares += (x[ChannelAt(c)] - mean) * (x[ChannelAt(c)] - mean);
        return (mean, 1 / Math.Sqrt(squares / channels + epsilon));
    }

    /// <summary>The same on lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public (float Mean, float Scale) Statistics<T>(float* x, T lastExists, float epsilon) where T : unmanaged, ILanes<T>
    {
        T sum = T.Zero, squares = T.Zero;
        for (var b = 0; b < Blocks; b++) sum = T.Add(sum, T.Load(x + b * Plane));
        var mean = SumOf(sum) / channels;
        for (var b = 0; b < Blocks; b++)
        {
            var difference = Centred(x, b, T.Broadcast(mean), lastExists);
            squares = T.MultiplyAdd(difference, difference, squares);
        }

        return (mean, (float)(1 / Math.Sqrt(SumOf(squares) / (double)channels + epsilon)));
    }

    /// <summary>x − mean of a block, 0 in lanes that are no channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Centred<T>(float* x, int block, T mean, T lastExists) where T : unmanaged, ILanes<T>
    {
        var difference = T.Subtract(T.Load(x + block * Plane), mean);
        return block == Blocks - 1 ? T.WherePositive(lastExists, difference) : difference;
    }

    /// <summary>The sum of all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SumOf<T>(T lanes) where T : unmanaged, ILanes<T>
    {
        var values = (float*)&lanes;
        var sum = 0f;
        for (var lane = 0; lane < Layout.Block; lane++) sum += values[lane];
        return sum;
    }
}

/// <summary>y = weight·x̂ + bias.</summary>
internal readonly unsafe struct LayerNormForward(
    float* x, float* weights, float* biases, float epsilon, int images, int channels, int pixels, float* y) : IKernel
{
    private readonly PixelChannels _pixel = new(channels, pixels);

    public void Reference()
    {
        for (var pixel = 0L; pixel < (long)images * pixels; pixel++)
        {
            var at = _pixel.PixelAt(pixel);
            var (mean, scale) = _pixel.Statistics(x + at, epsilon);
            for (var c = 0; c < channels; c++)
            {
                var place = at + _pixel.ChannelAt(c);
                y[place] = (float)(weights[c] * ((x[place] - mean) * scale) + biases[c]);
            }

            for (var c = channels; c < _pixel.Blocks * Layout.Block; c++) y[at + _pixel.ChannelAt(c)] = 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var mark = stackalloc float[Layout.Block];
        _pixel.MarkLast(mark);
        var exists = T.Load(mark);
        for (var pixel = 0L; pixel < (long)images * pixels; pixel++)
        {
            var at = _pixel.PixelAt(pixel);
            var (mean, scale) = _pixel.Statistics(x + at, exists, epsilon);
            for (var b = 0; b < _pixel.Blocks; b++)
            {
                var normal = T.Multiply(_pixel.Centred(x + at, b, T.Broadcast(mean), exists), T.Broadcast(scale));
                var block = b * Layout.Block;
                T.Store(y + at + b * _pixel.Plane, T.MultiplyAdd(normal, T.Load(weights + block), T.Load(biases + block)));
            }
        }
    }
}

/// <summary>dx, Σ dy·x̂ and Σ dy.</summary>
internal readonly unsafe struct LayerNormBackward(
    float* x, float* dy, float* weights, float epsilon, int images, int channels, int pixels, float* dx, bool accumulate,
    double* weightSums, double* biasSums) : IKernel
{
    private readonly PixelChannels _pixel = new(channels, pixels);

    public void Reference()
    {
        for (var pixel = 0L; pixel < (long)images * pixels; pixel++)
        {
            var at = _pixel.PixelAt(pixel);
            var (mean, scale) = _pixel.Statistics(x + at, epsilon);
            double sum = 0, product = 0;
            for (var c = 0; c < channels; c++)
            {
                var place = at + _pixel.ChannelAt(c);
                var normal = (x[place] - mean) * scale;
                sum += (double)weights[c] * dy[place];
                product += (double)weights[c] * dy[place] * normal;
                weightSums[c] += dy[place] * normal;
                biasSums[c] += dy[place];
            }

            if (dx is null) continue;
            for (var c = 0; c < channels; c++)
            {
                var place = at + _pixel.ChannelAt(c);
                var normal = (x[place] - mean) * scale;
                var gradient = scale * ((double)weights[c] * dy[place] - sum / channels - normal * product / channels);
                dx[place] = (float)gradient + (accumulate ? dx[place] : 0);
            }

            if (accumulate) continue;
            for (var c = channels; c < _pixel.Blocks * Layout.Block; c++) dx[at + _pixel.ChannelAt(c)] = 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<T>() where T : unmanaged, ILanes<T>
    {
        var mark = stackalloc float[Layout.Block];
        _pixel.MarkLast(mark);
        var exists = T.Load(mark);
        for (var pixel = 0L; pixel < (long)images * pixels; pixel++)
        {
            var at = _pixel.PixelAt(pixel);
            var (mean, scale) = _pixel.Statistics(x + at, exists, epsilon);
            T sum = T.Zero, product = T.Zero;
            for (var b = 0; b < _pixel.Blocks; b++)
            {
                var normal = T.Multiply(_pixel.Centred(x + at, b, T.Broadcast(mean), exists), T.Broadcast(scale));
                var gradient = T.Load(dy + at + b * _pixel.Plane);
                var weighted = T.Multiply(gradient, T.Load(weights + b * Layout.Block));
                sum = T.Add(sum, weighted);
                product = T.MultiplyAdd(weighted, normal, product);
                T.AddTo(weightSums + b * Layout.Block, T.Multiply(gradient, normal));
                T.AddTo(biasSums + b * Layout.Block, gradient);
            }

            if (dx is null) continue;
            Store(at, exists, mean, scale, PixelChannels.SumOf(sum) / channels, PixelChannels.SumOf(product) / channels);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Store<T>(long at, T exists, float mean, float scale, float meanGradient, float meanProduct) where T : unmanaged, ILanes<T>
    {
        for (var b = 0; b < _pixel.Blocks; b++)
        {
            var normal = T.Multiply(_pixel.Centred(x + at, b, T.Broadcast(mean), exists), T.Broadcast(scale));
            var weighted = T.Multiply(T.Load(dy + at + b * _pixel.Plane), T.Load(weights + b * Layout.Block));
            var rest = T.Subtract(T.Subtract(weighted, T.Broadcast(meanGradient)), T.Multiply(normal, T.Broadcast(meanProduct)));
            if (b == _pixel.Blocks - 1) rest = T.WherePositive(exists, rest);
            var to = dx + at + b * _pixel.Plane;
            T.Store(to, T.MultiplyAdd(rest, T.Broadcast(scale), accumulate ? T.Load(to) : T.Zero));
        }
    }
}
