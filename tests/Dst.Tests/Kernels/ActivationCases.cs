using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

/// <summary>
/// Element-wise functions, products and rearrangements at odd shapes. No value is within a finite difference's step of a kink.
/// </summary>
internal static class ActivationCases
{
    public static IReadOnlyList<OperationCase> All { get; } =
    [
        .. Shapes((n, c, h, w) => new ActivationCase<SigmoidFunction>("sigmoid", default, n, c, h, w)),
        .. Shapes((n, c, h, w) => new ActivationCase<TanhFunction>("tanh", default, n, c, h, w)),
        .. Shapes((n, c, h, w) => new ActivationCase<GeluFunction>("gelu", default, n, c, h, w)),
        .. Shapes((n, c, h, w) => new ActivationCase<GeluTanhFunction>("gelu tanh", default, n, c, h, w)),
        .. Shapes((n, c, h, w) => new ActivationCase<SiluFunction>("silu", default, n, c, h, w)),
        .. Shapes((n, c, h, w) => new ActivationCase<MishFunction>("mish", default, n, c, h, w)),
        .. Shapes((n, c, h, w) => new ActivationCase<HardSwishFunction>("hard swish", default, n, c, h, w)),
        .. Shapes((n, c, h, w) => new ActivationCase<HardSigmoidFunction>("hard sigmoid", new(0.2f, 0.5f), n, c, h, w)),
        .. Shapes((n, c, h, w) => new ActivationCase<ClipFunction>("clip", new(0, 6), n, c, h, w)),
        .. Shapes((n, c, h, w) => new ActivationCase<ClipFunction>("clip above 0", new(0.5f, float.MaxValue), n, c, h, w)),
        .. Shapes((n, c, h, w) => new ActivationCase<LeakyReluFunction>("leaky relu", new(-0.1f), n, c, h, w)),
        .. Shapes((n, c, h, w) => new ActivationCase<EluFunction>("elu", new(1.5f), n, c, h, w)),
        .. Shapes((n, c, h, w) => new PReluCase(n, c, h, w)),
        .. Shapes((n, c, h, w) => new AffineCase(n, c, h, w)),
        .. Shapes((n, c, h, w) => new MulCase(n, c, h, w)),
        .. Shapes((n, c, h, w) => new ChannelScaleCase(n, c, h, w)),
        new RearrangementCase("pad", 2, new(3, 4, 5), Rearrangement.Pad(new(3, 4, 5), 0, 1, 2, 0, 0, 0, 0), new(3, 6, 6)),
        new RearrangementCase("pad", 1, new(17, 1, 1), Rearrangement.Pad(new(17, 1, 1), 1, 1, 1, 1, 0, 0, 0.5f), new(17, 3, 3)),
        new RearrangementCase("pad channels", 2, new(8, 3, 2), Rearrangement.Pad(new(8, 3, 2), 0, 0, 0, 0, 4, 7, 0), new(19, 3, 2)),
        new RearrangementCase("pad all", 2, new(20, 2, 3), Rearrangement.Pad(new(20, 2, 3), 2, 0, 1, 3, 13, 1, -2), new(34, 5, 6)),
        new RearrangementCase("slice", 2, new(40, 3, 2), Rearrangement.Slice(new(40, 3, 2), 16, 16), new(16, 3, 2)),
        new RearrangementCase("slice", 2, new(40, 3, 2), Rearrangement.Slice(new(40, 3, 2), 13, 20), new(20, 3, 2)),
        new RearrangementCase("slice", 1, new(3, 1, 1), Rearrangement.Slice(new(3, 1, 1), 2, 1), new(1, 1, 1)),
        new RearrangementCase("shuffle 2", 2, new(6, 3, 2), Rearrangement.ShuffleChannels(new(6, 3, 2), 2), new(6, 3, 2)),
        new RearrangementCase("shuffle 3", 2, new(51, 2, 2), Rearrangement.ShuffleChannels(new(51, 2, 2), 3), new(51, 2, 2)),
        new RearrangementCase("shuffle 17", 1, new(17, 2, 1), Rearrangement.ShuffleChannels(new(17, 2, 1), 17), new(17, 2, 1)),
    ];

    /// <summary>Values k/32 + 1/64, up to 9 on either side: 0, ±2.5, ±3, 0.5 and 6 lie two steps off.</summary>
    public static Blocked Values(int images, int channels, int height, int width)
    {
        var values = Enumerable.Range(0, images * channels * height * width).Select(i => (i * 37 % 577 - 288) / 32f + 1 / 64f).ToArray();
        return Blocked.FromNchw(images, channels, height, width, values);
    }

