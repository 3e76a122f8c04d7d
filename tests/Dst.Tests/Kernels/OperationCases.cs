using Dst.Kernels;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

/// <summary>All operations at ordinary and odd shapes.</summary>
internal static class OperationCases
{
    public static IReadOnlyList<OperationCase> All { get; } =
    [
        new ReluCase(2, 3, 5, 4),
        new ReluCase(1, 33, 1, 1),
        .. ActivationCases.All,
        .. NormCases.All,
        new AddCase(2, 17, 3, 5),
        new AddCase(1, 1, 1, 1),
        new MaxPoolCase(2, new(3, 7, 6, 3, 3, 2, 1)),
        new MaxPoolCase(1, new(17, 8, 8, 2, 2, 2)),
        new MaxPoolCase(2, new(33, 5, 4, 3, 3, 1, 1)),
        new MaxPoolCase(1, new(1, 9, 7, 2, 2, 3)),
        new MaxPoolCase(1, new(16, 1, 1, 1, 1)),
        new MaxPoolCase(1, new(1, 6, 5, 5, 5, 1, 4)),
        new MaxPoolCase(1, new(3, 2, 9, 2, 3, 2)),
        new MaxPoolCase(3, WindowShape.WholeMap(17, 5, 3)),
        new MaxPoolCase(1, WindowShape.WholeMap(1, 1, 1)),
        new MaxPoolDropoutCase(2, new(17, 8, 6, 2, 2, 2), 0.5f),
        new MaxPoolDropoutCase(2, new(3, 7, 6, 3, 3, 2, 1), 0.25f),
        new MaxPoolDropoutCase(1, new(33, 6, 9, 3, 2, 2, CeilMode: true) { StrideWidth = 3, Sides = new(1, 0, 2, 1) }, 0.75f),
        new MaxPoolDropoutCase(1, WindowShape.WholeMap(1, 1, 1), 0.5f),
        new AvgPoolCase(2, new(3, 7, 6, 3, 3, 2)),
        new AvgPoolCase(1, new(17, 8, 8, 2, 2, 2)),
        new AvgPoolCase(1, new(33, 5, 5, 2, 2)),
        new MaxPoolCase(2, new(17, 6, 8, 3, 3, 2, 1, CeilMode: true)),
        new MaxPoolCase(1, new(3, 5, 4, 2, 2, 3, 1, CeilMode: true)),
        new AvgPoolCase(2, new(17, 6, 5, 3, 3, 2, 1)),
        new AvgPoolCase(2, new(17, 6, 5, 3, 3, 2, 1), countPadding: false),
        new AvgPoolCase(1, new(3, 6, 8, 3, 3, 2, 1, CeilMode: true)),
        new AvgPoolCase(1, new(3, 6, 8, 3, 3, 2, 1, CeilMode: true), countPadding: false),
        new AvgPoolCase(1, new(1, 1, 1, 3, 3, 1, 2), countPadding: false),
        new MaxPoolCase(2, new(17, 6, 9, 3, 2, 2) { StrideWidth = 3, Sides = new(1, 0, 2, 1) }),
        new AvgPoolCase(2, new(17, 6, 9, 3, 2, 2) { StrideWidth = 1, Sides = new(1, 0, 2, 1) }),
        new AvgPoolCase(2, new(3, 5, 7, 2, 4, 1) { StrideWidth = 2, Sides = new(0, 3, 1, 2) }, countPadding: false),
        new AvgPoolCase(3, WindowShape.WholeMap(17, 5, 3)),
        new AvgPoolCase(1, WindowShape.WholeMap(1, 1, 1)),
        .. new[] { false, true }.SelectMany(ResamplingCases),
        .. SpectralPoolCase.All,
        new FlattenCase(2, 3, 5, 4),
        new FlattenCase(1, 17, 2, 2),
        new FlattenCase(3, 33, 1, 1),
        new ConcatCase(2, 3, 5, [3, 16, 17]),
        new ConcatCase(1, 2, 2, [16, 32, 5]),
        new ConcatCase(1, 1, 1, [1]),
        new ConcatCase(2, 2, 1, [33, 15, 1]),
        new ConcatCase(1, 3, 3, [8, 8]),
        new DepthwiseCase(2, new(3, 6, 5, 3, 3, 1, 1)),
        new DepthwiseCase(1, new(17, 9, 11, 3, 3, 2, 1)),
        new DepthwiseCase(1, new(33, 7, 8, 5, 5, 1, 2)),
        new DepthwiseCase(2, new(17, 8, 6, 7, 7, 1, 3)),
        new DepthwiseCase(1, new(3, 7, 9, 5, 5)),
        new DepthwiseCase(2, new(16, 1, 1, 1, 1)),
        new DepthwiseCase(1, new(16, 1, 1, 3, 3, 1, 1)),
        new DepthwiseCase(2, new(33, 2, 11, 3, 3, 1, 1)),
        new DepthwiseCase(1, new(1, 8, 9, 2, 4, 3)),
        new DepthwiseCase(1, new(2, 4, 12, 2, 3, 1, 2)),
        new DepthwiseCase(1, new(1, 3, 3, 1, 1, 2, 2)),
        new DepthwiseCase(1, new(3, 6, 14, 6, 6, 2)),
        new LinearCase(1, 1, 1),
        new LinearCase(1, 33, 17),
        new LinearCase(5, 16, 10),
        new LinearCase(4, 17, 3),
        new LinearCase(7, 64, 100),
        new BatchNormCase(3, 3, 5, 4),
        new BatchNormCase(1, 17, 9, 16),
        new BatchNormCase(9, 33, 1, 1),
        new BatchNormCase(2, 16, 8, 7),
        new BatchNormCase(1, 1, 1, 1),
        new BatchNormCase(2, 17, 5, 3, relu: true),
        new BatchNormCase(5, 32, 4, 4, relu: true),
        new SoftmaxCase(3, 10),
        new SoftmaxCase(1, 17),
        new SoftmaxCase(2, 1),
        new SoftmaxCase(1, 100),
        new DropoutCase(2, 17, 4, 5, 0.5f),
        new DropoutCase(3, 3, 1, 1, 0),
        new DirectConvolutionCase(1, new(1, 9, 9, 17, 5, 5)),
        new DirectConvolutionCase(2, new(3, 7, 8, 17, 3, 3, 1, 1)),
        new DirectConvolutionCase(3, new(33, 8, 8, 40, 3, 3, 2, 1)),
        new DirectConvolutionCase(2, new(17, 5, 5, 3, 1, 1, 2)),
        new DirectConvolutionCase(2, new(16, 1, 1, 16, 1, 1)),
        new DirectConvolutionCase(1, new(3, 1, 1, 5, 3, 3, 1, 1)),
        new DirectConvolutionCase(2, new(20, 6, 9, 18, 2, 4, 3, 1)),
        new DirectConvolutionCase(1, new(5, 6, 6, 6, 6, 6, 1, 2)),
        new DirectConvolutionCase(2, new(5, 3, 3, 6, 2, 2, 4)),
        new DirectConvolutionCase(2, new(24, 6, 6, 36, 3, 3, 1, 1, 3)),
        new DirectConvolutionCase(1, new(24, 6, 6, 36, 3, 3, 2, 1, 12)),
        new DirectConvolutionCase(1, new(2, 4, 44, 4, 3, 3, 1, 1)),
        new DirectConvolutionCase(1, new(16, 3, 5, 130, 1, 1)),
        new DirectConvolutionCase(13, new(17, 3, 3, 20, 3, 3)),
        new DirectConvolutionCase(13, new(3, 3, 3, 20, 3, 3)),
        new DirectConvolutionCase(3, new(4, 9, 8, 17, 3, 3, 2, 1)),
        new DirectConvolutionCase(9, new(18, 6, 7, 19, 5, 5)),
        new DirectConvolutionCase(5, new(16, 9, 6, 16, 3, 4, 2)),
        new DirectConvolutionCase(2, new(16, 9, 5, 40, 1, 1, 2)),
        .. TransposedConvolutionCase.All,
        GatheredConvolution(1, new(66, 5, 9, 47, 3, 3, 1, 1), 16),
        GatheredConvolution(13, new(50, 4, 4, 32, 3, 3, 1, 1), 6),
        GatheredConvolution(9, new(64, 6, 5, 16, 5, 4), 16),
        GatheredConvolution(2, new(64, 7, 9, 48, 6, 6, 2, 1), 4),
        .. new[] { 1, 2, 4, 8, 16 }.SelectMany(HalvedConvolutions),
        new DirectConvolutionCase(
            1, new(8, 5, 5, 5, 3, 3, 1, 1), new KeptTaps(1, [[0, 71], [], [5], [.. Enumerable.Range(0, 72)], [8, 9, 10]]), "unstructured"),
        .. new[] { (2, 3, 1), (4, 3, 1), (2, 5, 1), (4, 5, 1), (3, 6, 1), (4, 3, 2) }.SelectMany(
            kind => WinogradCases(FormOf(kind.Item1, kind.Item1), kind.Item2, kind.Item3)),
        .. new[] { (4, 3, 3), (4, 1, 3), (4, 4, 3), (4, 5, 5), (8, 3, 3), (8, 2, 3) }.SelectMany(
            kind => OneDimensionalWinogradCases(FormOf(1, kind.Item1), kind.Item2, kind.Item3)),
        .. FftCase.All,
        .. DepthwiseFftCase.All,
    ];

