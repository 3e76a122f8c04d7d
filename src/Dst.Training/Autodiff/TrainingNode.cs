using Dst.Runtime.Graph;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff;

/// <summary>The part of a batch that one part of a parallel job works on.</summary>
internal readonly record struct ImageRange(int First, int Count)
{
    /// <summary>Part <paramref name="part"/> of <see cref="WorkerPool.Parts"/>: the cut depends on the batch alone, not on the threads.</summary>
    public static ImageRange OfPart(int images, int part)
    {
        var first = (int)((long)images * part / WorkerPool.Parts);
        return new(first, (int)((long)images * (part + 1) / WorkerPool.Parts) - first);
    }
}

/// <summary>What a pass over the network is told about itself.</summary>
/// <param name="Images">Images in the batch.</param>
/// <param name="Training">Batch statistics and dropout, or running statistics and none.</param>
/// <param name="Step">Number of the training step: the key of dropout masks.</param>
/// <param name="Prepared">Parameters are as in the last pass, so that what was made from them still holds.</param>
internal readonly record struct PassInfo(int Images, bool Training, long Step, bool Prepared);

/// <summary>
/// One operation of a network in training. Its jobs are delegates that are made once, so that a step allocates nothing.
/// </summary>
internal abstract class TrainingNode
{
    private readonly Action<int> _forwardPart;
    private readonly Action<int> _backwardPart;

    protected TrainingNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output)
    {
        Node = node;
        Inputs = inputs;
        Output = output;
        _forwardPart = part => ForwardImages(ImageRange.OfPart(Pass.Images, part), part);
        _backwardPart = part => BackwardImages(ImageRange.OfPart(Pass.Images, part), part);
    }

    public Node Node { get; }

    public FeatureBuffer[] Inputs { get; }

    public FeatureBuffer Output { get; }

    protected FeatureBuffer Input => Inputs[0];

    protected PassInfo Pass { get; private set; }

    /// <summary>For each input whether its gradient was already written by another consumer, so that this one adds to it.</summary>
    protected bool[] Accumulate => _accumulate ??= new bool[Inputs.Length];

    private bool[]? _accumulate;

    /// <summary>Computes the output from the inputs.</summary>
    public void Forward(WorkerPool pool, PassInfo pass)
    {
        Pass = pass;
        if (!pass.Prepared) BeginForward(pool);
        pool.Run(WorkerPool.Parts, _forwardPart);
    }

    /// <summary>Computes the inputs' and the parameters' gradients from the output's.</summary>
    public void Backward(WorkerPool pool)
    {
        BeginBackward(pool);
        for (var i = 0; i < Inputs.Length; i++)
        {
            Accumulate[i] = Inputs[i].GradientWritten;
            Inputs[i].GradientWritten = true;
        }

        pool.Run(WorkerPool.Parts, _backwardPart);
    }

    /// <summary>What must be done for the whole batch before <see cref="ForwardImages"/>.</summary>
    protected virtual void BeginForward(WorkerPool pool)
    {
    }

    /// <summary>What must be done for the whole batch before <see cref="BackwardImages"/>.</summary>
    protected virtual void BeginBackward(WorkerPool pool)
    {
    }

    /// <summary>The forward pass of some images.</summary>
    protected abstract void ForwardImages(ImageRange images, int part);

    /// <summary>The gradient of the inputs, for some images.</summary>
    protected abstract void BackwardImages(ImageRange images, int part);
}
