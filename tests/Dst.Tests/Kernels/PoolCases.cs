using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

internal sealed unsafe class MaxPoolCase(int images, WindowShape shape) : OperationCase($"max pool {images} {shape}")
{
    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [DistinctValues(images, shape.Channels, shape.Height, shape.Width, seed: 1)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, shape.Channels, shape.OutHeight, shape.OutWidth);
        if (tier is null) new MaxPoolForward(shape, inputs[0].Pointer, images, y.Pointer, 1, null).Reference();
        else MaxPool.Forward(tier.Value, shape, inputs[0].Pointer, images, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        var dx = gradients[0];
        if (tier is null)
        {
            new MaxPoolBackward(shape, inputs[0].Pointer, y.Pointer, dy.Pointer, images, dx.Pointer, accumulate).Reference();
        }
        else
        {
            MaxPool.Backward(tier.Value, shape, inputs[0].Pointer, y.Pointer, dy.Pointer, images, dx.Pointer, accumulate);
        }
    }
}

internal sealed unsafe class AvgPoolCase(int images, WindowShape shape, bool countPadding = true)
    : OperationCase($"average pool {images} {shape}{(countPadding ? "" : " without padding")}")
{
    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [Blocked.Random(images, shape.Channels, shape.Height, shape.Width, seed: 1)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, shape.Channels, shape.OutHeight, shape.OutWidth);
        if (tier is null) new AvgPoolForward(shape, inputs[0].Pointer, images, countPadding, y.Pointer).Reference();
        else AvgPool.Forward(tier.Value, shape, inputs[0].Pointer, images, countPadding, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        if (tier is null)
        {
            if (!accumulate) gradients[0].Span.Clear();
            new AvgPoolBackward(shape, dy.Pointer, images, countPadding, gradients[0].Pointer).Reference();
        }
        else
        {
            AvgPool.Backward(tier.Value, shape, dy.Pointer, images, countPadding, gradients[0].Pointer, accumulate);
        }
    }
}

internal sealed unsafe class ResamplingCase(string name, int images, MapShape x, Resampling kernel) : OperationCase(name)
{
    public static ResamplingCase Enlarge(int images, MapShape x, int scale, bool bilinear) =>
        new($"upsample {images} {x} by {scale}{(bilinear ? ", bilinear" : "")}", images, x, Resampling.Enlarge(x, scale, bilinear));

    public static ResamplingCase Extend(int images, MapShape x, int top, int left, int bottom, int right, bool reflects) =>
        new($"{(reflects ? "reflect" : "repeat")} {images} {x} by {top}, {left}, {bottom}, {right}", images, x,
            Resampling.Extend(x, top, left, bottom, right, reflects));

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [Blocked.Random(images, x.Channels, x.Height, x.Width, seed: 1)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, x.Channels, kernel.Rows.Length, kernel.Columns.Length);
        if (tier is null) new ResamplingForward(kernel, inputs[0].Pointer, kernel.Planes(images), y.Pointer).Reference();
        else kernel.Forward(tier.Value, inputs[0].Pointer, images, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        if (tier is null)
        {
            if (!accumulate) gradients[0].Span.Clear();
            new ResamplingBackward(kernel, dy.Pointer, kernel.Planes(images), gradients[0].Pointer).Reference();
        }
        else
        {
            kernel.Backward(tier.Value, dy.Pointer, images, gradients[0].Pointer, accumulate);
        }
    }
}
