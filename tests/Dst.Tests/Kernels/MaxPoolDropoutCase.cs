using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>Max-pooling dropout in training, with the same units retained in each pass.</summary>
internal sealed unsafe class MaxPoolDropoutCase(int images, WindowShape shape, float retain)
    : OperationCase($"max-pooling dropout {retain} {images} {shape}")
{
    private readonly RetainedUnits _units = new(Key: 77, retain, FirstElement: 32);

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs() => [DistinctValues(images, shape.Channels, shape.Height, shape.Width, seed: 1)];

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, shape.Channels, shape.OutHeight, shape.OutWidth);
        if (tier is { } fast)
        {
            using var retained = new AlignedBuffer(inputs[0].Length);
            MaxPoolDropout.Forward(fast, shape, inputs[0].Pointer, images, _units, retained.Pointer, y.Pointer);
            return y;
        }

        Visit(inputs[0], (output, winner) => y.Pointer[output] = winner < 0 ? 0 : inputs[0].Pointer[winner]);
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        var dx = gradients[0];
        if (tier is { } fast)
        {
            using var retained = new AlignedBuffer(inputs[0].Length);
            MaxPoolDropout.Backward(
                fast, shape, inputs[0].Pointer, y.Pointer, dy.Pointer, images, _units, retained.Pointer, dx.Pointer, accumulate);
            return;
        }

        if (!accumulate) dx.Span.Clear();
        Visit(inputs[0], (output, winner) =>
        {
            if (winner >= 0) dx.Pointer[winner] += dy.Pointer[output];
        });
    }

    /// <summary>Calls <paramref name="visit"/> with each output and the largest retained unit of its window, or −1.</summary>
    private void Visit(Blocked x, Action<long, long> visit)
    {
        using var ones = new AlignedBuffer(x.Length);
        ones.Span.Fill(1);
        Dropout.Replace(ones.Pointer, x.Length, _units.FirstElement, _units.Key, 1 - retain, dropped: 0, ones.Pointer);
        for (var o = 0L; o < shape.OutputLength(images); o++)
        {
            var winner = Enumerable.Range(0, shape.Area).Select(tap => shape.InputOf(o, tap))
                .Where(i => i >= 0 && ones.Pointer[i] != 0).OrderByDescending(i => x.Pointer[i]).FirstOrDefault(-1);
            visit(o, winner);
        }
    }
}
