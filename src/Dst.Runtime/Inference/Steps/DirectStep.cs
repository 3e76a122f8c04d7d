using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Lowering;
using Dst.Runtime.Threading;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A direct convolution, dense or of kept taps. Threads share an image by slices, which are runs of blocks of filters.</summary>
internal sealed unsafe class DirectStep : WeightedStep
{
    /// <summary>Largest number of slices of an image. Each slice packs the input again.</summary>
    private const int MaxSlices = 4;

    /// <summary>Floats of output of images that run together: their inputs stay in the second-level cache from block to block.</summary>
    private const int CachedOutput = 64 * 1024;

    private readonly DirectConvolution _kernel;
    private readonly bool _isRounded;
    private readonly Lazy<Slice[]> _slices;
    private readonly int _sliceCount;

    /// <summary>Packs the weights.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="node">The convolution.</param>
    /// <param name="name">Name of the form.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="kept">The taps that it reads, or null for all.</param>
    /// <param name="isRounded">Whether its weights are integers of 16 bits.</param>
    public DirectStep(SimdTier tier, LoweredNode node, string name, Conv2dShape shape, KeptTaps? kept, bool isRounded = false)
        : this(node, name, new DirectConvolution(tier, shape, kept), isRounded)
    {
    }

    private DirectStep(LoweredNode node, string name, DirectConvolution kernel, bool isRounded)
        : base(
            node, name, kernel.Shape.Filters,
            isRounded ? ScalesLength(kernel.Shape) + (kernel.WeightLength + 1) / 2 : kernel.WeightLength)
    {
        (_kernel, _isRounded) = (kernel, isRounded);
        using var unrounded = new AlignedBuffer(isRounded ? kernel.WeightLength : 0);
        _kernel.PackWeights(node.Weight, isRounded ? unrounded.Span : Packed.Span);
        if (isRounded) _kernel.RoundWeights(unrounded.Span, new(Rounded, kernel.WeightLength), Packed.Span[..ScalesLength(Shape)]);
        _sliceCount = kernel.Shape.Groups == 1 ? Math.Min(MaxSlices, kernel.Shape.FilterBlocks) : 1;
        _slices = new(Cut);
    }

    public override bool IsApproximate => _isRounded;

    public override bool ReadsPlain => _kernel.ReadsPlain;

    private Conv2dShape Shape => _kernel.Shape;

    /// <summary>Weights of 16 bits, which follow their scales.</summary>
    private short* Rounded => (short*)(Packed.Pointer + ScalesLength(Shape));

    private int ImagesTogether => Math.Max(1, CachedOutput / Shape.OutputLength);

    public override int Units(int images) => images * _sliceCount;

    public override int Grain(int images) => images > 1 ? _sliceCount : 1;

    public override long ScratchLength(int threads) => threads > 1 && _sliceCount > 1
        ? Math.Max(_kernel.ScratchLength, _slices.Value.Max(slice => slice.Kernel.ScratchLength))
        : _kernel.ScratchLength;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        while (first < end)
        {
            var (image, slice) = Math.DivRem(first, _sliceCount);
            var wholeImages = slice == 0 ? Math.Min((end - first) / _sliceCount, ImagesTogether) : 0;
            if (wholeImages > 0) RunImages(data, image, wholeImages, scratch);
            else RunSlice(data, image, _slices.Value[slice], scratch);
            first += wholeImages > 0 ? wholeImages * _sliceCount : 1;
        }
    }

    private void RunImages(in StepData data, int image, int images, float* scratch)
    {
        var offset = (long)image * Shape.OutputLength;
        Forward(_kernel, data, image, images, Weights(0, 0), Epilogue(data).From(0, offset), data.Y + offset, scratch);
    }

    private void RunSlice(in StepData data, int image, Slice slice, float* scratch)
    {
        var offset = (long)image * Shape.OutputLength + (long)slice.FirstBlock * Shape.OutHeight * Shape.OutWidth * Layout.Block;
        var epilogue = Epilogue(data).From(slice.FirstBlock, offset);
        Forward(slice.Kernel, data, image, 1, Weights(slice.FirstBlock, slice.FirstWeight), epilogue, data.Y + offset, scratch);
    }

    private static void Forward(
        DirectConvolution kernel, in StepData data, int image, int images, DirectWeights weights, Epilogue epilogue, float* y,
        float* scratch)
    {
        long length = data.IsPlain ? kernel.Shape.PlainInputLength : kernel.Shape.InputLength;
        kernel.Forward(images, data.X + image * length, weights, epilogue, y, scratch, data.IsPlain);
    }

    private static int ScalesLength(Conv2dShape shape) => Layout.PaddedChannels(shape.Filters);

    private DirectWeights Weights(int firstBlock, long firstWeight) => _isRounded
        ? new(Rounded + firstWeight, Packed.Pointer + firstBlock * Layout.Block)
        : new(Packed.Pointer + firstWeight);

    /// <summary>Packed weights lie filter block by filter block, so those of a slice are a part of the layer's.</summary>
    private Slice[] Cut()
    {
        var slices = new Slice[_sliceCount];
        var firstWeight = 0L;
        for (var s = 0; s < _sliceCount; s++)
        {
            var (firstBlock, endBlock) = (s * Shape.FilterBlocks / _sliceCount, (s + 1) * Shape.FilterBlocks / _sliceCount);
            slices[s] = new(_kernel.Slice(firstBlock, endBlock), firstBlock, firstWeight);
            firstWeight += slices[s].Kernel.WeightLength;
        }

        return slices;
    }

    private sealed record Slice(DirectConvolution Kernel, int FirstBlock, long FirstWeight);
}
