using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Inference;
using Dst.Runtime.Lowering;
using Dst.Training.Networks;

namespace Dst.Tests.Lowering;

public class LoweredProgramTests
{
    /// <summary>A backend that removes flattening.</summary>
    private static readonly LoweringTarget Able = new(ReadsMapsInAnyOrder: true);

    /// <summary>A backend that does not.</summary>
    private static readonly LoweringTarget Plain = new();

    [Fact]
    public void Every_value_has_a_shape_and_an_element_type()
    {
        var program = Lower(Plain, [new("conv", new Conv2dOp(5, 3, 3), ["input"]), new("pool", new GlobalAvgPoolOp(), ["conv"])]);
        Assert.Equal(["input", "conv", "pool"], program.Values.Keys);
        Assert.Equal(new(new(5, 4, 5), ElementType.Float32), program.Values["conv"]);
        Assert.Equal("pool", program.Output);
    }

    [Fact]
    public void Parameters_have_one_value_for_each_channel()
    {
        var program = Lower(Plain, [
            new("bn", new BatchNormOp(), ["input"]), new("affine", new AffineOp(), ["bn"]), new("prelu", new PReluOp(), ["affine"]),
        ]);
        Assert.All(program.Nodes, node => Assert.Equal(3, node.Weight!.Length));
        Assert.All(program.Nodes.Take(2), node => Assert.Equal(3, node.Bias!.Length));
    }

    [Fact]
    public void A_convolution_with_a_filter_for_each_channel_is_depthwise()
    {
        var program = Lower(Plain, [
            new("depthwise", new Conv2dOp(3, 3, 2, 2, 1, 3), ["input"]),
            new("multiplied", new Conv2dOp(6, 1, 1, 1, 0, 3), ["depthwise"]),
            new("grouped", new Conv2dOp(6, 1, 1, 1, 0, 3), ["multiplied"]),
            new("mean", new Conv2dOp(1, 1, 1), ["grouped"]),
            new("single", new Conv2dOp(1, 1, 1), ["mean"]),
        ]);
        Assert.Equal(new WindowShape(3, 6, 7, 3, 2, 2, 1), Assert.IsType<LoweredDepthwiseNode>(program.Nodes[0]).Window);
        Assert.All(program.Nodes.Skip(1), node => Assert.IsNotType<LoweredDepthwiseNode>(node));
    }

    [Fact]
    public void Depthwise_nodes_stay_so_when_other_layers_become_part_of_them()
    {
        var program = Lower(Able, [
            new("conv", new Conv2dOp(3, 1, 1, 1, 0, 3), ["input"]),
            new("bn", new BatchNormOp(), ["conv"]),
            new("sum", new AddOp(), ["bn", "input"]),
            new("clip", new ClipOp(0, 6), ["sum"]),
        ]);
        var node = Assert.IsType<LoweredDepthwiseNode>(Assert.Single(program.Nodes));
        Assert.Equal(("clip", "input", new(0, 6)), (node.Output, node.Residual, node.Bounds));
    }

    [Fact]
    public void A_layer_with_weights_takes_bounds_around_0_and_a_sum_takes_a_relu()
    {
        Assert.Equal(["clip", "last"], Outputs(Lower(Plain, Nodes(new ClipOp(-1, 1), new ReluOp()))));
        Assert.Equal(["clip", "sum", "last"], Outputs(Lower(Plain, Nodes(new ClipOp(-1, 1), new ClipOp(0, 6)))));
        Assert.Equal(["conv", "clip", "last"], Outputs(Lower(Plain, Nodes(new ClipOp(1, 2), new ReluOp()))));

        static Node[] Nodes(Operation clip, Operation last) =>
        [
            new("conv", new Conv2dOp(3, 1, 1), ["input"]),
            new("clip", clip, ["conv"]),
            new("sum", new AddOp(), ["clip", "input"]),
            new("last", last, ["sum"]),
        ];
    }

