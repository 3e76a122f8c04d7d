using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>A convolution in the frequency domain, in runs of some tiles. Tiles of a run are transformed in two calls.</summary>
internal sealed unsafe class FftCase(
    int images, Conv2dShape shape, FftForm form, KeptTaps? kept = null, string pattern = "dense", int tilesTogether = int.MaxValue)
    : TransformedConvolutionCase(
        $"{form}{(tilesTogether < int.MaxValue ? $" by {tilesTogether}" : "")}", pattern, images, shape, kept)
{
    private int AllTiles => Images * form.TilesOf(Shape);

    private IEnumerable<TileRun> Runs =>
        Enumerable.Range(0, AllTiles).Chunk(tilesTogether).Select(run => new TileRun(run[0], 0, run.Length));

    /// <summary>Every form at odd shapes: ragged tiles, one tile that wraps around, lanes of no channel, masks.</summary>
    public static IEnumerable<FftCase> All => ConvolutionForm.Fft.SelectMany(Of);

    protected override void Forward(SimdTier tier, float* x, Span<float> weights, float* y)
    {
        var kernel = Plan(tier);
        using AlignedBuffer u = Garbage(kernel.WeightLength), v = Garbage(kernel.InputSpectraLength);
        using AlignedBuffer m = Garbage(kernel.OutputSpectraLength), scratch = Garbage(kernel.ScratchLength);
        for (var block = 0; block < Shape.FilterBlocks; block++) kernel.PackWeights(block, weights, u.Pointer);
        foreach (var run in Runs)
        {
            InTwo(run, tiles => kernel.TransformInput(tiles, x, v.Pointer, scratch.Pointer));
            InTwo(run, tiles => kernel.Multiply(0, kernel.Frequencies / 3, tiles, v.Pointer, u.Pointer, m.Pointer));
            kernel.Multiply(kernel.Frequencies / 3, kernel.Frequencies, run, v.Pointer, u.Pointer, m.Pointer);
            InTwo(run, tiles => kernel.TransformOutput(tiles, m.Pointer, y, scratch.Pointer));
        }
    }

    protected override void Backward(
        SimdTier tier, float* x, Span<float> weights, float* dy, Blocked dx, Span<float> weightGradient, bool accumulate)
    {
        var kernel = Plan(tier);
        using AlignedBuffer u = Garbage(kernel.BackwardDataWeightLength), v = Garbage(kernel.InputSpectraLength);
        using AlignedBuffer m = Garbage(kernel.OutputSpectraLength), scratch = Garbage(kernel.ScratchLength);
        using var du = Garbage(kernel.WeightLength);
        for (var block = 0; block < kernel.BackwardDataBlocks; block++) kernel.PackBackwardDataWeights(block, weights, u.Pointer);
        if (!accumulate) dx.Span.Clear();
        foreach (var run in Runs)
        {
            var adds = run.First > 0;
            InTwo(run, tiles => kernel.TransformInput(tiles, x, v.Pointer, scratch.Pointer));
            InTwo(run, tiles => kernel.TransformOutputGradient(tiles, dy, m.Pointer, scratch.Pointer));
            foreach (var blocks in new[] { (0, Shape.FilterBlocks / 2), (Shape.FilterBlocks / 2, Shape.FilterBlocks) })
                kernel.MultiplyForWeightGradient(0, kernel.Frequencies / 2, run.Count, v.Pointer, m.Pointer, du.Pointer, adds, blocks);
            kernel.MultiplyForWeightGradient(
                kernel.Frequencies / 2, kernel.Frequencies, run.Count, v.Pointer, m.Pointer, du.Pointer, adds);
            InTwo(run, tiles => kernel.MultiplyTransposed(0, kernel.Frequencies, tiles, m.Pointer, u.Pointer, v.Pointer));
            InTwo(run, tiles => kernel.AddInputGradient(tiles, v.Pointer, dx.Pointer, scratch.Pointer));
        }

        for (var block = 0; block < Shape.FilterBlocks; block++) kernel.UnpackWeightGradient(block, du.Pointer, weightGradient);
    }

    private static IEnumerable<FftCase> Of(FftForm form)
    {
        var size = form.Size;
        yield return new(1, new(1, size / 2, size / 2 + 1, 1, 3, 3, 1, 1), form);
        yield return new(1, new(2, size - 2, size - 3, 1, 5, 5, 1, 2), form); // one tile, which wraps around
        yield return new(1, new(1, size + 1, size - 1, 2, 4, 3, 1, 2), form);
        yield return new(1, new(1, size / 2, size / 2 - 1, 1, size, size, 1, size / 2), form); // taps fill the tile
        if (size > 16) yield break; // what follows does not depend on the tile, and the reference takes long
        yield return new(3, new(17, size + 1, 5, 20, 3, 5, 1, 1), form, tilesTogether: 5);
        if (size > 8) yield break;
        yield return new(9, new(3, 6, 5, 17, 4, 4, 1, 0), form);
        yield return Masked(form, new(20, 7, 9, 37, 5, 5, 1, 2), block: 16, group: 16, unitLength: 25);
        yield return Masked(form, new(48, 6, 7, 32, 5, 3, 1, 1), block: 16, group: 2, unitLength: 15);
        yield return Masked(form, new(33, 5, 6, 18, 4, 4, 1, 0), block: 16, group: 4, unitLength: 1);
        yield return Masked(form, new(16, 7, 6, 24, 3, 3, 1, 1), block: 4, group: 4, unitLength: 9);
    }

    private static FftCase Masked(FftForm form, Conv2dShape shape, int block, int group, int unitLength) =>
        new(2, shape, form, DirectConvolutionCase.Half(shape, block, group, unitLength), $"{unitLength} weights:{block}:{group}");

    private FftConvolution Plan(SimdTier tier) => new(tier, form, Shape, Kept, Math.Min(tilesTogether, AllTiles));

    private static void InTwo(TileRun tiles, Action<TileRun> run)
    {
        var first = tiles.Count / 3;
        if (first > 0) run(tiles with { Count = first });
        run(new(tiles.First + first, tiles.Place + first, tiles.Count - first));
    }
}