    private static ResamplingCase[] ResamplingCases(bool flag) =>
    [
        ResamplingCase.Enlarge(2, new(3, 5, 4), 2, bilinear: flag),
        ResamplingCase.Enlarge(1, new(17, 1, 3), 3, bilinear: flag),
        ResamplingCase.Enlarge(3, new(33, 4, 1), 4, bilinear: flag),
        ResamplingCase.Enlarge(1, new(1, 1, 1), 5, bilinear: flag),
        ResamplingCase.Extend(2, new(17, 3, 4), 2, 0, 1, 3, reflects: flag),
        ResamplingCase.Extend(1, new(3, 2, 6), 1, 5, 0, 1, reflects: flag),
        ResamplingCase.Extend(2, new(33, 1, 2), 0, 1, 0, 0, reflects: flag),
    ];

    private static WinogradForm FormOf(int tileRows, int tile) =>
        ConvolutionForm.Winograd.Single(form => (form.TileRows, form.Tile) == (tileRows, tile));

    private static IEnumerable<WinogradCase> OneDimensionalWinogradCases(WinogradForm form, int height, int width) =>
    [
        new(1, new(1, height, 1, 1, height, width, 1, width - 1), form),
        new(2, new(3, 7, 8, 17, height, width, 1, 1), form),
        new(3, new(17, 8, 8, 40, height, width, 1, width / 2), form),
        new(1, new(16, 9, 6, 16, height, width), form),
        new(5, new(33, height, 5, 6, height, width), form), // one row of outputs an image
        new(3, new(17, 8, 7, 18, height, width, 1, 1), form, rowsTogether: 5),
        new(3, new(5, 6, 7, 18, height, width, 1, 1), form, rowsTogether: 1),
        new(1, new(3, 5, 38, 2, height, width, 1, width / 2), form),
        new(2, new(5, 9, 4 * form.Tile - 1, 14, height, width, 1, width / 2), form), // four tiles in a row, whose inputs rows share
        new(3, new(17, 6, 8 * form.Tile, 16, height, width, 1, width / 2), form, rowsTogether: 7),
        HalvedUnits(form, new(20, 7, 4 * form.Tile, 37, height, width, 1, width / 2), block: 16, group: 16, height * width),
        HalvedUnits(form, new(20, 7, 9, 37, height, width, 1, 1), block: 16, group: 16, width),
        HalvedUnits(form, new(48, 5, 5, 32, height, width, 1, width / 2), block: 16, group: 2, width),
        HalvedUnits(form, new(16, 5, 4, 24, height, width, 1, 1), block: 4, group: 4, width),
        HalvedUnits(form, new(40, 6, 9, 32, height, width, 1, 1), block: 16, group: 4, height * width),
        HalvedUnits(form, new(18, 6, 7, 20, height, width, 1, 1), block: 16, group: 4, 1),
        UnequalBlocks(form, new(20, 6, 9, 70, height, width, 1, 1)),
    ];

