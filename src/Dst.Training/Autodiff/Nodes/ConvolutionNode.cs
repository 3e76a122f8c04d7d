using Dst.Kernels;
using Dst.Runtime;
using Dst.Runtime.Graph;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A convolution, dense or masked. Weights are packed anew in each pass, as the optimiser may have changed them.</summary>
internal sealed unsafe class ConvolutionNode : TrainingNode, IDisposable
{
    private readonly Parameter _weight;
    private readonly BiasTerm? _bias;
    private readonly Workspace _workspace;
    private readonly AlignedBuffer _zeroBias;
    private readonly Action<int> _weightGradientOfImages;
    private readonly Action<int> _sumWeightGradient;
    private readonly Action<int> _weightGradientOfBlocks;
    private Conv2d _kernel;
    private AlignedBuffer _packedWeights = new(0);
    private AlignedBuffer _packedDataGradientWeights = new(0);

    public ConvolutionNode(Node node, FeatureBuffer[] inputs, FeatureBuffer output, Parameter weight, Parameter? bias, Workspace workspace)
        : base(node, inputs, output)
    {
        var shape = ((Conv2dOp)node.Operation).ShapeFor(Input.Shape);
        _weight = weight;
        _bias = bias is null ? null : new BiasTerm(bias, output);
        _workspace = workspace;
        _zeroBias = new AlignedBuffer(shape.FilterBlocks * Layout.Block);
        _kernel = new Conv2d(shape);
        _weightGradientOfImages = WeightGradientOfImages;
        _sumWeightGradient = SumWeightGradient;
        _weightGradientOfBlocks = WeightGradientOfBlocks;
        UseMask(weight.Mask);
    }

    /// <summary>With many filters a part takes some blocks of them and all images: no partial sums of large weights.</summary>
    private bool SplitByFilters => _kernel.Shape.FilterBlocks >= WorkerPool.Parts;

    /// <summary>Plans the kernels for the kept weights.</summary>
    public void UseMask(LayerMask? mask)
    {
        _kernel = new Conv2d(_kernel.Shape, mask?.ToKeptTaps());
        _packedWeights.Dispose();
        _packedDataGradientWeights.Dispose();
        _packedWeights = new AlignedBuffer(_kernel.WeightLength);
        _packedDataGradientWeights = new AlignedBuffer(_kernel.DataGradientWeightLength);
        _workspace.Reserve(
            _kernel.ScratchLength, SplitByFilters ? (_kernel.WeightGradientLength + WorkerPool.Parts - 1) / WorkerPool.Parts : _kernel.WeightGradientLength);
    }

    public void Dispose()
    {
        _zeroBias.Dispose();
        _bias?.Dispose();
        _packedWeights.Dispose();
        _packedDataGradientWeights.Dispose();
    }

    protected override void BeginForward(WorkerPool pool)
    {
        _kernel.PackWeights(_weight.Value, _packedWeights.Span);
        _bias?.Pack();
    }

    protected override void ForwardImages(ImageRange images, int part) => _kernel.Forward(
        images.Count, Input.Value(images.First), _packedWeights.Pointer, _bias is null ? _zeroBias.Pointer : _bias.Packed, Output.Value(images.First), _workspace.Scratch(part));

    protected override void BeginBackward(WorkerPool pool)
    {
        _bias?.Backward(pool, Pass.Images);
        if (SplitByFilters)
        {
            pool.Run(WorkerPool.Parts, _weightGradientOfBlocks);
        }
        else
        {
            pool.Run(WorkerPool.Parts, _weightGradientOfImages);
            pool.Run(_kernel.Shape.FilterBlocks, _sumWeightGradient);
        }

        if (Input.NeedsGradient) _kernel.PackDataGradientWeights(_weight.Value, _packedDataGradientWeights.Span);
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (!Input.NeedsGradient) return;
        _kernel.DataGradient(
            images.Count, Output.Gradient(images.First), _packedDataGradientWeights.Pointer, Input.Gradient(images.First), _workspace.Scratch(part), Accumulate[0]);
    }

    private void WeightGradientOfImages(int part)
    {
        var images = ImageRange.OfPart(Pass.Images, part);
        var sums = _workspace.Partial(part);
        new Span<float>(sums, _kernel.WeightGradientLength).Clear();
        _kernel.WeightGradient(
            images.Count, Input.Value(images.First), Output.Gradient(images.First), 0, _kernel.Shape.FilterBlocks, sums, _workspace.Scratch(part));
    }

    private void SumWeightGradient(int block)
    {
        var (first, end) = _kernel.WeightGradientRange(block);
        var total = _workspace.Partial(0);
        for (var part = 1; part < WorkerPool.Parts; part++) Elementwise.Accumulate(_workspace.Partial(part) + first, end - first, total + first);
        _kernel.UnpackWeightGradient(block, new(total, _kernel.WeightGradientLength), _weight.Gradient);
    }

    private void WeightGradientOfBlocks(int part)
    {
        var blocks = _kernel.Shape.FilterBlocks;
        int firstBlock = blocks * part / WorkerPool.Parts, endBlock = blocks * (part + 1) / WorkerPool.Parts;
        var sums = _workspace.Partial(0);
        var first = _kernel.WeightGradientRange(firstBlock).First;
        new Span<float>(sums + first, _kernel.WeightGradientRange(endBlock - 1).End - first).Clear();
        _kernel.WeightGradient(Pass.Images, Input.Value(0), Output.Gradient(0), firstBlock, endBlock, sums, _workspace.Scratch(part));
        for (var block = firstBlock; block < endBlock; block++) _kernel.UnpackWeightGradient(block, new(sums, _kernel.WeightGradientLength), _weight.Gradient);
    }
}
