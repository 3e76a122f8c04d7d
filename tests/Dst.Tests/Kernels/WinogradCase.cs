using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>
/// A convolution in Winograd form, in runs of some rows of tiles. Tiles of a run are filled in two calls. The direct convolution is the
/// reference.
/// </summary>
internal sealed unsafe class WinogradCase(
    int images, Conv2dShape shape, WinogradForm form, KeptTaps? kept = null, string pattern = "dense", int rowsTogether = int.MaxValue)
    : OperationCase($"{form} {pattern}{(rowsTogether < int.MaxValue ? $" by {rowsTogether}" : "")} {images} {shape}")
{
    private int AllRows => images * form.RowsOf(shape);

    private IEnumerable<TileRows> Runs =>
        Enumerable.Range(0, AllRows).Chunk(rowsTogether).Select(run => new TileRows(run[0], 0, run.Length));

    public override bool RunsOn(SimdTier tier) => tier != SimdTier.Scalar;

    public override int DataInputs => 1;

    public override Blocked[] MakeInputs()
    {
        var weights = RandomParameter(shape.Filters * shape.RowLength, seed: 2);
        ZeroPruned(weights);
        return [Blocked.Random(images, shape.Channels, shape.Height, shape.Width, seed: 1), weights];
    }

    public override Blocked Forward(Blocked[] inputs, SimdTier? tier)
    {
        var y = Blocked.Garbage(images, shape.Filters, shape.OutHeight, shape.OutWidth);
        using var bias = new AlignedBuffer(Layout.PaddedChannels(shape.Filters));
        ZeroPruned(inputs[1]);
        if (tier is null)
        {
            DirectConvolution.ForwardReference(shape, images, inputs[0].Pointer, inputs[1].Pointer, bias.Pointer, y.Pointer);
            return y;
        }

        var kernel = Plan(tier.Value);
        using AlignedBuffer u = Garbage(kernel.WeightLength), v = Garbage(kernel.InputTilesLength), m = Garbage(kernel.OutputTilesLength);
        for (var block = 0; block < shape.FilterBlocks; block++) kernel.PackWeights(block, Plain(inputs[1]), u.Pointer);
        foreach (var run in Runs)
        {
            InTwo(run, rows => kernel.TransformInput(rows, inputs[0].Pointer, v.Pointer));
            kernel.Multiply(0, kernel.Positions / 3, run, v.Pointer, u.Pointer, m.Pointer);
            kernel.Multiply(kernel.Positions / 3, kernel.Positions, run, v.Pointer, u.Pointer, m.Pointer);
            InTwo(run, rows => kernel.TransformOutput(rows, m.Pointer, y.Pointer));
        }

        return y;
    }

    public override void Backward(Blocked[] inputs, Blocked y, Blocked dy, Blocked[] gradients, bool accumulate, SimdTier? tier)
    {
        if (tier is null)
        {
            gradients[1].Span.Clear();
            DirectConvolution.BackwardDataReference(shape, images, dy.Pointer, inputs[1].Pointer, gradients[0].Pointer, accumulate);
            DirectConvolution.BackwardWeightReference(shape, 0, shape.Filters, images, inputs[0].Pointer, dy.Pointer, gradients[1].Pointer);
            ZeroPruned(gradients[1]);
            return;
        }

        var kernel = Plan(tier.Value);
        using AlignedBuffer u = Garbage(kernel.BackwardDataWeightLength), v = Garbage(kernel.InputTilesLength);
        using var m = Garbage(kernel.OutputTilesLength);
        using var du = new AlignedBuffer(kernel.WeightGradientLength);
        for (var block = 0; block < kernel.BackwardDataBlocks; block++) kernel.PackBackwardDataWeights(block, Plain(inputs[1]), u.Pointer);
        if (!accumulate && !kernel.CoversInput) gradients[0].Span.Clear();
        foreach (var run in Runs)
        {
            InTwo(run, rows => kernel.TransformInput(rows, inputs[0].Pointer, v.Pointer));
            InTwo(run, rows => kernel.TransformOutputGradient(rows, dy.Pointer, m.Pointer));
            kernel.AddWeightGradient(0, kernel.Positions / 2, run, v.Pointer, m.Pointer, du.Pointer);
            kernel.AddWeightGradient(kernel.Positions / 2, kernel.Positions, run, v.Pointer, m.Pointer, du.Pointer);
            kernel.MultiplyTransposed(0, kernel.Positions, run, m.Pointer, u.Pointer, v.Pointer);
            InTwo(run, rows => kernel.TransformInputGradient(rows, v.Pointer, accumulate || !kernel.CoversInput, gradients[0].Pointer));
        }

        for (var block = 0; block < shape.FilterBlocks; block++) kernel.UnpackWeightGradient(block, du.Pointer, Plain(gradients[1]));

        // A whole vector of filters has a gradient wherever one of them keeps a weight.
        if (kept is { Block: < Layout.Block }) ZeroPruned(gradients[1]);
    }

    private WinogradConvolution Plan(SimdTier tier) => new(tier, form, shape, kept, Math.Min(rowsTogether, AllRows));

    /// <summary>In one dimension only whole images can be cut off.</summary>
    private void InTwo(TileRows rows, Action<TileRows> run)
    {
        var hasImages = images > 1 && rows.Count == AllRows;
        var first = !form.IsOneDimensional ? rows.Count / 3 : hasImages ? form.RowsOf(shape) : 0;
        if (first > 0) run(rows with { Count = first });
        run(new(rows.First + first, rows.Place + first, rows.Count - first));
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