    /// <summary>Neighbouring blocks of filters that share some channels, none or all; one keeps a single channel.</summary>
    private static WinogradCase UnequalBlocks(WinogradForm form, Conv2dShape shape)
    {
        int[][] channels = [[0, 3, 4, 9, 10, 19], [3, 5, 10], [7], [.. Enumerable.Range(0, 20)], [2, 18]];
        var area = shape.KernelHeight * shape.KernelWidth;
        var kept = channels.Select(block => block.SelectMany(channel => Enumerable.Range(channel * area, area)).ToArray());
        return new(2, shape, form, new KeptTaps(Layout.Block, [.. kept]), "unequal blocks");
    }

    private static WinogradCase HalvedUnits(WinogradForm form, Conv2dShape shape, int block, int group, int unitLength) =>
        new(2, shape, form, DirectConvolutionCase.Half(shape, block, group, unitLength), $"{unitLength} weights:{block}:{group}");

    private static IEnumerable<WinogradCase> WinogradCases(WinogradForm form, int kernel, int stride) =>
    [
        new(1, new(1, 1, 1, 1, kernel, kernel, stride, kernel - 1), form),
        new(2, new(3, 7, 8, 17, kernel, kernel, stride, 1), form),
        new(3, new(17, 8, 8, 40, kernel, kernel, stride, kernel / 2), form),
        new(1, new(16, 9, 6, 16, kernel, kernel, stride), form),
        new(1, new(16, 10, 11, 16, kernel, kernel, stride), form), // with stride 2 the last row is in no tile
        new(2, new(5, 4, 3, 6, kernel, kernel, stride, 2), form),
        new(1, new(3, 23, 19, 2, kernel, kernel, stride, 1), form),
        new(1, new(3, 5, 38 * stride, 2, kernel, kernel, stride, kernel / 2), form), // more tiles in a row than are transformed together
        HalvedWinograd(form, new(20, 7, 9, 37, kernel, kernel, stride, 1), block: 16, group: 16),
        HalvedWinograd(form, new(16, 6, 7, 33, kernel, kernel, stride, 1), block: 16, group: 16),
        HalvedWinograd(form, new(48, 5, 5, 32, kernel, kernel, stride, kernel / 2), block: 16, group: 2),
        HalvedWinograd(form, new(16, 5, 4, 24, kernel, kernel, stride, 1), block: 4, group: 4),
        HalvedUnits(form, new(20, 7, 9, 37, kernel, kernel, stride, 1), block: 16, group: 16, kernel),
        HalvedUnits(form, new(33, 5, 6, 18, kernel, kernel, stride, 1), block: 16, group: 4, 1),
        HalvedUnits(form, new(5, 6, 5, 20, kernel, kernel, stride, 1), block: 8, group: 16, kernel),
        UnequalBlocks(form, new(20, 6, 9, 70, kernel, kernel, stride, 1)),
        // too much for all positions in one loop, as a pair of blocks and one without a neighbour
        HalvedWinograd(form, new(32, 24 * stride, 24 * stride, 33, kernel, kernel, stride, kernel / 2), block: 16, group: 16),
    ];

