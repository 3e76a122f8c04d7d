using Dst.Graph;

namespace Dst.Tests.Graph;

public class CheckedGraphTests
{
    [Theory]
    [InlineData(1, 16384, 16384, 16, 1, 0)]
    [InlineData(64, 1100, 1100, 2048, 3, 1)]
    [InlineData(16, 100, 100, 65536, 64, 64)]
    public void A_convolution_that_does_not_fit_in_memory_is_refused(
        int channels, int height, int width, int filters, int kernel, int padding) =>
        Assert.Contains(
            "too large", Refusal(new(channels, height, width), new Conv2dOp(filters, kernel, kernel, 1, padding)),
            StringComparison.Ordinal);

    [Fact]
    public void A_network_too_deep_for_its_input_is_refused_by_the_name_of_the_node() =>
        Assert.Contains("node 'only' needs at least 5 pixels", Refusal(new(1, 4, 4), new Conv2dOp(1, 5, 5)), StringComparison.Ordinal);

    [Fact]
    public void Shapes_are_inferred()
    {
        var graph = new CheckedGraph(
            new("net", new(3, 9, 8), [new("only", new Conv2dOp(5, 3, 3, Stride: 2, Padding: 1), [NetworkGraph.InputName])]));
        Assert.Equal(new FeatureShape(5, 5, 4), graph.Shapes["only"]);
    }

