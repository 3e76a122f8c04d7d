using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Masks.Repair;

/// <summary>Mean and variance of each channel of a feature, and how a batch normalisation that reads the feature takes them on.</summary>
internal sealed unsafe class ChannelStatistics
{
    private readonly double[] _mean;
    private readonly double[] _variance;

    /// <summary>Measures a feature.</summary>
    /// <param name="feature">[N, C/16, H, W, 16].</param>
    /// <param name="shape">Shape of one image's feature.</param>
    /// <param name="pool">Threads.</param>
    public ChannelStatistics(AlignedBuffer feature, FeatureShape shape, WorkerPool pool)
    {
        var channels = Layout.PaddedChannels(shape.Channels);
        var (sums, squares) = (new double[WorkerPool.Parts * channels], new double[WorkerPool.Parts * channels]);
        var (groups, pixels) = (feature.Length / Layout.Block, shape.Pixels);
        pool.Run(WorkerPool.Parts, part =>
        {
            for (var i = groups * part / WorkerPool.Parts; i < groups * (part + 1) / WorkerPool.Parts; i++)
            {
                var first = part * channels + (int)(i / pixels % (channels / Layout.Block)) * Layout.Block;
                for (var lane = 0; lane < Layout.Block; lane++)
                {
                    double value = feature.Pointer[i * Layout.Block + lane];
                    sums[first + lane] += value;
                    squares[first + lane] += value * value;
                }
            }
        });
        var count = (double)feature.Length / channels;
        (_mean, _variance) = (new double[shape.Channels], new double[shape.Channels]);
        for (var c = 0; c < shape.Channels; c++)
        {
            for (var part = 0; part < WorkerPool.Parts; part++) _mean[c] += sums[part * channels + c] / count;
            for (var part = 0; part < WorkerPool.Parts; part++) _variance[c] += squares[part * channels + c] / count;
            _variance[c] = Math.Max(0, _variance[c] - _mean[c] * _mean[c]);
        }
    }

    /// <summary>The mean of each channel.</summary>
    public IReadOnlyList<double> Mean => _mean;

    /// <summary>Replaces the running statistics of a normalisation, and leaves its scale and shift as they are.</summary>
    /// <param name="parameter">Gives a parameter of the normalisation by its suffix.</param>
    public void SetStatistics(Func<string, float[]> parameter)
    {
        Array.ConvertAll(_mean, value => (float)value).CopyTo(parameter("running_mean"), 0);
        Array.ConvertAll(_variance, value => (float)value).CopyTo(parameter("running_var"), 0);
    }

    /// <summary>
    /// Replaces the running statistics of a normalisation, and changes its scale and shift such that it computes the same as before. The
    /// layer before it was fitted to what it computes, and training that follows begins with true statistics.
    /// </summary>
    /// <param name="operation">The normalisation.</param>
    /// <param name="parameter">Gives a parameter of the normalisation by its suffix.</param>
    public void KeepFunction(BatchNormOp operation, Func<string, float[]> parameter)
    {
        var (scale, shift) = operation.FoldChannels(parameter);
        SetStatistics(parameter);
        for (var c = 0; c < _mean.Length; c++)
        {
            parameter("weight")[c] = (float)(scale[c] * Math.Sqrt(_variance[c] + operation.Epsilon));
            parameter("bias")[c] = (float)(shift[c] + scale[c] * _mean[c]);
        }
    }
}
