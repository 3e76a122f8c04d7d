using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>A convolution in Winograd form, in runs of some rows of tiles. Tiles of a run are filled in two calls.</summary>
internal sealed unsafe class WinogradCase(
    int images, Conv2dShape shape, WinogradForm form, KeptTaps? kept = null, string pattern = "dense", int rowsTogether = int.MaxValue)
    : TransformedConvolutionCase(
        $"{form}{(rowsTogether < int.MaxValue ? $" by {rowsTogether}" : "")}", pattern, images, shape, kept)
{
    private int AllRows => Images * form.RowsOf(Shape);

    private IEnumerable<TileRows> Runs =>
        Enumerable.Range(0, AllRows).Chunk(rowsTogether).Select(run => new TileRows(run[0], 0, run.Length));

    protected override void Forward(SimdTier tier, float* x, Span<float> weights, float* y)
    {
        var kernel = Plan(tier);
        using AlignedBuffer u = Garbage(kernel.WeightLength), v = Garbage(kernel.InputTilesLength), m = Garbage(kernel.OutputTilesLength);
        for (var block = 0; block < Shape.FilterBlocks; block++) kernel.PackWeights(block, weights, u.Pointer);
        foreach (var run in Runs)
        {
            InTwo(run, rows => kernel.TransformInput(rows, x, v.Pointer));
            kernel.Multiply(0, kernel.Positions / 3, run, v.Pointer, u.Pointer, m.Pointer);
            kernel.Multiply(kernel.Positions / 3, kernel.Positions, run, v.Pointer, u.Pointer, m.Pointer);
            InTwo(run, rows => kernel.TransformOutput(rows, m.Pointer, y));
        }
    }

    protected override void Backward(
        SimdTier tier, float* x, Span<float> weights, float* dy, Blocked dx, Span<float> weightGradient, bool accumulate)
    {
        var kernel = Plan(tier);
        using AlignedBuffer u = Garbage(kernel.BackwardDataWeightLength), v = Garbage(kernel.InputTilesLength);
        using var m = Garbage(kernel.OutputTilesLength);
        using var du = new AlignedBuffer(kernel.WeightGradientLength);
        for (var block = 0; block < kernel.BackwardDataBlocks; block++) kernel.PackBackwardDataWeights(block, weights, u.Pointer);
        if (!accumulate && !kernel.CoversInput) dx.Span.Clear();
        foreach (var run in Runs)
        {
            InTwo(run, rows => kernel.TransformInput(rows, x, v.Pointer));
            InTwo(run, rows => kernel.TransformOutputGradient(rows, dy, m.Pointer));
            kernel.AddWeightGradient(0, kernel.Positions / 2, run, v.Pointer, m.Pointer, du.Pointer);
            kernel.AddWeightGradient(kernel.Positions / 2, kernel.Positions, run, v.Pointer, m.Pointer, du.Pointer);
            kernel.MultiplyTransposed(0, kernel.Positions, run, m.Pointer, u.Pointer, v.Pointer);
            InTwo(run, rows => kernel.TransformInputGradient(rows, v.Pointer, accumulate || !kernel.CoversInput, dx.Pointer));
        }

        for (var block = 0; block < Shape.FilterBlocks; block++) kernel.UnpackWeightGradient(block, du.Pointer, weightGradient);
    }

    private WinogradConvolution Plan(SimdTier tier) => new(tier, form, Shape, Kept, Math.Min(rowsTogether, AllRows));

    /// <summary>In one dimension only whole images can be cut off.</summary>
    private void InTwo(TileRows rows, Action<TileRows> run)
    {
        var hasImages = Images > 1 && rows.Count == AllRows;
        var first = !form.IsOneDimensional ? rows.Count / 3 : hasImages ? form.RowsOf(Shape) : 0;
        if (first > 0) run(rows with { Count = first });
        run(new(rows.First + first, rows.Place + first, rows.Count - first));
    }
}
