using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

internal sealed unsafe class FlattenCase(int images, int channels, int height, int width)
    : OperationCase($"flatten {images}x{channels}x{height}x{width}")
{
    private int Features => channels * height * width;

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [Blocked.Random(images, channels, height, width, seed: 1)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        if (tier is null) return Blocked.FromNchw(images, Features, 1, 1, inputs[0].ToNchw());
        var y = Blocked.Garbage(images, Features, 1, 1);
        Flatten.Forward(inputs[0].Pointer, images, channels, height * width, y.Pointer);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        if (tier is not null)
        {
            Flatten.Backward(dy.Pointer, images, channels, height * width, gradients[0].Pointer, accumulate);
            return;
        }

        if (!accumulate) gradients[0].Span.Clear();
        var plain = dy.ToNchw();
        for (var i = 0; i < plain.Length; i++) gradients[0].Pointer[gradients[0].IndexOfPlain(i)] += plain[i];
    }
}

internal sealed unsafe class ConcatCase(int images, int height, int width, int[] channels)
    : OperationCase($"concat {images} of {string.Join('+', channels)}x{height}x{width}")
{
    private int Total => channels.Sum();

    public override int DataInputs => channels.Length;

    public override Blocked[] MakeInputs() => [.. channels.Select((c, i) => Blocked.Random(images, c, height, width, seed: i))];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = tier is null ? new Blocked(images, Total, height, width) : Blocked.Garbage(images, Total, height, width);
        var first = 0;
        foreach (var x in inputs)
        {
            if (tier is null) ForEach(x, first, (n, c, row, column, channel) => y[n, channel, row, column] = x[n, c, row, column]);
            else Concat.Forward(tier.Value, x.Pointer, images, x.Channels, height * width, first, Total, y.Pointer);
            first += x.Channels;
        }

        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        var first = 0;
        foreach (var dx in gradients)
        {
            if (tier is not null)
            {
                Concat.Backward(tier.Value, dy.Pointer, images, Total, first, dx.Channels, height * width, dx.Pointer, accumulate);
            }
            else
            {
                if (!accumulate) dx.Span.Clear();
                ForEach(dx, first, (n, c, row, column, channel) => dx[n, c, row, column] += dy[n, channel, row, column]);
            }

            first += dx.Channels;
        }
    }

    private static void ForEach(Blocked x, int firstChannel, Action<int, int, int, int, int> action)
    {
        for (var i = 0; i < x.Images * x.Channels * x.Pixels; i++)
        {
            var c = i / x.Pixels % x.Channels;
            action(i / x.Pixels / x.Channels, c, i / x.Width % x.Height, i % x.Width, firstChannel + c);
        }
    }
}

/// <summary>The kernel works on rows of plain values: the channels of one 1×1 image are one.</summary>
internal sealed unsafe class SoftmaxCase(int images, int classes) : OperationCase($"softmax {images}x{classes}")
{
    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [Blocked.Random(images, classes, 1, 1, seed: 1)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = new Blocked(images, classes, 1, 1);
        for (var n = 0; n < images; n++)
        {
            if (tier is not null)
            {
                Softmax.Forward(Row(inputs[0], n), classes, Row(y, n));
                continue;
            }

            var sum = 0.0;
            foreach (var z in Row(inputs[0], n)) sum += Math.Exp(z);
            for (var c = 0; c < classes; c++) Row(y, n)[c] = (float)(Math.Exp(Row(inputs[0], n)[c]) / sum);
        }

        return y;
    }

    // The reference is the whole Jacobian, dz_c = Σ_k dp_k · p_k · ([k = c] − p_c).
    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        if (!accumulate) gradients[0].Span.Clear();
        for (var n = 0; n < images; n++)
        {
            Span<float> p = Row(y, n), dp = Row(dy, n), dz = Row(gradients[0], n);
            if (tier is not null)
            {
                if (!accumulate) dz.Fill(float.NaN);
                Softmax.Backward(p, dp, classes, dz, accumulate);
                continue;
            }

            for (var c = 0; c < classes; c++)
            {
                var sum = 0.0;
                for (var k = 0; k < classes; k++) sum += (double)dp[k] * p[k] * ((k == c ? 1 : 0) - p[c]);
                dz[c] = (float)sum + (accumulate ? dz[c] : 0);
            }
        }
    }

    private Span<float> Row(Blocked x, int image) => new(x.Pointer + image * (x.Length / x.Images), classes);
}
