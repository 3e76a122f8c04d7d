using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Quantisation;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Inference.Steps;

/// <summary>A step of which some values are bytes.</summary>
internal abstract class Int8Step(LoweredNode node, string form, LoweredValue x, LoweredValue y, int input, string? second)
    : InferenceStep(node.Layer, form, node.Inputs[input], second, node.Output)
{
    /// <summary>Floats from the first input of one image to that of the next.</summary>
    protected long XPitch { get; } = ValueLayout.FloatsOf(x);

    /// <summary>Floats from the output of one image to that of the next.</summary>
    protected long YPitch { get; } = ValueLayout.FloatsOf(y);

    /// <summary>The first input.</summary>
    protected LoweredValue X { get; } = x;

    /// <summary>The integers of the node; a conversion has none.</summary>
    protected NodeIntegers Integers => node.Integers!;

    /// <summary>Channels of the first input.</summary>
    protected int Channels => X.Shape.Channels;

    /// <summary>Pixels of the first input.</summary>
    protected int Pixels => X.Shape.Height * X.Shape.Width;
}

/// <summary>A step without weights, image by image.</summary>
internal abstract unsafe class ByteMapStep(
    LoweredNode node, string form, LoweredValue x, LoweredValue y, int input = 0, string? second = null)
    : Int8Step(node, form, x, y, input, second)
{
    public override int Units(int images) => images;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        for (var image = first; image < end; image++)
        {
            // A second value has the layout of the output.
            var added = data.Second == null ? null : (byte*)(data.Second + image * YPitch);
            Image(data.Tier, data.X + image * XPitch, added, data.Y + image * YPitch);
        }
    }

    /// <summary>Computes one image.</summary>
    protected abstract void Image(SimdTier tier, void* from, byte* second, void* to);
}

/// <summary>Floats to bytes.</summary>
internal sealed unsafe class ToBytesStep(LoweredNode node, LoweredValue x, LoweredValue y) : ByteMapStep(node, "to-bytes", x, y)
{
    private readonly ByteScale _bytes = y.Scale!.Value;

    // Of few channels a blocked map is mostly zeros.
    public override bool ReadsPlain => Channels <= ByteMap.MostPlainChannels;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        if (!data.IsPlain)
        {
            base.Run(data, first, end, scratch);
            return;
        }

        for (var image = first; image < end; image++)
            ByteMap.FromPlain(
                data.Tier, data.X + image * X.Shape.Count, Channels, Pixels, _bytes.Scale, _bytes.Zero, (byte*)(data.Y + image * YPitch));
    }

    protected override void Image(SimdTier tier, void* from, byte* second, void* to) =>
        ByteMap.FromFloats(tier, (float*)from, Layout.ImageLength(Channels, Pixels), _bytes.Scale, _bytes.Zero, (byte*)to);
}

/// <summary>Bytes to floats.</summary>
internal sealed unsafe class ToFloatsStep(LoweredNode node, LoweredValue x, LoweredValue y) : ByteMapStep(node, "to-floats", x, y)
{
    private readonly ByteScale _bytes = x.Scale!.Value;

    protected override void Image(SimdTier tier, void* from, byte* second, void* to) =>
        ByteMap.ToFloats(tier, (byte*)from, Channels, Pixels, _bytes.Scale, _bytes.Zero, (float*)to);
}

/// <summary>A layer with weights of bytes, block by block of filters.</summary>
internal abstract unsafe class Int8WeightedStep(LoweredNode node, string form, LoweredValue x, LoweredValue y, int blocks)
    : Int8Step(node, form, x, y, input: 0, node.Residual)
{
    public override int Units(int images) => images * blocks;

    public override void Run(in StepData data, int first, int end, float* scratch)
    {
        while (first < end)
        {
            var (image, block) = Math.DivRem(first, blocks);
            var last = Math.Min(blocks, block + end - first);
            var residual = data.Second == null ? null : (byte*)(data.Second + image * YPitch);
            Blocks((byte*)(data.X + image * XPitch), residual, data.Y + image * YPitch, block, last, (int*)scratch);
            first += last - block;
        }
    }

    /// <summary>Computes blocks <paramref name="first"/> to <paramref name="end"/> − 1 of one image.</summary>
    protected abstract void Blocks(byte* x, byte* residual, void* y, int first, int end, int* scratch);
}

