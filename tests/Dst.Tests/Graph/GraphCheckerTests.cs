using Dst.Runtime;
using Dst.Runtime.Graph;

namespace Dst.Tests.Graphs;

public class GraphCheckerTests
{
    [Theory]
    [InlineData(1, 16384, 16384, 16, 1, 0)]
    [InlineData(64, 1100, 1100, 2048, 3, 1)]
    [InlineData(16, 100, 100, 65536, 64, 64)]
    public void A_convolution_that_does_not_fit_in_memory_is_refused(int channels, int height, int width, int filters, int kernel, int padding) =>
        Assert.Contains("too large", Refusal(new(channels, height, width), new Conv2dOp(filters, kernel, kernel, 1, padding)), StringComparison.Ordinal);

    [Fact]
    public void A_network_too_deep_for_its_input_is_refused_by_the_name_of_the_node() =>
        Assert.Contains("node 'only' needs at least 5 pixels", Refusal(new(1, 4, 4), new Conv2dOp(1, 5, 5)), StringComparison.Ordinal);

    [Fact]
    public void Shapes_are_inferred()
    {
        var shapes = GraphChecker.Check(new("net", new(3, 9, 8), [new("only", new Conv2dOp(5, 3, 3, Stride: 2, Padding: 1), [NetworkGraph.InputName])]));
        Assert.Equal(new FeatureShape(5, 5, 4), shapes["only"]);
    }

    private static string Refusal(FeatureShape input, Operation operation) =>
        Assert.Throws<InputException>(() => GraphChecker.Check(new("net", input, [new("only", operation, [NetworkGraph.InputName])]))).Message;
}
