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
    DataGradient,

    /// <summary>Gradient of the weights.</summary>
    WeightGradient,
}

/// <summary>A convolution on random data, each thread with its own images.</summary>
internal sealed unsafe class LayerJob : IDisposable
{
    /// <summary>Images of each thread.</summary>
    public const int Images = 8;

    private readonly Conv2d _kernel;
    private readonly WorkerPool _pool;
    private readonly AlignedBuffer _weights;
    private readonly AlignedBuffer _turnedWeights;
    private readonly AlignedBuffer _bias;
    private readonly ThreadData[] _data;

    public LayerJob(SimdTier tier, Conv2dShape shape, KeptTaps? kept, int threads)
    {
        _kernel = new Conv2d(tier, shape, kept);
        _pool = new WorkerPool(threads);
        _weights = Random(_kernel.WeightLength);
        _turnedWeights = Random(_kernel.DataGradientWeightLength);
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
            LayerPass.DataGradient => thread =>
                _kernel.DataGradient(
                    Images, _data[thread].Y.Pointer, _turnedWeights.Pointer, _data[thread].Dx.Pointer, _data[thread].Scratch.Pointer,
                    accumulate: false),
            _ => thread => _kernel.WeightGradient(
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
        _turnedWeights.Dispose();
        _bias.Dispose();
    }

    private static AlignedBuffer Random(long length)
    {
        var random = new Random(1);
        var buffer = new AlignedBuffer(length);
        foreach (ref var value in buffer.Span) value = random.NextSingle() - 0.5f;
        return buffer;
    }

    private sealed class ThreadData(Conv2d kernel) : IDisposable
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
