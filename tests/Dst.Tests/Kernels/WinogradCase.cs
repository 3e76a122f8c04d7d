using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>A convolution in Winograd form, its tiles filled in two calls; the reference is the direct convolution's.</summary>
internal sealed unsafe class WinogradCase(int images, Conv2dShape shape, int tile, KeptTaps? kept = null)
    : OperationCase($"winograd {tile} {(kept is null ? "dense" : "kernel:16")} {images} {shape}")
{
    private readonly WinogradConv2d _kernel = new(shape, kept, tile, images * ((shape.OutHeight + tile - 1) / tile));

    private int Rows => images * _kernel.RowsPerImage;

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs()
    {
        var weights = RandomParameter(shape.Filters * shape.RowLength, seed: 2);
        ZeroPruned(weights);
        return [Blocked.Random(images, shape.Channels, shape.Height, shape.Width, seed: 1), weights];
    }

    public override Blocked Forward(Blocked[] inputs, bool reference)
    {
        var y = Blocked.Garbage(images, shape.Filters, shape.OutHeight, shape.OutWidth);
        using var bias = new AlignedBuffer(Layout.PaddedChannels(shape.Filters));
        ZeroPruned(inputs[1]);
        if (reference)
        {
            Conv2d.ForwardReference(shape, images, inputs[0].Pointer, inputs[1].Pointer, bias.Pointer, y.Pointer);
            return y;
        }

        using AlignedBuffer u = Garbage(_kernel.WeightLength), v = InputTiles(inputs[0]), m = Garbage(_kernel.OutputTilesLength);
        for (var block = 0; block < shape.FilterBlocks; block++) _kernel.PackWeights(block, Plain(inputs[1]), u.Pointer);
        _kernel.Multiply(0, 5, Rows, v.Pointer, u.Pointer, m.Pointer);
        _kernel.Multiply(5, _kernel.Positions, Rows, v.Pointer, u.Pointer, m.Pointer);
        InTwo(rows => _kernel.TransformOutput(rows, m.Pointer, y.Pointer));
        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, bool reference)
    {
        if (reference)
        {
            gradients[1].Span.Clear();
            Conv2d.DataGradientReference(shape, images, dy.Pointer, inputs[1].Pointer, gradients[0].Pointer, accumulate);
            Conv2d.WeightGradientReference(shape, 0, shape.Filters, images, inputs[0].Pointer, dy.Pointer, gradients[1].Pointer);
            ZeroPruned(gradients[1]);
            return;
        }

        using AlignedBuffer u = Garbage(_kernel.TransposedWeightLength), v = InputTiles(inputs[0]), m = Garbage(_kernel.OutputTilesLength);
        using var du = new AlignedBuffer(_kernel.WeightGradientLength);
        for (var block = 0; block < _kernel.TransposedBlocks; block++) _kernel.PackTransposedWeights(block, Plain(inputs[1]), u.Pointer);
        InTwo(rows => _kernel.TransformOutputGradient(rows, dy.Pointer, m.Pointer));
        _kernel.AddWeightGradient(0, 7, Rows, v.Pointer, m.Pointer, du.Pointer);
        _kernel.AddWeightGradient(7, _kernel.Positions, Rows, v.Pointer, m.Pointer, du.Pointer);
        _kernel.MultiplyTransposed(0, _kernel.Positions, Rows, m.Pointer, u.Pointer, v.Pointer);
        if (!accumulate && !_kernel.CoversInput) gradients[0].Span.Clear();
        InTwo(rows => _kernel.TransformInputGradient(rows, v.Pointer, accumulate || !_kernel.CoversInput, gradients[0].Pointer));
        for (var block = 0; block < shape.FilterBlocks; block++) _kernel.UnpackWeightGradient(block, du.Pointer, Plain(gradients[1]));

        if (kept is { Block: < Layout.Block }) ZeroPruned(gradients[1]); // whole vectors of filters: what one keeps all have a gradient for
    }

    private AlignedBuffer InputTiles(Blocked x)
    {
        var v = Garbage(_kernel.InputTilesLength);
        InTwo(rows => _kernel.TransformInput(rows, x.Pointer, v.Pointer));
        return v;
    }

    private void InTwo(Action<TileRows> run)
    {
        var first = Rows / 3;
        if (first > 0) run(new(0, 0, first));
        run(new(first, first, Rows - first));
    }

    private static Span<float> Plain(Blocked parameter) => parameter.Span[..parameter.Channels];

    private static AlignedBuffer Garbage(long length)
    {
        var buffer = new AlignedBuffer(length);
        buffer.Span.Fill(float.NaN);
        return buffer;
    }

    private void ZeroPruned(Blocked weights)
    {
        if (kept is null) return;
        for (var o = 0; o < shape.Filters; o++)
        {
            for (var p = 0; p < shape.RowLength; p++)
            {
                if (Array.BinarySearch(kept.Positions[o / kept.Block], p) < 0) weights.Span[o * shape.RowLength + p] = 0;
            }
        }
    }
}
