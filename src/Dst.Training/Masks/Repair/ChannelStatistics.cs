using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Masks.Repair;

/// <summary>
/// Estimates the statistics of a batch normalisation anew, from what the halved network gives it.
/// </summary>
internal sealed unsafe class BatchNormFit
{
    private readonly double[] _mean;
    private readonly double[] _variance;

    /// <summary>Measures a feature.</summary>
    /// <param name="feature">[N, C/16, H, W, 16].</param>
    /// <param name="shape">Shape of one image's feature.</param>
    /// <param name="pool">Threads.</param>
    public BatchNormFit(AlignedBuffer feature, FeatureShape shape, WorkerPool pool)
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

    /// <summary>Replaces the statistics and leaves scale and shift as they are.</summary>
    /// <param name="parameter">Gives a parameter by its suffix.</param>
    public void SetStatistics(Func<string, float[]> parameter)
    {
        Array.ConvertAll(_mean, value => (float)value).CopyTo(parameter("running_mean"), 0);
        Array.ConvertAll(_variance, value => (float)value).CopyTo(parameter("running_var"), 0);
    }

    /// <summary>
    /// Replaces the statistics, and scale and shift with them, so that the function stays the same: behind a fitted layer it is fitted too,
    /// and training that follows begins with statistics that are so.
    /// </summary>
    /// <param name="operation">The normalisation.</param>
    /// <param name="parameter">Gives a parameter by its suffix.</param>
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