    private static IEnumerable<OperationCase> Shapes(Func<int, int, int, int, OperationCase> create) =>
        [create(2, 3, 5, 4), create(1, 17, 9, 8), create(3, 33, 1, 1), create(1, 1, 1, 1)];
}

internal sealed unsafe class ActivationCase<TFunction>(string name, TFunction function, int images, int channels, int height, int width)
    : OperationCase($"{name} {images}x{channels}x{height}x{width}") where TFunction : struct, IActivation
{
    private readonly Activation<TFunction> _activation = new(function);

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [ActivationCases.Values(images, channels, height, width)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, channels, height, width);
        if (tier is null) new ActivationForward<TFunction>(function, inputs[0].Pointer, images, channels, y.Pixels, y.Pointer).Reference();
        else _activation.Forward(tier.Value, inputs[0].Pointer, images, channels, y.Pixels, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        float* x = inputs[0].Pointer, dx = gradients[0].Pointer;
        if (tier is null)
            new ActivationBackwardData<TFunction>(
                function, x, y.Pointer, dy.Pointer, images, Layout.Blocks(channels), y.Pixels, dx, accumulate).Reference();
        else _activation.BackwardData(tier.Value, x, y.Pointer, dy.Pointer, images, channels, y.Pixels, dx, accumulate);
    }
}

internal sealed unsafe class PReluCase(int images, int channels, int height, int width)
    : OperationCase($"prelu {images}x{channels}x{height}x{width}")
{
    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [ActivationCases.Values(images, channels, height, width), RandomParameter(channels, seed: 2)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, channels, height, width);
        if (tier is null)
            new ActivationForward<PReluFunction>(
                new(inputs[1].Pointer), inputs[0].Pointer, images, channels, y.Pixels, y.Pointer).Reference();
        else Activation.PRelu(inputs[1].Pointer).Forward(tier.Value, inputs[0].Pointer, images, channels, y.Pixels, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        float* x = inputs[0].Pointer, slopes = inputs[1].Pointer, dx = gradients[0].Pointer;
        var blocks = Layout.Blocks(channels);
        var sums = new double[Layout.PaddedChannels(channels)];
        if (tier is null)
        {
            new ActivationBackwardData<PReluFunction>(
                new(slopes), x, y.Pointer, dy.Pointer, images, blocks, y.Pixels, dx, accumulate).Reference();
            fixed (double* s = sums) new ActivationBackwardWeight<PReluFunction>(x, dy.Pointer, images, blocks, y.Pixels, s).Reference();
        }
        else
        {
            Activation.PRelu(slopes).BackwardData(tier.Value, x, y.Pointer, dy.Pointer, images, channels, y.Pixels, dx, accumulate);
            Activation.PReluBackwardWeight(tier.Value, x, dy.Pointer, images, channels, y.Pixels, sums);
        }

        for (var c = 0; c < sums.Length; c++) gradients[1].Span[c] = (float)sums[c];
    }
}

internal sealed unsafe class AffineCase(int images, int channels, int height, int width)
    : OperationCase($"affine {images}x{channels}x{height}x{width}")
{
    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() =>
        [Blocked.Random(images, channels, height, width, seed: 1), RandomParameter(channels, seed: 2), RandomParameter(channels, seed: 3)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, channels, height, width);
        float* x = inputs[0].Pointer, weights = inputs[1].Pointer, biases = inputs[2].Pointer;
        if (tier is null)
            new ActivationForward<AffineFunction>(new(weights, biases), x, images, channels, y.Pixels, y.Pointer).Reference();
        else Activation.Affine(weights, biases).Forward(tier.Value, x, images, channels, y.Pixels, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        float* x = inputs[0].Pointer, weights = inputs[1].Pointer, biases = inputs[2].Pointer, dx = gradients[0].Pointer;
        var blocks = Layout.Blocks(channels);
        double[] weightSums = new double[Layout.PaddedChannels(channels)], biasSums = new double[weightSums.Length];
        Bias.Backward(tier ?? SimdTier.Scalar, dy.Pointer, images, channels, y.Pixels, biasSums);
        if (tier is null)
        {
            new ActivationBackwardData<AffineFunction>(
                new(weights, biases), x, y.Pointer, dy.Pointer, images, blocks, y.Pixels, dx, accumulate).Reference();
            fixed (double* s = weightSums)
                new ActivationBackwardWeight<AffineFunction>(x, dy.Pointer, images, blocks, y.Pixels, s).Reference();
        }
        else
        {
            Activation.Affine(weights, biases).BackwardData(
                tier.Value, x, y.Pointer, dy.Pointer, images, channels, y.Pixels, dx, accumulate);
            Activation.AffineBackwardWeight(tier.Value, x, dy.Pointer, images, channels, y.Pixels, weightSums);
        }

        for (var c = 0; c < weightSums.Length; c++)
            (gradients[1].Span[c], gradients[2].Span[c]) = ((float)weightSums[c], (float)biasSums[c]);
    }
}

