using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

internal sealed unsafe class ReluCase(int images, int channels, int height, int width)
    : OperationCase($"relu {images}x{channels}x{height}x{width}")
{
    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [DistinctValues(images, channels, height, width, seed: 1)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var x = inputs[0];
        var y = Blocked.Garbage(images, channels, height, width);
        if (tier is null) new ElementwiseKernel<Elementwise.ReluFunction>(x.Pointer, x.Pointer, x.Length, y.Pointer, false).Reference();
        else Elementwise.Relu(tier.Value, x.Pointer, x.Length, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        if (tier is null)
            new ElementwiseKernel<Elementwise.ReluBackwardFunction>(
                y.Pointer, dy.Pointer, y.Length, gradients[0].Pointer, accumulate).Reference();
        else Elementwise.ReluBackward(tier.Value, y.Pointer, dy.Pointer, y.Length, gradients[0].Pointer, accumulate);
    }
}

internal sealed unsafe class AddCase(int images, int channels, int height, int width)
    : OperationCase($"add {images}x{channels}x{height}x{width}")
{
    public override int DataInputs => 2;

    public override Blocked[] MakeInputs() =>
        [Blocked.Random(images, channels, height, width, seed: 1), Blocked.Random(images, channels, height, width, seed: 2)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, channels, height, width);
        if (tier is null)
            new ElementwiseKernel<Elementwise.AddFunction>(inputs[0].Pointer, inputs[1].Pointer, y.Length, y.Pointer, false).Reference();
        else Elementwise.Add(tier.Value, inputs[0].Pointer, inputs[1].Pointer, y.Length, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        foreach (var gradient in gradients)
        {
            if (tier is null)
                for (var i = 0; i < y.Length; i++) gradient.Pointer[i] = dy.Pointer[i] + (accumulate ? gradient.Pointer[i] : 0);
            else Elementwise.Copy(tier.Value, dy.Pointer, y.Length, gradient.Pointer, accumulate);
        }
    }
}

internal sealed unsafe class DropoutCase(int images, int channels, int height, int width, float rate)
    : OperationCase($"dropout {rate} {images}x{channels}x{height}x{width}")
{
    private const ulong Key = 77;

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [Blocked.Random(images, channels, height, width, seed: 1)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, channels, height, width);
        Dropout.Apply(inputs[0].Pointer, y.Length, 0, Key, rate, y.Pointer, accumulate: false);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier) =>
        Dropout.Apply(dy.Pointer, y.Length, 0, Key, rate, gradients[0].Pointer, accumulate);
}
