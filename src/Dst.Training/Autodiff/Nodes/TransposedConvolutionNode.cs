using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>A transposed convolution.</summary>
internal sealed unsafe class TransposedConvolutionNode : PackedWeightNode
{
    private readonly TransposedConvolution _kernel;
    private readonly AlignedBuffer _backwardDataWeights;
    private int _scratch;

    public TransposedConvolutionNode(NodeContext context, Node node, Feature input, StoredFeature output, TransposedConvolution kernel)
        : base(context, node, input, output, kernel.WeightLength, kernel.WeightGradientLength)
    {
        _kernel = kernel;
        _backwardDataWeights = new AlignedBuffer(input.NeedsGradient ? kernel.BackwardDataWeightLength : 0);
    }

    public override void Dispose()
    {
        _backwardDataWeights.Dispose();
        base.Dispose();
    }

    protected override void PlanScratch()
    {
        base.PlanScratch();
        _scratch = ReserveScratch(_kernel.ScratchLength);
    }

    protected override void Pack(Span<float> packed) => _kernel.PackWeights(Weight.Value, packed);

    protected override void Unpack(ReadOnlySpan<float> packedGradient) => _kernel.UnpackWeightGradient(packedGradient, Weight.Gradient);

    protected override void ForwardImages(ImageRange images, int part) =>
        _kernel.Forward(
            images.Count, ReadInput(0, images, part), Packed, new Epilogue(BiasValues, null, Bounds.None), OutputValue(images.First),
            Scratch(part, _scratch));

    protected override void BeginBackward(WorkerPool pool)
    {
        if (Input.NeedsGradient) _kernel.PackBackwardDataWeights(Weight.Value, _backwardDataWeights.Span);
    }

    protected override void Backward(ImageRange images, float* x, float* outputGradient, float* packedGradient, int part)
    {
        _kernel.BackwardWeight(images.Count, x, outputGradient, packedGradient, Scratch(part, _scratch));
        if (Input.NeedsGradient)
            _kernel.BackwardData(
                images.Count, outputGradient, _backwardDataWeights.Pointer, Input.Gradient(images.First), Scratch(part, _scratch),
                Accumulates(0));
    }
}
