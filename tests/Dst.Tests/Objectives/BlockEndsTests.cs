using Dst.Graph;
using Dst.Training.Networks;
using Dst.Training.Objectives;

namespace Dst.Tests.Objectives;

/// <summary>Where the blocks of a network end.</summary>
public class BlockEndsTests
{
    private static readonly FeatureShape Input = new(3, 32, 32);

    [Fact]
    public void Residual_blocks_end_behind_the_activation_of_their_sum() => Assert.Equal(
        ["layer1.0.relu2", "layer2.0.relu2", "layer3.0.relu2"], BlockEnds.Of(Zoo.Build("resnet8", Input, 10)));

    // What a pre-activation block gives is read by the next block and by its shortcut.
    [Fact]
    public void A_sum_that_several_layers_read_is_an_end_itself()
    {
        var ends = BlockEnds.Of(Zoo.Build("wrn-16-2", Input, 10));
        Assert.Equal(6, ends.Count);
        Assert.Equal(("block1.layer.0.add", "relu"), (ends[0], ends[^1]));
    }

    [Fact]
    public void Without_sums_every_layer_with_weights_before_the_output_is_a_block()
    {
        var graph = Zoo.Build("vgg8", Input, 10);
        var ends = BlockEnds.Of(graph);
        Assert.Equal(graph.Nodes.Count(node => node.Operation is Conv2dOp), ends.Count);
        Assert.All(ends, end => Assert.IsType<ReluOp>(graph.Nodes.Single(node => node.Name == end).Operation));
    }

    [Fact]
    public void Dropout_is_no_part_of_a_block_and_the_output_no_end()
    {
        var graph = new CheckedGraph(new("small", new(1, 4, 4), [
            new("conv1", new Conv2dOp(2, 3, 3), [NetworkGraph.InputName]),
            new("tanh", new TanhOp(), ["conv1"]),
            new("dropout", new DropoutOp(0.5f), ["tanh"]),
            new("conv2", new Conv2dOp(3, 2, 2), ["dropout"]),
            new("relu", new ReluOp(), ["conv2"]),
        ]));
        Assert.Equal(["tanh"], BlockEnds.Of(graph));
    }
}