    private static WinogradCase HalvedWinograd(WinogradForm form, Conv2dShape shape, int block, int group) =>
        HalvedUnits(form, shape, block, group, shape.KernelHeight * shape.KernelWidth);

    /// <summary>Halved kernels with so many channels that the backward-data pass gathers the kept ones of each block of filters.</summary>
    private static DirectConvolutionCase GatheredConvolution(int images, Conv2dShape shape, int group)
    {
        var kept = DirectConvolutionCase.Half(shape, Layout.Block, group, wholeKernels: true);
        static long WeightLength(Conv2dShape shape, KeptTaps? kept) =>
            new DirectConvolution(SimdTier.V128, shape, kept).BackwardDataWeightLength;
        Assert.True(WeightLength(shape, kept) < 0.8 * WeightLength(shape, kept: null));
        return new(images, shape, kept, $"gathered kernel:16:{group}");
    }

    private static DirectConvolutionCase[] HalvedConvolutions(int block) =>
    [
        HalvedConvolution(block, group: 2, wholeKernels: true),
        HalvedConvolution(block, group: 4, wholeKernels: false),
        HalvedConvolution(block, group: 16, wholeKernels: true),
        HalvedConvolution(block, group: 16, wholeKernels: false),
    ];

    private static DirectConvolutionCase HalvedConvolution(int block, int group, bool wholeKernels)
    {
        var shape = block < 4 ? new Conv2dShape(20, 7, 9, 37, 3, 3, 1, 1) : new Conv2dShape(33, 8, 11, 18, 5, 4, 2, 1);
        return new(
            2, shape, DirectConvolutionCase.Half(shape, block, group, wholeKernels),
            $"{(wholeKernels ? "kernel" : "weight")}:{block}:{group}");
    }
}