    public static TheoryData<Operation, string> Refused => new()
    {
        { new LeakyReluOp(float.NaN), "has the slope NaN; a finite one" },
        { new EluOp(float.PositiveInfinity), "has the alpha Infinity; a finite one" },
        { new ClipOp(1, 1), "clips from 1 to 1; two finite bounds" },
        { new ClipOp(float.NegativeInfinity, 6), "two finite bounds" },
        { new HardSigmoidOp(float.PositiveInfinity), "finite values were expected" },
        { new MulOp(), "has 1 inputs" },
        { new PadOp(0, -1, 0, 0), "expected 0 to 16384 pixels a side" },
        { new PadOp(0, 0, 0, 0, ChannelsAfter: -1), "0 to 65536 channels" },
        { new PadOp(int.MaxValue, 0, int.MaxValue, 0), "pads 2147483647, 0, 2147483647 and 0 pixels" },
        { new PadOp(16384, 0, 0, 0), "expected 1 to 65536 channels and 1 to 16384 pixels" },
        { new PadOp(0, 0, 0, 0, 65536), "expected 1 to 65536 channels" },
        { new PadOp(1, 1, 1, 1, 0, 0, float.NegativeInfinity), "pads with -" },
        { new EdgePadOp(0, -1, 0, 0), "repeats 0, -1, 0 and 0 pixels of a map of 5x4; 0 to 16384 rows and 0 to 16384 columns a side" },
        { new EdgePadOp(0, 0, 5, 0, Reflects: true), "reflects 0, 0, 5 and 0 pixels of a map of 5x4; 0 to 4 rows and 0 to 3 columns" },
        { new EdgePadOp(0, 0, 0, 4, Reflects: true), "0 to 4 rows and 0 to 3 columns a side were expected" },
        { new EdgePadOp(16384, 0, 0, 0), "expected 1 to 65536 channels and 1 to 16384 pixels" },
        { new SliceOp(-1, 1), "slices 1 channels from number -1 on out of 6" },
        { new SliceOp(4, 3), "slices 3 channels from number 4 on out of 6" },
        { new SliceOp(0, 0), "at least one" },
        { new SliceOp(2, int.MaxValue), "a run of at least one of them" },
        { new ChannelShuffleOp(4), "shuffles 4 groups, which must divide its 6 channels" },
        { new ChannelShuffleOp(0), "shuffles 0 groups" },
        { new UpsampleOp(1), "has the scale 1; 2 to 64" },
        { new UpsampleOp(65), "has the scale 65; 2 to 64" },
        { new ConvTransposeOp(4, 3, 3, 2, 1, 2), "has the output padding 2 and the stride 2; 0 or more and less than the stride" },
        { new ConvTransposeOp(4, 3, 3, 2, 1, -1), "has the output padding -1" },
        { new ConvTransposeOp(4, 1, 1, 1, 2), "gives 4x1x0 from 6x5x4; a smaller padding than 2" },
        { new ConvTransposeOp(0, 3, 3), "has 0 filters of 3x3 with stride 1" },
        { new ConvTransposeOp(4, 3, 3, int.MaxValue), "stride and kernel 1 to 64" },
        { new GroupNormOp(4), "normalises 6 channels in 4 groups; a number of groups that divides them was expected" },
        { new GroupNormOp(0), "normalises 6 channels in 0 groups" },
        { new GroupNormOp(3, 0), "has the epsilon 0; a finite one above 0" },
        { new AvgPoolOp(2, 1, 2), "a padding smaller than the kernel" },
        { new MaxPoolOp(2, 0), "kernel and stride 1 to 64" },
        { new SpectralPoolOp(6, 4), "keeps 6x4 frequencies of a map of 5x4; 1x1 to 5x4 was expected" },
        { new SpectralPoolOp(5, 0), "keeps 5x0 frequencies" },
        { new StochasticPoolOp(2, 0), "kernel and stride 1 to 64" },
        { new MaxPoolDropoutOp(2, 2, 0), "retains the share 0 of its units; expected above 0 to 1" },
        { new MaxPoolDropoutOp(2, 2, float.NaN), "retains the share NaN" },
        { new MaxPoolDropoutOp(2, 1, 0.5f, 2), "a padding smaller than the kernel" },
        { new MaxPoolDropoutOp(9, 1, 0.5f, 8), "has a window of 81 positions; expected at most 64, because inference sorts them" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Attributes_out_of_range_are_refused(Operation operation, string problem) =>
        Assert.Contains(problem, Refusal(new(6, 5, 4), operation), StringComparison.Ordinal);

    [Fact]
    public void Factors_have_the_shape_of_the_map_or_one_value_for_each_channel()
    {
        CheckedGraph Product(string a, string b) => new(new("net", new(6, 5, 4),
        [
            new("factors", new GlobalAvgPoolOp(), ["input"]),
            new("few", new SliceOp(0, 1), ["input"]),
            new("product", new MulOp(), [a, b]),
        ]));
        Assert.Equal(new(6, 5, 4), Product("input", "factors").Shapes["product"]);
        Assert.Equal(new(6, 5, 4), Product("input", "input").Shapes["product"]);
        Assert.Contains(
            "multiplies 6x1x1 by 6x5x4", Assert.Throws<InputException>(() => Product("factors", "input")).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "or 6x1x1 as the second", Assert.Throws<InputException>(() => Product("input", "few")).Message, StringComparison.Ordinal);
    }

    public static TheoryData<Operation, int, int, int> Inferred => new()
    {
        { new PadOp(1, 2, 3, 4, 5, 6), 17, 9, 10 },
        { new EdgePadOp(1, 2, 4, 3, Reflects: true), 6, 10, 9 },
        { new SliceOp(4, 2), 2, 5, 4 },
        { new ChannelShuffleOp(3), 6, 5, 4 },
        { new UpsampleOp(3, Bilinear: true), 6, 15, 12 },
        { new ConvTransposeOp(4, 3, 2, 2, 1, 1), 4, 10, 7 },
        { new ConvTransposeOp(7, 4, 4), 7, 8, 7 },
        { new HardSwishOp(), 6, 5, 4 },
        { new GlobalMaxPoolOp(), 6, 1, 1 },
        { new MaxPoolOp(2, 2, CeilMode: true), 6, 3, 2 },
        { new AvgPoolOp(3, 2, 1), 6, 3, 2 },
        { new MaxPoolDropoutOp(3, 2, 0.5f, 1), 6, 3, 2 },
        { new StochasticPoolOp(2, 2, CeilMode: true), 6, 3, 2 },
        { new SpectralPoolOp(2, 3), 6, 2, 3 },
        { new AvgPoolOp(3, 2, 1, CeilMode: true), 6, 3, 3 },
    };

    [Theory]
    [MemberData(nameof(Inferred))]
    public void Shapes_of_rearranged_and_pooled_maps_are_inferred(Operation operation, int channels, int height, int width) => Assert.Equal(
        new(channels, height, width), new CheckedGraph(new("net", new(6, 5, 4), [new("only", operation, ["input"])])).Shapes["only"]);

    private static string Refusal(FeatureShape input, Operation operation) =>
        Assert.Throws<InputException>(
            () => new CheckedGraph(new("net", input, [new("only", operation, [NetworkGraph.InputName])]))).Message;
}