    [Fact]
    public void Flattening_goes_only_where_the_order_of_a_map_is_of_no_account()
    {
        Node[] linear = [new("flat", new FlattenOp(), ["input"]), new("fc", new LinearOp(4), ["flat"])];
        Assert.Equal(["flat", "fc"], Outputs(Lower(Plain, linear)));
        var program = Lower(Able, linear);
        Assert.Equal(["fc"], Outputs(program));
        Assert.Equal(["input"], program.Nodes[0].Inputs);
        Assert.Equal(["flat"], Outputs(Lower(Able, [new("flat", new FlattenOp(), ["input"])])));
        Node[] alsoReadByOthers = [
            new("flat", new FlattenOp(), ["input"]), new("fc", new LinearOp(126), ["flat"]), new("sum", new AddOp(), ["fc", "flat"]),
        ];
        Assert.Equal(["flat", "sum"], Outputs(Lower(Able, alsoReadByOthers)));
    }

    [Fact]
    public void Identities_in_a_row_and_at_the_end_leave_what_they_read()
    {
        var program = Lower(Plain, [
            new("a", new DropoutOp(0.5f), ["input"]),
            new("b", new DropoutOp(0.5f), ["a"]),
            new("sum", new AddOp(), ["a", "b"]),
            new("c", new DropoutOp(0.5f), ["sum"]),
        ]);
        Assert.Equal(["input", "input"], Assert.Single(program.Nodes).Inputs);
        Assert.Equal("sum", program.Output);
    }

    [Fact]
    public void A_residual_is_added_by_the_last_of_the_layers_that_it_sums()
    {
        Node[] nodes = [
            new("a", new Conv2dOp(3, 1, 1), ["input"]), new("b", new Conv2dOp(3, 1, 1), ["input"]), new("sum", new AddOp(), ["b", "a"]),
        ];
        var program = Lower(Plain, nodes);
        Assert.Equal(["a", "sum"], Outputs(program));
        Assert.Equal(("b", "a"), (program.Nodes[1].Layer, program.Nodes[1].Residual));
        Assert.Equal(["a", "twice"], Outputs(Lower(Plain, [nodes[0], new("twice", new AddOp(), ["a", "a"])])));
    }

    /// <summary>Quadratic work would take minutes here.</summary>
    [Theory]
    [InlineData("relu")]
    [InlineData("dropout")]
    [InlineData("block")]
    [InlineData("concat")]
    public void Long_networks_are_lowered_and_placed_at_once(string kind)
    {
        const int Length = 20_000;
        var nodes = new List<Node>();
        for (var i = 0; nodes.Count < Length; i++)
        {
            var input = nodes.Count == 0 ? "input" : nodes[^1].Name;
            switch (kind)
            {
                case "relu": nodes.Add(new($"{i}", new ReluOp(), [input])); break;
                case "dropout": nodes.Add(new($"{i}", new DropoutOp(0.5f), [input])); break;
                case "concat": nodes.Add(new($"{i}", i % 2 == 0 ? new ConcatOp() : new SliceOp(0, 3), [input])); break;
                default:
                    nodes.AddRange([
                        new($"{i}.conv", new Conv2dOp(3, 1, 1), [input]), new($"{i}.bn", new BatchNormOp(), [$"{i}.conv"]),
                        new($"{i}.sum", new AddOp(), [$"{i}.bn", input]), new($"{i}.relu", new ReluOp(), [$"{i}.sum"]),
                    ]);
                    break;
            }
        }

        var program = Lower(StepFactory.Target, nodes);
        Assert.Equal(kind switch { "dropout" => 0, "block" => Length / 4, _ => Length }, program.Nodes.Count);
        var steps = program.Nodes.Select(node => new PlannedStep(node.Reads, node.Output)).ToList();
        var memory = new MemoryPlan(steps, value => program.Values[value].Shape.Count, program.Output);
        Assert.InRange(memory.Length, 126, 2 * 126);
    }

    private static LoweredProgram Lower(LoweringTarget target, IEnumerable<Node> nodes) =>
        LoweredProgram.Lower(Initialiser.Initialise(new(new("test", new(3, 6, 7), [.. nodes])), seed: 1), target);

    private static IEnumerable<string> Outputs(LoweredProgram program) => program.Nodes.Select(node => node.Output);
}
