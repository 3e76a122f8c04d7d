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

/// <summary>A convolution on random data, each thread with its own images.</summary>
internal sealed unsafe class LayerJob : IDisposable
{
    /// <summary>Images of each thread.</summary>
    public const int Images = 8;

    private readonly DirectConvolution _kernel;
    private readonly WorkerPool _pool;
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer _backwardDataWeights;
    private readonly AlignedBuffer _bias;
    private readonly ThreadData[] _data;

    public LayerJob(SimdTier tier, Conv2dShape shape, KeptTaps? kept, int threads)
    {
        _kernel = new DirectConvolution(tier, shape, kept);
        _pool = new WorkerPool(threads);
        _weights = Random(_kernel.WeightLength);
        _backwardDataWeights = Random(_kernel.BackwardDataWeightLength);
        _bias = Random(Layout.PaddedChannels(shape.Filters));
        _data = [.. Enumerable.Range(0, threads).Select(_ => new ThreadData(_kernel))];
    }

    /// <summary>Seconds that one pass over all threads' images takes.</summary>
    public double Measure(LayerPass pass)
    {
        Action<int> job = pass switch
        {
            LayerPass.Forward => thread =>
                _kernel.Forward(
                    Images, _data[thread].X.Pointer, _weights.Pointer, _bias.Pointer, _data[thread].Y.Pointer,
                    _data[thread].Scratch.Pointer),
            LayerPass.BackwardData => thread =>
                _kernel.BackwardData(
                    Images, _data[thread].Y.Pointer, _backwardDataWeights.Pointer, _data[thread].Dx.Pointer, _data[thread].Scratch.Pointer,
                    accumulate: false),
            _ => thread => _kernel.BackwardWeight(
                Images, _data[thread].X.Pointer, _data[thread].Y.Pointer, 0, _kernel.Shape.FilterBlocks, _data[thread].Gradient.Pointer,
                _data[thread].Scratch.Pointer),
        };
        return BestTime.Of(() => _pool.Run(_data.Length, job));
    }

    public void Dispose()
    {
        _pool.Dispose();
        foreach (var data in _data) data.Dispose();
        _weights.Dispose();
        _backwardDataWeights.Dispose();
        _bias.Dispose();
    }

    private static AlignedBuffer Random(long length)
    {
        var random = new Random(1);
        var buffer = new AlignedBuffer(length);
        foreach (ref var value in buffer.Span) value = random.NextSingle() - 0.5f;
        return buffer;
    }

    private sealed class ThreadData(DirectConvolution kernel) : IDisposable
    {
        public readonly AlignedBuffer X = Random((long)Images * kernel.Shape.InputLength);
        public readonly AlignedBuffer Y = Random((long)Images * kernel.Shape.OutputLength);
        public readonly AlignedBuffer Dx = new((long)Images * kernel.Shape.InputLength);
        public readonly AlignedBuffer Gradient = new(kernel.WeightGradientLength);
        public readonly AlignedBuffer Scratch = new(kernel.ScratchLength);

        public void Dispose()
        {
            X.Dispose();
            Y.Dispose();
            Dx.Dispose();
            Gradient.Dispose();
            Scratch.Dispose();
        }
    }
}
