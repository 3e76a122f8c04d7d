namespace Dst.Kernels;

/// <summary>Estimated time of one image in each pass of a convolution, in vector multiply-adds.</summary>
/// <param name="Forward">Output from input and weights.</param>
/// <param name="BackwardData">Gradient of the input.</param>
/// <param name="BackwardWeight">Gradient of the weights.</param>
public readonly record struct PassCosts(double Forward, double BackwardData, double BackwardWeight)
{
    /// <summary>Time of a training step.</summary>
    public double Total => Forward + BackwardData + BackwardWeight;
}

/// <summary>What the cost of a convolution depends on.</summary>
/// <param name="Shape">Sizes.</param>
/// <param name="Batch">Images of a pass, which share the time to read or pack weights.</param>
/// <param name="PacksWeights">Whether each pass packs the weights; otherwise they are packed once.</param>
/// <param name="Block">Filters that share a choice of taps; 16 where all are kept.</param>
/// <param name="KeptShare">Share of the multiply-adds that are left where taps are dropped, 0 to 1.</param>
public readonly record struct ConvolutionWork(Conv2dShape Shape, int Batch, bool PacksWeights, int Block, double KeptShare)
{
    /// <summary>Pixels of an output map.</summary>
    public double Pixels => (double)Shape.OutHeight * Shape.OutWidth;

    /// <summary>A forward pass on weights that are packed once.</summary>
    /// <param name="form">The form that computes it.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="kept">The taps that are read, or null for all.</param>
    /// <param name="batch">Images of a pass.</param>
    public static ConvolutionWork OfInference(ConvolutionForm form, Conv2dShape shape, KeptTaps? kept, int batch) =>
        new(shape, batch, PacksWeights: false, kept?.Block ?? Layout.Block, kept is null ? 1 : form.ShareOf(shape, kept));

    /// <summary>
    /// The passes of a training step. A mask counts by its <see cref="KeptTaps.FinalShare"/>. The form, and with it the rounding, then
    /// stays the same from stage to stage of gradual pruning.
    /// </summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="kept">The taps that are read, or null for all. Blocks below 16 count as all taps: both backward passes read what any of
    /// 16 filters keeps.</param>
    /// <param name="batch">Images of a pass.</param>
    public static ConvolutionWork OfTraining(Conv2dShape shape, KeptTaps? kept, int batch) =>
        new(shape, batch, PacksWeights: true, Layout.Block, kept is { Block: Layout.Block } ? kept.FinalShare : 1);
}