/// <summary>A convolution or linear layer of bytes.</summary>
internal sealed unsafe class Int8ConvolutionStep(LoweredNode node, LayerForm form, LoweredValue x, LoweredValue y, Int8Convolution kernel)
    : Int8WeightedStep(node, form.ToString(), x, y, kernel.Blocks)
{
    /// <summary>Largest number of runs of blocks of an image.</summary>
    private const int MostRuns = 4;

    public override long WeightBytes => kernel.WeightBytes;

    // Each run of blocks packs or transforms the image again.
    public override int Grain(int images) => images > 1 ? kernel.Blocks : Layout.CeilDiv(kernel.Blocks, MostRuns);

    public override long ScratchLength(int threads) => kernel.ScratchLength;

    protected override void Blocks(byte* x, byte* residual, void* y, int first, int end, int* scratch) =>
        kernel.Forward(x, residual, y, first, end, scratch);
}

/// <summary>A depthwise convolution of bytes.</summary>
internal sealed unsafe class Int8DepthwiseStep(LoweredNode node, LoweredValue x, LoweredValue y, Int8Depthwise kernel)
    : Int8WeightedStep(node, "int8-depthwise", x, y, kernel.Blocks)
{
    public override long WeightBytes => kernel.WeightBytes;

    public override long ScratchLength(int threads) => kernel.ScratchLength;

    protected override void Blocks(byte* x, byte* residual, void* y, int first, int end, int* scratch) =>
        kernel.Forward(x, residual, y, first, end, scratch);
}

/// <summary>A sum of two maps of bytes, or a factor and a summand for each channel of one.</summary>
internal sealed unsafe class RescaleStep(LoweredNode node, LoweredValue x, LoweredValue y, Int8Result result)
    : ByteMapStep(node, "int8-rescale", x, y, second: node.Inputs.Count > 1 ? node.Inputs[1] : null)
{
    protected override void Image(SimdTier tier, void* from, byte* second, void* to) => ByteMap.Rescale(
        tier, (byte*)from, second, Integers.SumShift, result, Channels, Pixels, (byte*)to);
}

/// <summary>A function of each byte.</summary>
internal sealed unsafe class TableStep(LoweredNode node, LoweredValue x, LoweredValue y) : ByteMapStep(node, "int8-table", x, y)
{
    protected override void Image(SimdTier tier, void* from, byte* second, void* to) =>
        ByteMap.LookUp(Integers.Tables[0], (byte*)from, Layout.ImageLength(Channels, Pixels), (byte*)to);
}

/// <summary>Writes one input of a concatenation to its channels. The inputs have a step each, in their order.</summary>
internal sealed unsafe class ByteConcatStep(LoweredNode node, int input, LoweredValue x, int firstChannel, LoweredValue y)
    : ByteMapStep(node, "int8-concat", x, y, input)
{
    private readonly byte[] _table = node.Integers!.Tables[input];

    protected override void Image(SimdTier tier, void* from, byte* second, void* to) =>
        ByteMap.Concat(_table, (byte*)from, Channels, Pixels, firstChannel, (byte*)to);
}

/// <summary>[C, H, W] to [C·H·W, 1, 1].</summary>
internal sealed unsafe class ByteFlattenStep(LoweredNode node, LoweredValue x, LoweredValue y) : ByteMapStep(node, "int8-flatten", x, y)
{
    protected override void Image(SimdTier tier, void* from, byte* second, void* to) =>
        ByteMap.Flatten((byte*)from, Channels, Pixels, (byte*)to);
}

/// <summary>Maximum of bytes over windows, or over the whole map.</summary>
internal sealed unsafe class ByteMaxPoolStep(LoweredNode node, LoweredValue x, LoweredValue y, WindowShape window)
    : ByteMapStep(node, "int8-max-pool", x, y)
{
    protected override void Image(SimdTier tier, void* from, byte* second, void* to) =>
        ByteMap.Max(tier, window, (byte*)from, (byte*)to);
}

/// <summary>Mean of bytes over windows, or over the whole map.</summary>
internal sealed unsafe class ByteAvgPoolStep(LoweredNode node, LoweredValue x, LoweredValue y, WindowShape window, bool countPadding)
    : ByteMapStep(node, "int8-avg-pool", x, y)
{
    protected override void Image(SimdTier tier, void* from, byte* second, void* to) => ByteMap.Mean(
        tier, window, countPadding, Integers.Padding, Integers.SumShift, Integers.ToBytes!, (byte*)from, (byte*)to);
}
