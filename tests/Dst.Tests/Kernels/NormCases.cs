using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>Normalisations over channels at odd shapes.</summary>
internal static class NormCases
{
    public static IReadOnlyList<OperationCase> All { get; } =
    [
        new LayerNormCase(2, 3, 5, 4),
        new LayerNormCase(1, 17, 3, 2),
        new LayerNormCase(3, 48, 1, 1),
        new LayerNormCase(1, 1, 2, 2),
        new GroupNormCase(2, 3, 5, 4, groups: 1),
        new GroupNormCase(1, 17, 3, 2, groups: 17),
        new GroupNormCase(2, 36, 2, 3, groups: 3), // the second group begins in one block and ends in another
        new GroupNormCase(1, 64, 7, 19, groups: 8),
        new GroupNormCase(3, 48, 1, 1, groups: 4),
        new GroupNormCase(1, 1, 2, 2, groups: 1),
        new LocalResponseNormCase(2, 7, 3, 2, size: 5),
        new LocalResponseNormCase(1, 19, 1, 1, size: 4),
        new LocalResponseNormCase(1, 2, 2, 1, size: 1),
    ];
}

internal sealed unsafe class LayerNormCase(int images, int channels, int height, int width)
    : OperationCase($"layer norm {images}x{channels}x{height}x{width}")
{
    private const float Epsilon = 1e-2f;

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() =>
        [ActivationCases.Values(images, channels, height, width), RandomParameter(channels, seed: 2), RandomParameter(channels, seed: 3)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, channels, height, width);
        float* x = inputs[0].Pointer, weights = inputs[1].Pointer, biases = inputs[2].Pointer;
        LayerNorm.Forward(tier ?? SimdTier.Scalar, x, weights, biases, Epsilon, images, channels, y.Pixels, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        double[] weightSums = new double[Layout.PaddedChannels(channels)], biasSums = new double[weightSums.Length];
        LayerNorm.Backward(
            tier ?? SimdTier.Scalar, inputs[0].Pointer, dy.Pointer, inputs[1].Pointer, Epsilon, images, channels, y.Pixels,
            gradients[0].Pointer, accumulate, weightSums, biasSums);
        for (var c = 0; c < weightSums.Length; c++)
            (gradients[1].Span[c], gradients[2].Span[c]) = ((float)weightSums[c], (float)biasSums[c]);
    }
}

internal sealed unsafe class GroupNormCase(int images, int channels, int height, int width, int groups)
    : OperationCase($"group norm {images}x{channels}x{height}x{width} of {groups}")
{
    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() =>
        [ActivationCases.Values(images, channels, height, width), RandomParameter(channels, seed: 2), RandomParameter(channels, seed: 3)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, channels, height, width);
        var kernel = Kernel(tier);
        using var scratch = new AlignedBuffer(kernel.ScratchLength);
        kernel.Forward(
            inputs[0].Pointer, images, inputs[1].Span[..channels], inputs[2].Span[..channels], relu: false, y.Pointer, scratch.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        double[] weightSums = new double[Layout.PaddedChannels(channels)], biasSums = new double[weightSums.Length];
        var kernel = Kernel(tier);
        using var scratch = new AlignedBuffer(kernel.ScratchLength);
        kernel.Backward(
            inputs[0].Pointer, dy.Pointer, images, inputs[1].Span[..channels], gradients[0].Pointer, accumulate, weightSums, biasSums,
            scratch.Pointer);
        for (var c = 0; c < weightSums.Length; c++)
            (gradients[1].Span[c], gradients[2].Span[c]) = ((float)weightSums[c], (float)biasSums[c]);
    }

    private GroupNorm Kernel(SimdTier? tier) => new(tier ?? SimdTier.Scalar, channels, height * width, groups, epsilon: 1e-2f);
}

/// <summary>It has one form, so that only finite differences and <see cref="NormTests"/> judge it.</summary>
internal sealed unsafe class LocalResponseNormCase(int images, int channels, int height, int width, int size)
    : OperationCase($"local response norm {images}x{channels}x{height}x{width} of {size}")
{
    private readonly LocalResponseNorm _kernel = new(size, alpha: 0.5f, beta: 0.75f, bias: 2);

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [Blocked.Random(images, channels, height, width, seed: 1)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, channels, height, width);
        _kernel.Forward(inputs[0].Pointer, images, channels, y.Pixels, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier) =>
        _kernel.Backward(inputs[0].Pointer, dy.Pointer, images, channels, y.Pixels, gradients[0].Pointer, accumulate);
}
