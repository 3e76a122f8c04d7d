using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Cli.Bench;

/// <summary>A pass of a convolution layer.</summary>
internal enum LayerPass
{
    /// <summary>Output from input and weights.</summary>
    Forward,

    /// <summary>Gradient of the input.</summary>
    BackwardData,

    /// <summary>Gradient of the weights.</summary>
    BackwardWeight,
}

/// <summary>A convolution on random data in one form, each thread with its own images.</summary>
internal abstract class LayerJob(int threads) : IDisposable
{
    /// <summary>Images of each thread.</summary>
    public const int Images = 8;

    private readonly WorkerPool _pool = new(threads);
    private readonly List<AlignedBuffer> _buffers = [];

    /// <summary>The layer in a form that supports it.</summary>
    public static LayerJob Create(SimdTier tier, ConvolutionForm form, Conv2dShape shape, KeptTaps? kept, int threads) =>
        form switch
        {
            WinogradForm winograd => new WinogradLayerJob(tier, winograd, shape, kept, threads),
            FftForm fft when shape.IsDepthwise => new DepthwiseFftLayerJob(tier, fft, shape, threads),
            FftForm fft => new FftLayerJob(tier, fft, shape, kept, threads),
            PlanarWinogradForm or RowWinogradForm or TileForm => new InferenceLayerJob(tier, form, shape, kept, threads),
            _ when form == ConvolutionForm.Depthwise => new DepthwiseLayerJob(tier, shape, threads),
            _ => new DirectLayerJob(tier, shape, kept, threads),
        };

    /// <summary>Seconds that one pass over all threads' images takes.</summary>
    public double Measure(LayerPass pass) => BestTime.Of(() => _pool.Run(threads, thread => Run(pass, thread)));

    public void Dispose()
    {
        _pool.Dispose();
        foreach (var buffer in _buffers) buffer.Dispose();
    }

    /// <summary>One pass over the images of a thread.</summary>
    protected abstract void Run(LayerPass pass, int thread);

    /// <summary>Memory of each thread.</summary>
    /// <param name="shape">The layer.</param>
    /// <param name="gradientLength">Floats of the gradient of the weights.</param>
    /// <param name="scratchLength">Floats of scratch memory.</param>
    /// <param name="inputTransformLength">Floats of the transformed input, 0 in direct form.</param>
    /// <param name="outputTransformLength">Floats of the transformed output, 0 in direct form.</param>
    protected LayerData[] DataOf(
        Conv2dShape shape, long gradientLength, long scratchLength, long inputTransformLength = 0, long outputTransformLength = 0) =>
    [
        .. Enumerable.Range(0, threads).Select(_ => new LayerData(
            Random((long)Images * shape.InputLength), Random((long)Images * shape.OutputLength),
            Zeros((long)Images * shape.InputLength), Zeros(gradientLength), Zeros(scratchLength),
            Zeros(inputTransformLength), Zeros(outputTransformLength))),
    ];

    /// <summary>Memory with zeros, freed with the job.</summary>
    protected AlignedBuffer Zeros(long length)
    {
        _buffers.Add(new(length));
        return _buffers[^1];
    }

    /// <summary>Memory with random numbers, freed with the job.</summary>
    protected AlignedBuffer Random(long length)
    {
        var random = new Random(1);
        var buffer = Zeros(length);
        foreach (ref var value in buffer.Span) value = random.NextSingle() - 0.5f;
        return buffer;
    }

    /// <summary>Images and gradients of a thread.</summary>
    protected sealed record LayerData(
        AlignedBuffer X, AlignedBuffer Y, AlignedBuffer Dx, AlignedBuffer Gradient, AlignedBuffer Scratch,
        AlignedBuffer InputTransform, AlignedBuffer OutputTransform);
}
