using Dst.Kernels;
using Dst.Runtime.Graph;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>Batch normalisation: by the batch's statistics in training, by the running ones otherwise.</summary>
internal sealed unsafe class BatchNormNode : TrainingNode
{
    private readonly BatchNormOp _operation;
    private readonly Parameter _scale;
    private readonly Parameter _shift;
    private readonly Parameter _runningMean;
    private readonly Parameter _runningVariance;
    private readonly PartSums _sums;
    private readonly float[] _mean;
    private readonly float[] _inverseDeviation;
    private readonly float[] _foldedScale;
    private readonly float[] _foldedShift;
    private readonly Action<int> _sumPart;
    private readonly Action<int> _sumGradientPart;

    public BatchNormNode(
        Node node, FeatureBuffer[] inputs, FeatureBuffer output, Parameter scale, Parameter shift, Parameter runningMean, Parameter runningVariance)
        : base(node, inputs, output)
    {
        _operation = (BatchNormOp)node.Operation;
        _scale = scale;
        _shift = shift;
        _runningMean = runningMean;
        _runningVariance = runningVariance;
        var padded = Layout.PaddedChannels(Channels);
        _sums = new PartSums(BatchNorm.SumLength(Channels));
        _mean = new float[padded];
        _inverseDeviation = new float[padded];
        _foldedScale = new float[padded];
        _foldedShift = new float[padded];
        _sumPart = SumPart;
        _sumGradientPart = SumGradientPart;
    }

    private int Channels => Input.Shape.Channels;

    private long Count => (long)Pass.Images * Input.Pixels;

    protected override void BeginForward(WorkerPool pool)
    {
        if (!Pass.Training)
        {
            BatchNorm.FoldRunning(_scale.Value, _shift.Value, _runningMean.Value, _runningVariance.Value, _operation.Epsilon, _foldedScale, _foldedShift);
            return;
        }

        pool.Run(WorkerPool.Parts, _sumPart);
        var sums = _sums.Combine();
        BatchNorm.Finalise(sums, Count, Channels, _operation.Epsilon, _mean, _inverseDeviation);
        BatchNorm.UpdateRunning(sums, Count, _operation.Momentum, _runningMean.Value, _runningVariance.Value);
        BatchNorm.Fold(_scale.Value, _shift.Value, _mean, _inverseDeviation, _foldedScale, _foldedShift);
    }

    protected override void ForwardImages(ImageRange images, int part) =>
        BatchNorm.Apply(Input.Value(images.First), _foldedScale, _foldedShift, images.Count, Channels, Input.Pixels, Output.Value(images.First));

    protected override void BeginBackward(WorkerPool pool)
    {
        pool.Run(WorkerPool.Parts, _sumGradientPart);
        BatchNorm.ParameterGradients(_sums.Combine(), _inverseDeviation, _scale.Gradient, _shift.Gradient);
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (!Input.NeedsGradient) return;
        BatchNorm.DataGradient(
            Input.Value(images.First), Output.Gradient(images.First), _scale.Value, _mean, _inverseDeviation, _sums.Total, Count,
            images.Count, Input.Pixels, Input.Gradient(images.First), Accumulate[0]);
    }

    private void SumPart(int part)
    {
        var images = ImageRange.OfPart(Pass.Images, part);
        BatchNorm.Sum(Input.Value(images.First), images.Count, Channels, Input.Pixels, _sums.Cleared(part));
    }

    private void SumGradientPart(int part)
    {
        var images = ImageRange.OfPart(Pass.Images, part);
        BatchNorm.SumGradients(Input.Value(images.First), Output.Gradient(images.First), _mean, images.Count, Channels, Input.Pixels, _sums.Cleared(part));
    }
}
