using System.Text.Json.Nodes;
using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference;
using Dst.Runtime.Lowering;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Tests.Inference;

/// <summary>Neighbouring layers that keep the values between them as planes.</summary>
public sealed class PlaneRegionsTests : IDisposable
{
    private static readonly Model Dense = InferencePlanTests.Initialised(Zoo.Build("resnet20", new(3, 32, 32), 7));
    private static readonly Model ResNet = InferencePlanTests.Halved(Dense, "kernel:16:16");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_region_ends_where_a_layer_cannot_compute_by_tile()
    {
        var regions = Find(ResNet);
        Assert.Equal(
            [
                "conv1 ..out", "layer1.0.conv1 in..out", "layer1.0.conv2 in.added.out", "layer1.1.conv1 in..out",
                "layer1.1.conv2 in.added.out", "layer1.2.conv1 in..out", "layer1.2.conv2 in.added.out",
                // The sum behind layer2.0 is fused into its 1×1 convolution, which comes last.
                "layer2.0.conv1 in..out", "layer2.0.conv2 in..out", "layer2.0.downsample.0 in.added.out",
                "layer2.1.conv1 in..out", "layer2.1.conv2 in.added.out", "layer2.2.conv1 in..out", "layer2.2.conv2 in.added.out",
                // Maps of 8×8 are no whole vector of squares.
                "layer3.0.conv1 in..", "layer3.0.downsample.0 in..",
            ],
            Assert.Single(regions));
    }

    [Fact]
    public void A_value_that_another_operation_reads_or_that_is_the_result_is_not_planes()
    {
        var convolution = new Conv2dOp(16, 3, 3, 1, 1, 1, true);
        CheckedGraph graph = new(new("branches", new(16, 16, 16), [
            new("one", convolution, ["input"]), new("two", convolution, ["one"]), new("pool", new MaxPoolOp(3, 1, 1), ["two"]),
            new("three", convolution, ["two"]), new("four", convolution, ["pool"]), new("sum", new AddOp(), ["three", "four"]),
        ]));
        var regions = Find(InferencePlanTests.Initialised(graph));
        Assert.Equal(2, regions.Count);
        Assert.Equal(["one ..out", "two in.."], regions[0]);
        Assert.Equal(2, regions[1].Count); // the sum is fused into the later one, and is the result
        Assert.EndsWith(" .added.", regions[1][1]);
    }

    [Theory]
    [InlineData(null, "two in..out", "down in.added.out", "three in..")]
    [InlineData("sum", "two in..", "down in..")]
    [InlineData("two", "two in..", "down in..")]
    public void The_sum_of_a_layer_of_stride_2_is_planes_only_together_with_what_it_adds(string? pooled, params string[] layers)
    {
        Conv2dOp same = new(16, 3, 3, 1, 1), half = new(16, 3, 3, 2, 1);
        CheckedGraph graph = new(new("sums", new(16, 32, 32), [
            new("one", same, ["input"]), new("side", half, ["one"]), new("two", same, ["side"]), new("down", half, ["one"]),
            new("sum", new AddOp(), ["two", "down"]), new("three", same, ["sum"]),
            new("pool", new MaxPoolOp(3, 1, 1), [pooled ?? "three"]), new("end", new MulOp(), ["three", "pool"]),
        ]));
        Assert.Equal(["one ..out", "side in..out", .. layers], Assert.Single(Find(InferencePlanTests.Initialised(graph))));
    }

    [Fact]
    public void A_layer_whose_output_cannot_be_planes_reads_them()
    {
        Conv2dOp same = new(16, 3, 3, 1, 1), half = new(16, 3, 3, 2, 1);
        // Of 4×64 outputs two vectors of tiles hold no whole squares.
        CheckedGraph graph = new(new("wide", new(16, 8, 128), [
            new("one", same, ["input"]), new("two", half, ["one"]), new("three", same, ["two"]),
        ]));
        Assert.Equal(["one ..out", "two in.."], Assert.Single(Find(InferencePlanTests.Initialised(graph))));
    }

    [Fact]
    public void A_value_that_another_layer_adds_is_not_planes()
    {
        Conv2dOp same = new(16, 3, 3, 1, 1);
        CheckedGraph graph = new(new("added", new(16, 16, 16), [
            new("one", same, ["input"]), new("five", new Conv2dOp(16, 5, 5, 1, 2), ["input"]), new("sum", new AddOp(), ["one", "five"]),
            new("two", same, ["one"]), new("end", new MulOp(), ["two", "sum"]),
        ]));
        Assert.Empty(Find(InferencePlanTests.Initialised(graph)));
    }

    [Fact]
    public void On_256_bits_a_region_ends_before_layers_of_stride_2_too()
    {
        List<List<string>> expected =
        [
            [
                "conv1 ..out", "layer1.0.conv1 in..out", "layer1.0.conv2 in.added.out", "layer1.1.conv1 in..out",
                "layer1.1.conv2 in.added.out", "layer1.2.conv1 in..out", "layer1.2.conv2 in.added.out",
                "layer2.0.conv1 in..", "layer2.0.downsample.0 in..",
            ],
            [
                "layer2.1.conv1 ..out", "layer2.1.conv2 in..out", "layer2.2.conv1 in..out", "layer2.2.conv2 in.added.out",
                "layer3.0.conv1 in..", "layer3.0.downsample.0 in..",
            ],
        ];
        Assert.Equal(expected, Find(ResNet, SimdTier.V256));
    }

    [Fact]
    public void On_narrower_vectors_there_is_no_region()
    {
        foreach (var tier in Enum.GetValues<SimdTier>().Where(tier => tier < SimdTier.V256))
            Assert.Empty(Regions(ResNet, tier).Find());
    }