internal sealed unsafe class MulCase(int images, int channels, int height, int width)
    : OperationCase($"mul {images}x{channels}x{height}x{width}")
{
    public override int DataInputs => 2;

    public override Blocked[] MakeInputs() =>
        [Blocked.Random(images, channels, height, width, seed: 1), Blocked.Random(images, channels, height, width, seed: 2)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, channels, height, width);
        Multiply(inputs[0], inputs[1], y, false, tier);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        Multiply(dy, inputs[1], gradients[0], accumulate, tier);
        Multiply(dy, inputs[0], gradients[1], accumulate, tier);
    }

    private static void Multiply(Blocked a, Blocked b, Blocked y, bool accumulate, SimdTier? tier)
    {
        if (tier is not null) Elementwise.Multiply(tier.Value, a.Pointer, b.Pointer, y.Length, y.Pointer, accumulate);
        else for (var i = 0; i < y.Length; i++) y.Pointer[i] = a.Pointer[i] * b.Pointer[i] + (accumulate ? y.Pointer[i] : 0);
    }
}

internal sealed unsafe class ChannelScaleCase(int images, int channels, int height, int width)
    : OperationCase($"channel scale {images}x{channels}x{height}x{width}")
{
    public override int DataInputs => 2;

    public override Blocked[] MakeInputs() =>
        [Blocked.Random(images, channels, height, width, seed: 1), Blocked.Random(images, channels, 1, 1, seed: 2)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = tier is null ? new Blocked(images, channels, height, width) : Blocked.Garbage(images, channels, height, width);
        if (tier is null) ForEach((n, c, i, j) => y[n, c, i, j] = inputs[0][n, c, i, j] * inputs[1][n, c, 0, 0]);
        else ChannelScale.Forward(tier.Value, inputs[0].Pointer, inputs[1].Pointer, images, channels, y.Pixels, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        if (tier is not null)
        {
            ChannelScale.BackwardData(
                tier.Value, dy.Pointer, inputs[1].Pointer, images, channels, y.Pixels, gradients[0].Pointer, accumulate);
            ChannelScale.BackwardFactor(
                tier.Value, inputs[0].Pointer, dy.Pointer, images, channels, y.Pixels, gradients[1].Pointer, accumulate);
            return;
        }

        if (!accumulate) foreach (var gradient in gradients) gradient.Span.Clear();
        ForEach((n, c, i, j) =>
        {
            gradients[0][n, c, i, j] += dy[n, c, i, j] * inputs[1][n, c, 0, 0];
            gradients[1][n, c, 0, 0] += dy[n, c, i, j] * inputs[0][n, c, i, j];
        });
    }

    private void ForEach(Action<int, int, int, int> action)
    {
        for (var i = 0; i < images * channels * height * width; i++)
            action(i / width / height / channels, i / width / height % channels, i / width % height, i % width);
    }
}

internal sealed unsafe class RearrangementCase(string name, int images, MapShape x, Rearrangement rearrangement, MapShape y)
    : OperationCase($"{name} {images}x{x} to {y}")
{
    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [Blocked.Random(images, x.Channels, x.Height, x.Width, seed: 1)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var output = Blocked.Garbage(images, y.Channels, y.Height, y.Width);
        if (tier is null)
            new Rearrangement.RearrangementKernel(rearrangement, inputs[0].Pointer, images, output.Pointer, false).Reference();
        else rearrangement.Apply(tier.Value, inputs[0].Pointer, images, output.Pointer, accumulate: false);
        return output;
    }

    public override void Backward(Blocked[] inputs, Blocked output, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        var inverse = rearrangement.Inverse();
        if (tier is null) new Rearrangement.RearrangementKernel(inverse, dy.Pointer, images, gradients[0].Pointer, accumulate).Reference();
        else inverse.Apply(tier.Value, dy.Pointer, images, gradients[0].Pointer, accumulate);
    }
}
