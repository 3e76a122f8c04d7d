using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>A transposed convolution without bias. The passes of its mirror in double precision are the reference.</summary>
internal sealed unsafe class TransposedConvolutionCase(int images, FeatureShape x, ConvTransposeOp operation)
    : OperationCase($"transposed conv {images} {x} {operation}")
{
    private readonly Conv2dShape _mirror = operation.MirrorFor(x);

    public static IReadOnlyList<TransposedConvolutionCase> All { get; } =
    [
        new(2, new(3, 4, 5), new(17, 3, 3, 2, 1, 1)),
        new(1, new(17, 3, 3), new(3, 2, 2, 2)),
        new(3, new(33, 1, 1), new(5, 4, 4)),
        new(1, new(1, 5, 2), new(1, 4, 3, 3, 1)),
        new(2, new(5, 3, 4), new(20, 1, 2, 3, 0, 2)), // outputs that nothing reaches
        new(1, new(16, 6, 7), new(16, 3, 3, 1, 1)),
        new(1, new(4, 6, 5), new(6, 2, 2, 2, 3)), // a padding larger than the kernel
        new(5, new(20, 2, 2), new(34, 5, 5, 2, 2, 1)),
    ];

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() =>
        [Blocked.Random(images, x.Channels, x.Height, x.Width, seed: 1), RandomParameter(_mirror.Filters * _mirror.RowLength, seed: 2)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, _mirror.Channels, _mirror.Height, _mirror.Width);
        if (tier is null)
        {
            using var exchanged = Exchanged(Plain(inputs[1]), _mirror.Channels, _mirror.Filters);
            DirectConvolution.BackwardDataReference(_mirror, images, inputs[0].Pointer, exchanged.Pointer, y.Pointer, accumulate: false);
            return y;
        }

        var kernel = new TransposedConvolution(tier.Value, _mirror);
        using var weights = new AlignedBuffer(kernel.WeightLength);
        using var scratch = Scratch(kernel);
        kernel.PackWeights(Plain(inputs[1]), weights.Span);
        kernel.Forward(images, inputs[0].Pointer, weights.Pointer, Epilogue.None, y.Pointer, scratch.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        if (tier is not null)
        {
            var kernel = new TransposedConvolution(tier.Value, _mirror);
            using var weights = new AlignedBuffer(kernel.BackwardDataWeightLength);
            using var packed = new AlignedBuffer(kernel.WeightGradientLength);
            using var scratch = Scratch(kernel);
            kernel.PackBackwardDataWeights(Plain(inputs[1]), weights.Span);
            kernel.BackwardData(images, dy.Pointer, weights.Pointer, gradients[0].Pointer, scratch.Pointer, accumulate);
            kernel.BackwardWeight(images, inputs[0].Pointer, dy.Pointer, packed.Pointer, scratch.Pointer);
            kernel.UnpackWeightGradient(packed.Span, Plain(gradients[1]));
            return;
        }

        using var exchanged = Exchanged(Plain(inputs[1]), _mirror.Channels, _mirror.Filters);
        using var bias = new AlignedBuffer(Layout.PaddedChannels(_mirror.Filters));
        using var dx = new AlignedBuffer(images * _mirror.OutputLength);
        DirectConvolution.ForwardReference(_mirror, images, dy.Pointer, exchanged.Pointer, bias.Pointer, dx.Pointer);
        for (var i = 0; i < dx.Length; i++) gradients[0].Span[i] = dx.Span[i] + (accumulate ? gradients[0].Span[i] : 0);
        exchanged.Span.Clear();
        DirectConvolution.BackwardWeightReference(
            _mirror, 0, _mirror.Filters, images, dy.Pointer, inputs[0].Pointer, exchanged.Pointer);
        TransposedConvolution.ExchangeChannels(
            exchanged.Span[..Plain(inputs[1]).Length], _mirror.Filters, _mirror.Channels, Plain(gradients[1]));
    }

    private static Span<float> Plain(Blocked parameter) => parameter.Span[..parameter.Channels];

    private static AlignedBuffer Exchanged(ReadOnlySpan<float> weights, int outputs, int inputs)
    {
        var exchanged = new AlignedBuffer(weights.Length);
        TransposedConvolution.ExchangeChannels(weights, outputs, inputs, exchanged.Span);
        return exchanged;
    }

    private static AlignedBuffer Scratch(TransposedConvolution kernel)
    {
        var scratch = new AlignedBuffer(kernel.ScratchLength);
        scratch.Span.Fill(float.NaN);
        return scratch;
    }
}
