using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff;

/// <summary>What the nodes are told about a pass.</summary>
/// <param name="Images">Images in the batch.</param>
/// <param name="Training">Batch statistics and dropout, or running statistics and none.</param>
/// <param name="Step">Number of the training step: the key of dropout masks.</param>
/// <param name="Frozen">Whether parameters stay as they are, so that packed weights are kept for later passes.</param>
/// <param name="Prepared">Whether parameters are as in the last pass, so that packed weights are still valid.</param>
internal readonly record struct PassInfo(int Images, bool Training, long Step, bool Frozen, bool Prepared);

/// <summary>
/// One operation of a network in training. A part of the batch runs through it a few images at a time, so that what comes before
/// and after it (<see cref="Feature"/>) finds them in the cache. Its jobs are delegates that are made once: a step allocates nothing.
/// </summary>
internal abstract unsafe class TrainingNode
{
    private readonly Action<int> _backwardPart;
    private readonly bool[] _accumulate;
    private readonly int[] _inputScratch;
    private int _outputScratch;
    private int _scratchLength;

    /// <summary>Registers the node with its inputs and output.</summary>
    /// <param name="context">What all nodes share.</param>
    /// <param name="node">The operation.</param>
    /// <param name="inputs">What it reads.</param>
    /// <param name="output">What it computes.</param>
    protected TrainingNode(NodeContext context, Node node, Feature[] inputs, Feature output)
    {
        Context = context;
        Node = node;
        Inputs = inputs;
        Output = output;
        _accumulate = new bool[inputs.Length];
        _inputScratch = new int[inputs.Length];
        output.Producer = this;
        foreach (var input in inputs) input.Readers.Add(this);
        _backwardPart = context.Ranks.OfParts(BackwardPart);
    }

    /// <summary>The operation.</summary>
    public Node Node { get; }

    /// <summary>What the node reads.</summary>
    public Feature[] Inputs { get; }

    /// <summary>What the node computes.</summary>
    public Feature Output { get; }

    /// <summary>What all nodes share.</summary>
    protected NodeContext Context { get; }

    /// <summary>The first input, which is the only one of most nodes.</summary>
    protected Feature Input => Inputs[0];

    /// <summary>Vector width.</summary>
    protected SimdTier Tier => Context.Tier;

    /// <summary>The forward pass that runs, or that ran last.</summary>
    protected PassInfo Pass { get; private set; }

    /// <summary>Images that go through the node together.</summary>
    protected virtual int ChunkImages => 1;

    /// <summary>Plans scratch memory, once the features are final.</summary>
    public void Plan()
    {
        var images = Math.Min(ChunkImages, Context.Ranks.LargestPart(Context.MaxBatch));
        for (var i = 0; i < Inputs.Length; i++)
        {
            if (Inputs[i].IsComputed) _inputScratch[i] = ReserveScratch(checked(images * Inputs[i].ImageLength));
        }

        if (Output.IsGradientComputed) _outputScratch = ReserveScratch(checked(images * Output.ImageLength));
        PlanScratch();
        Context.Workspace.ReserveScratch(_scratchLength);
    }

    /// <summary>Computes the output from the inputs.</summary>
    public void Forward(WorkerPool pool, PassInfo pass)
    {
        Pass = pass;
        if (!pass.Prepared) BeginForward(pool);
        RunForward(pool);
    }

    /// <summary>Computes the inputs' and the parameters' gradients from the output's.</summary>
    public void Backward(WorkerPool pool)
    {
        BeginBackward(pool);
        for (var i = 0; i < Inputs.Length; i++)
        {
            _accumulate[i] = Inputs[i].GradientWritten;
            Inputs[i].GradientWritten = true;
        }

        RunBackward(pool);
        EndBackward(pool);
    }

    /// <summary>Reserves scratch memory with <see cref="ReserveScratch"/>.</summary>
    protected virtual void PlanScratch()
    {
    }

    /// <summary>Takes a place of <paramref name="length"/> floats in the scratch memory of each part, for <see cref="Scratch"/>.</summary>
    protected int ReserveScratch(int length)
    {
        var place = _scratchLength;
        _scratchLength = checked((int)(_scratchLength + Layout.WholeLines((long)length)));
        return place;
    }

    /// <summary>Runs a job that was made with <see cref="RankGroup.OfParts"/> or <see cref="RankGroup.OfPartsOfAll"/>.</summary>
    protected void RunParts(WorkerPool pool, Action<int> job) => pool.Run(Context.Ranks.PartCount, job);

    /// <summary>Scratch memory of a part. Parts of other ranks have that of the parts at the same place in this one.</summary>
    protected float* Scratch(int part, int place) => Context.Workspace.Scratch(part % Context.Ranks.PartCount) + place;

    /// <summary>What must be done for the whole batch before <see cref="RunForward"/>; parameters may have changed.</summary>
    protected virtual void BeginForward(WorkerPool pool)
    {
    }

    /// <summary>What must be done for the whole batch before <see cref="BackwardImages"/>.</summary>
    protected virtual void BeginBackward(WorkerPool pool)
    {
    }

    /// <summary>What must be done for a part before <see cref="BackwardImages"/>.</summary>
    protected virtual void BeginBackwardPart(int part)
    {
    }

    /// <summary>What must be done for the whole batch after <see cref="BackwardImages"/>.</summary>
    protected virtual void EndBackward(WorkerPool pool)
    {
    }

    /// <summary>The jobs of the forward pass.</summary>
    protected abstract void RunForward(WorkerPool pool);

    /// <summary>The jobs of the backward pass.</summary>
    protected virtual void RunBackward(WorkerPool pool) => RunParts(pool, _backwardPart);

    /// <summary>The gradients of the inputs (and of parameters) for some images.</summary>
    protected abstract void BackwardImages(ImageRange images, int part);

    /// <summary>The values of an input.</summary>
    protected float* ReadInput(int input, ImageRange images, int part) => Inputs[input].Read(images, Scratch(part, _inputScratch[input]));

    /// <summary>The gradient of the output.</summary>
    protected float* ReadOutputGradient(ImageRange images, int part) => Output.ReadGradient(images, Scratch(part, _outputScratch));

    /// <summary>Whether this node adds to an input's gradient, because another reader has written it in this pass.</summary>
    protected bool Accumulates(int input) => _accumulate[input];

    /// <summary>Runs the images of a part backward, chunk by chunk, and tells inputs when their gradients are complete.</summary>
    protected void BackwardPart(int part)
    {
        var images = Context.Ranks.ImagesOfPart(Pass.Images, part);
        BeginBackwardPart(part);
        for (var i = 0; i < Inputs.Length; i++)
        {
            if (CompletesGradient(i)) Inputs[i].BeginGradient(part);
        }

        for (var first = 0; first < images.Count; first += ChunkImages)
        {
            var chunk = images.Slice(first, ChunkImages);
            BackwardImages(chunk, part);
            for (var i = 0; i < Inputs.Length; i++)
            {
                if (CompletesGradient(i)) Inputs[i].GradientCompleted(chunk, part);
            }
        }
    }

    /// <summary>Whether this node is the last to write the gradient of an input, and this its last mention among the inputs.</summary>
    protected bool CompletesGradient(int input) =>
        Inputs[input].NeedsGradient && Inputs[input].Readers[0] == this
        && Array.LastIndexOf(Inputs, Inputs[input]) == input && !SharesGradient(Inputs[input]);

    /// <summary>Whether an input uses the output's gradient as its own, so that it was complete when the output's was.</summary>
    protected virtual bool SharesGradient(Feature input) => false;
}
