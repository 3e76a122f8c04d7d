using Dst.Graph;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff;

/// <summary>A node that writes its output to memory, a few images at a time.</summary>
internal abstract unsafe class StoringNode : TrainingNode
{
    private readonly Action<int> _forwardPart;
    private readonly List<StoringNode> _deferred = [];

    /// <summary>Registers the node with its inputs and output.</summary>
    /// <param name="context">What all nodes share.</param>
    /// <param name="node">The operation.</param>
    /// <param name="inputs">What it reads.</param>
    /// <param name="output">What it writes.</param>
    protected StoringNode(NodeContext context, Node node, Feature[] inputs, StoredFeature output) : base(context, node, inputs, output) =>
        _forwardPart = context.Ranks.OfParts(ForwardPart);

    /// <summary>Whether the forward pass reads inputs in <see cref="ForwardImages"/> alone, each image once.</summary>
    public virtual bool ReadsInChunks => true;

    /// <summary>Takes over the forward pass of the node that makes an input, so that the input is in the cache when it is read.</summary>
    public void TakeOverForward(StoringNode input) => _deferred.Add(input);

    /// <summary>Where the output of image <paramref name="image"/> and those after it goes.</summary>
    protected float* OutputValue(int image) => ((StoredFeature)Output).Value(image);

    protected override void RunForward(WorkerPool pool) => RunParts(pool, _forwardPart);

    /// <summary>The forward pass of some images.</summary>
    protected abstract void ForwardImages(ImageRange images, int part);

    /// <summary>Runs the images of a part forward.</summary>
    private void ForwardPart(int part)
    {
        var images = Context.Ranks.ImagesOfPart(Pass.Images, part);
        Output.BeginWriting(part, Pass);
        ForwardChunks(images, part);
    }

    /// <summary>Runs images forward, chunk by chunk, and tells the output when they are written.</summary>
    private void ForwardChunks(ImageRange images, int part)
    {
        for (var i = 0; i < images.Count; i += ChunkImages)
        {
            var chunk = images.Slice(i, ChunkImages);
            foreach (var input in _deferred) input.ForwardChunks(chunk, part);
            ForwardImages(chunk, part);
            Output.Written(chunk, part, Pass);
        }
    }
}
