using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>
/// Batch normalisation with the batch's statistics in training, else the running ones. Its output is computed as it is read.
/// It may be fused with the producer of its input (<see cref="StoredFeature.Normalisation"/>), which then does a part of its work. A
/// maximum pooling behind it may be a part of it: γ·x̂ + β has its maximum where x is largest, or smallest if γ is below 0. So the producer
/// stores these x of all windows, and the output is computed from them.
/// </summary>
internal sealed unsafe class BatchNormNode : TrainingNode
{
    private readonly BatchNormOp _operation;
    private readonly StoredFeature _source;
    private readonly FusedPool? _pool;
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

    /// <summary>Registers the node.</summary>
    /// <param name="context">What all nodes share.</param>
    /// <param name="node">The operation.</param>
    /// <param name="source">What it reads.</param>
    /// <param name="pool">The pooling that is a part of it, or null.</param>
    public BatchNormNode(NodeContext context, Node node, StoredFeature source, FusedPool? pool = null)
        : base(context, node, [source], new NormalisedFeature((pool?.Deciding ?? source).Shape))
    {
        _pool = pool;
        _operation = (BatchNormOp)node.Operation;
        _source = source;
        _scale = context.ParameterOf(node, "weight");
        _shift = context.ParameterOf(node, "bias");
        _runningMean = context.ParameterOf(node, "running_mean");
        _runningVariance = context.ParameterOf(node, "running_var");
        var padded = Layout.PaddedChannels(Channels);
        _sums = new PartSums(context.Ranks, BatchNorm.SumLength(Channels));
        _mean = new float[padded];
        _inverseDeviation = new float[padded];
        _foldedScale = new float[padded];
        _foldedShift = new float[padded];
        _sumPart = context.Ranks.OfParts(SumPart);
    }

    /// <summary>The node that reads the output's gradient last.</summary>
    public TrainingNode GradientReader => IsFused ? _source.Producer! : this;

    private int Channels => Input.Shape.Channels;

    private long Count => (long)Pass.Images * Input.Pixels;

    /// <summary>Whether the input's producer gathers the sums as it writes and computes the gradient as it reads.</summary>
    private bool IsFused => _source.Normalisation == this;

    /// <summary>What the output is computed from: the input, or those of its values that decide the windows of the pooling.</summary>
    public StoredFeature Values => _pool?.Deciding ?? _source;

    /// <summary>γ·x̂ + β of some images, and max(·, 0) of that if <paramref name="relu"/>.</summary>
    public void Apply(ImageRange images, bool relu, float* destination) =>
        BatchNorm.Apply(
            Tier, Values.Value(images.First), _foldedScale, _foldedShift, images.Count, Channels, Output.Pixels, relu, destination);

    /// <summary>Starts a part's sums of the input.</summary>
    public void BeginSums(int part, PassInfo pass)
    {
        if (pass.Training) _sums.Clear(part);
    }

    /// <summary>Adds some images to a part's sums of the input, and pools them.</summary>
    public void AddSums(ImageRange images, int part, PassInfo pass)
    {
        var x = _source.Value(images.First);
        if (pass.Training) BatchNorm.Sum(Tier, x, images.Count, Channels, Input.Pixels, _sums.Of(part));
        if (_pool is not null) MaxPool.ForwardBySlope(Tier, _pool.Windows, x, images.Count, _scale.Value, Values.Value(images.First));
    }

    /// <summary>Starts a part's sums of the output's gradient.</summary>
    public void BeginGradientSums(int part) => _sums.Clear(part);

    /// <summary>Adds some images to a part's sums of the output's gradient. A ReLU that follows first zeroes it where it gave 0.</summary>
    public void AddGradientSums(ImageRange images, bool relu, int part)
    {
        float* x = Values.Value(images.First), gradient = Output.Gradient(images.First);
        if (relu)
            BatchNorm.SumReluGradients(
                Tier, x, gradient, _foldedScale, _foldedShift, _mean, images.Count, Channels, Output.Pixels, _sums.Of(part));
        else BatchNorm.SumGradients(Tier, x, gradient, _mean, images.Count, Channels, Output.Pixels, _sums.Of(part));
    }

    /// <summary>The gradient of the input for some images.</summary>
    public void BackwardData(ImageRange images, float* destination, bool accumulate)
    {
        float* x = _source.Value(images.First), gradient = Output.Gradient(images.First);
        if (_pool is not null)
        {
            MaxPool.Backward(Tier, _pool.Windows, x, Values.Value(images.First), gradient, images.Count, destination, accumulate: false);
            gradient = destination;
        }

        BatchNorm.BackwardData(
            Tier, x, gradient, _scale.Value, _mean, _inverseDeviation, _sums.Total, Count, images.Count, Input.Pixels, destination,
            accumulate);
    }

    protected override void BeginForward(WorkerPool pool)
    {
        if (!Pass.Training)
        {
            BatchNorm.FoldRunning(
                _scale.Value, _shift.Value, _runningMean.Value, _runningVariance.Value, _operation.Epsilon, _foldedScale, _foldedShift);
            return;
        }

        if (!IsFused) RunParts(pool, _sumPart);
        var sums = _sums.Combine();
        BatchNorm.Finalise(sums, Count, Channels, _operation.Epsilon, _mean, _inverseDeviation);
        BatchNorm.UpdateRunning(sums, Count, _operation.Momentum, _runningMean.Value, _runningVariance.Value);
        BatchNorm.Fold(_scale.Value, _shift.Value, _mean, _inverseDeviation, _foldedScale, _foldedShift);
    }

    protected override void RunForward(WorkerPool pool)
    {
        // Readers compute the output.
    }

    protected override void BeginBackward(WorkerPool pool) =>
        BatchNorm.BackwardWeight(_sums.Combine(), _inverseDeviation, _scale.Gradient, _shift.Gradient);

    protected override void RunBackward(WorkerPool pool)
    {
        if (!IsFused && Input.NeedsGradient) base.RunBackward(pool);
    }

    protected override void BackwardImages(ImageRange images, int part) =>
        BackwardData(images, Input.Gradient(images.First), Accumulates(0));

    private void SumPart(int part)
    {
        BeginSums(part, Pass);
        AddSums(Context.Ranks.ImagesOfPart(Pass.Images, part), part, Pass);
    }
}

/// <summary>A maximum pooling that is a part of the normalisation before it.</summary>
/// <param name="Windows">Its windows over the normalisation's input.</param>
/// <param name="Deciding">Memory of the value of each window that becomes its maximum.</param>
internal sealed record FusedPool(WindowShape Windows, StoredFeature Deciding);