    [Theory]
    [InlineData(2, 16)] // both parts lose 1, for three layers that would read or write blocked maps
    [InlineData(5, 15)]
    [InlineData(double.PositiveInfinity, 15)]
    public void A_region_is_cut_where_a_layer_loses_more_than_its_neighbours_gain(double lossOfOne, int layers)
    {
        const string One = "layer2.0.conv1";
        var chosen = Regions(ResNet, SimdTier.V512, LossOf).Choose();
        Assert.Equal(layers, chosen.Count);
        Assert.Equal(layers == 16, chosen.Any(layer => layer.Node.Layer == One));
        Assert.Equal(layers == 16, chosen.Single(layer => layer.Node.Layer == "layer1.2.conv2").Planes.Output);
        Assert.Equal(layers == 16, chosen.Single(layer => layer.Node.Layer == "layer2.0.downsample.0").Planes.Input);
        Assert.Empty(Regions(ResNet, SimdTier.V512, _ => 1).Choose());

        double LossOf(TileLayer layer) =>
            layer.Node.Layer == One ? lossOfOne : layer.Planes is { Input: true, Output: true } ? -1 : 0;
    }

    /// <summary>The times of the cache decide, so the test writes them.</summary>
    [Theory]
    [InlineData(1e-6)]
    [InlineData(1e6)]
    public void A_region_computes_by_tile_where_that_takes_less_time_in_all(double msByTile)
    {
        if (SimdTiers.Best < SimdTier.V256) return;
        var options = new InferenceOptions { Batch = 2 };
        for (var i = 0; i < 2; i++) // where a region does not pay, its layers are measured alone
        {
            InferencePlan.Compile(ResNet, options with { Cache = new(CachePath) }).Dispose();
            SetTimes(CachePath, form => form.EndsWith(" by tile") ? msByTile : null);
        }

        using var plan = InferencePlan.Compile(ResNet, options with { Cache = new(CachePath) });
        var byTile = plan.Decisions.Where(decision => decision.Chosen.Form.EndsWith(" by tile")).ToList();
        foreach (var layer in new[] { "layer1.0.conv1", "layer2.0.conv1", "layer2.0.downsample.0", "layer2.2.conv2" })
            Assert.Equal(msByTile < 1, byTile.Exists(decision => decision.Layer == layer));
        Assert.All(
            byTile.Where(decision => decision.Layer.StartsWith("layer1") || decision.Layer.StartsWith("layer2.2")),
            decision => Assert.Equal("fastest with its neighbours, whose values are planes", decision.Reason));

        using var direct = InferencePlan.CompileDirect(ResNet);
        var images = new float[5 * plan.Input.Count];
        var random = new Random(1);
        foreach (ref var value in images.AsSpan()) value = 2 * random.NextSingle() - 1;
        using var directSession = direct.CreateSession();
        var expected = Logits(directSession, direct, images);
        var bound = 1e-3 * expected.Max(Math.Abs);
        foreach (var threads in new[] { 1, 3 })
        {
            using var session = plan.CreateSession(threads);
            Assert.All(Logits(session, plan, images).Zip(expected), pair => Assert.Equal(pair.Second, pair.First, bound));
        }
    }

    [Fact]
    public void Layers_without_a_form_by_tile_or_without_another_are_no_region()
    {
        // Of an unstructured mask only one form skips weights; within an error of 0 there is no Winograd form.
        InferenceOptions[] all = [new() { Sparse = true }, new() { ErrorBound = 0 }];
        foreach (var options in all)
        {
            using var plan = InferencePlan.Compile(InferencePlanTests.Unstructured(Dense), options);
            Assert.DoesNotContain(plan.Decisions, decision => decision.Chosen.Form.Contains("by tile"));
        }
    }

    [Fact]
    public void A_layer_is_as_an_equal_one_only_if_it_has_the_same_forms()
    {
        var decision = new LayerDecision("one", new("direct", true, 1), [new("winograd4x4 by tile", true, 2)], "reason");
        Assert.True(decision.HasForms([new("winograd4x4 by tile", true), new("direct", true)]));
        Assert.False(decision.HasForms([new("direct", true)]));
    }

    private static List<List<string>> Find(Model model, SimdTier tier = SimdTier.V512) =>
        [.. Regions(model, tier).Find().Select(region => region.Select(Words).ToList())];

    private static PlaneRegions Regions(Model model, SimdTier tier, Func<TileLayer, double>? lossOf = null) =>
        new(LoweredProgram.Lower(model, StepFactory.Target), tier, lossOf ?? (_ => 0));

    private static string Words(TileLayer layer) => $"{layer.Node.Layer} {Words(layer.Planes)}";

    private static string Words(PlaneUse use) =>
        $"{(use.Input ? "in" : "")}.{(use.Residual ? "added" : "")}.{(use.Output ? "out" : "")}";

    private static float[] Logits(InferenceSession session, InferencePlan plan, float[] images)
    {
        var logits = new float[5 * plan.Outputs];
        session.Run(images, 5, logits);
        return logits;
    }

    private string CachePath => Path.Combine(_folder.Path, "plans.json");

    /// <summary>Writes times of forms into a cache.</summary>
    internal static void SetTimes(string path, Func<string, double?> timeOf)
    {
        var file = JsonNode.Parse(File.ReadAllText(path))!;
        foreach (var form in file["layers"]!.AsArray().SelectMany(layer => layer!["forms"]!.AsArray()))
        {
            if (timeOf((string)form!["form"]!) is { } ms) form["ms"] = ms;
        }

        File.WriteAllText(path, file.ToJsonString());
    }
}
