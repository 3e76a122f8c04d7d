using System.Text.Json.Nodes;
using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Runtime.Inference;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Tests.Inference;

public sealed class PlanCacheTests : IDisposable
{
    private const string Head = """{"version":2,"cpu":"x","kernels":"x","layers":""";
    private const string Layer = """{"layer":"a","forms":[{"form":"b","uses_mask":false,"ms":1}]}""";

    private static readonly LayerForm[] Measured = [new("direct", true, 0.5), new("direct", false, 1)];

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    private string CachePath => Path.Combine(_folder.Path, "sub", "plans.json");

    [Theory]
    [TierData(Scalar = false)] // which has one form of a dense layer
    public void What_was_measured_is_known_to_the_next_compilation(SimdTier tier)
    {
        var model = InferencePlanTests.Halved(InferencePlanTests.Initialised(Zoo.Build("resnet8", new(3, 12, 12), 5)), "kernel:16:16");
        using var first = InferencePlan.Compile(model, new() { Tier = tier, Cache = Open() });
        using var second = InferencePlan.Compile(model, new() { Tier = tier, Cache = Open() });
        Assert.Equal(first.Decisions.Select(Row), second.Decisions.Select(Row));
        Assert.Contains(first.Decisions, decision => decision.Reason.Contains("measured") && !decision.Reason.Contains("earlier"));
        foreach (var (reason, ms) in second.Decisions.Select(decision => (decision.Reason, decision.Chosen.Ms)))
            Assert.True(ms is null || reason.Contains("earlier") || reason.StartsWith("as "), reason);

        using var batch = InferencePlan.Compile(model, new() { Tier = tier, Cache = Open(), Batch = 2 });
        Assert.DoesNotContain(batch.Decisions, decision => decision.Reason.Contains("earlier"));
        foreach (var other in Tiers.WithVectors.Where(other => other != tier))
        {
            using var onOther = InferencePlan.Compile(model, new() { Tier = other, Cache = new(CachePath) });
            Assert.DoesNotContain(onOther.Decisions, decision => decision.Reason.Contains("earlier"));
        }

        using var fixedChoice = InferencePlan.Compile(model, new() { Tier = tier, Cache = Open(), Tune = false });
        Assert.DoesNotContain(fixedChoice.Decisions, decision => decision.Reason.Contains("measured"));
        Assert.Empty(_warnings);

        static (string, LayerForm, string) Row(LayerDecision decision) =>
            (decision.Layer, decision.Chosen, string.Join(";", decision.Alternatives));
    }

    [Fact]
    public void A_linear_layer_is_measured_apart_from_a_convolution_of_its_sizes()
    {
        if (SimdTiers.Best == SimdTier.Scalar) return; // which has one form of either
        var model = InferencePlanTests.Initialised(new(new("twins", new(256, 1, 1),
            [new("conv", new Conv2dOp(256, 1, 1, 1, 0, 1, true), ["input"]), new("fc", new LinearOp(256), ["conv"])])));
        InferencePlan.Compile(model, new() { Cache = Open() }).Dispose();
        using var plan = InferencePlan.Compile(model, new() { Cache = Open() });
        Assert.All(plan.Decisions, decision => Assert.Equal("fastest of 2 measured earlier", decision.Reason));
        Assert.Equal(2, plan.Decisions.Count);
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_layer_that_is_measured_twice_is_kept_once()
    {
        var cache = Open();
        cache.Add("layer", [new("direct", false, 2)]);
        cache.Add("layer", Measured);
        cache.Save();
        Assert.Equal(Measured, Open().Find("layer", Names));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Only_the_very_forms_that_were_measured_are_found()
    {
        Keep("layer");
        Assert.Equal(Measured, Open().Find("layer", Names));
        Assert.Null(Open().Find("layer", [.. Names, new("new", false)]));
        Assert.Null(Open().Find("layer", [new("direct", false)]));
        Assert.Null(Open().Find("other", Names));
    }

    [Fact]
    public void A_cache_of_another_processor_is_ignored_with_a_warning_and_replaced()
    {
        Keep("layer");
        Edit(file => file["cpu"] = "Another CPU");
        Assert.Null(Open().Find("layer", Names));
        Assert.Contains("'Another CPU'", Assert.Single(_warnings));
        Keep("new");
        Assert.Null(Open().Find("layer", Names));
        Assert.NotNull(Open().Find("new", Names));
        Assert.Single(_warnings);
    }

    [Fact]
    public void Measurements_of_other_kernels_are_made_anew_silently()
    {
        Keep("layer");
        Edit(file => file["kernels"] = Guid.Empty.ToString());
        Assert.Null(Open().Find("layer", Names));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void A_cache_of_an_older_version_is_measured_anew_silently()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(CachePath)!);
        File.WriteAllText(
            CachePath,
            """{"version":1,"cpu":"x","kernels":"x","layers":[{"layer":"layer","ms":{"uhp-direct":0.5,"dense-direct":1}}]}""");
        Assert.Null(Open().Find("layer", Names));
        Keep("layer");
        Assert.Equal(Measured, Open().Find("layer", Names));
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"version\":2,\"cpu\":")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"version":3,"cpu":"x","kernels":"x","layers":[]}""")]
    [InlineData(Head + "[null]}")]
    [InlineData(Head + """[{"layer":"a","forms":[]}]}""")]
    [InlineData(Head + """[{"layer":"a","forms":[null]}]}""")]
    [InlineData(Head + """[{"layer":"a","forms":[{"form":"b","uses_mask":false,"ms":-1}]}]}""")]
    [InlineData(Head + """[{"layer":"a","forms":[{"form":"b","uses_mask":false,"ms":1e999}]}]}""")]
    [InlineData(Head + "[" + Layer + "," + Layer + "]}")]
    public void A_damaged_cache_is_ignored_with_a_warning_and_replaced(string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(CachePath)!);
        File.WriteAllText(CachePath, content);
        Assert.Null(Open().Find("layer", Names));
        Assert.Contains($"'{CachePath}' is ignored", Assert.Single(_warnings));
        Keep("layer");
        Assert.Equal(Measured, Open().Find("layer", Names));
    }

    [Fact]
    public void A_cache_larger_than_one_can_be_is_not_read()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(CachePath)!);
        using (var file = File.Create(CachePath)) file.SetLength(1L << 30);
        Assert.Null(Open().Find("layer", Names));
        Assert.Contains("at most", Assert.Single(_warnings));
    }

    [Fact]
    public void A_cache_that_cannot_be_written_is_a_warning()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "sub"), "a file where a folder should be");
        Keep("layer");
        Assert.Contains("not kept", Assert.Single(_warnings));
    }

    [Fact]
    public void The_oldest_layers_are_dropped_first()
    {
        var cache = Open();
        for (var i = 0; i < PlanCache.MaxLayers; i++) cache.Add($"layer {i}", Measured);
        cache.Save();
        Keep("layer 1");
        Keep("another");
        var now = Open();
        Assert.Null(now.Find("layer 0", Names));
        Assert.All(["layer 1", "layer 2", "layer 1023", "another"], layer => Assert.NotNull(now.Find(layer, Names)));
    }

    [Fact]
    public async Task Writers_at_the_same_time_leave_a_whole_file()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(() =>
        {
            for (var i = 0; i < 10; i++) Keep($"layer {writer} {i}");
        })));
        var cache = Open();
        for (var writer = 0; writer < 4; writer++) Assert.NotNull(cache.Find($"layer {writer} 9", Names));
        Assert.Empty(_warnings);
        Assert.Equal([CachePath], Directory.GetFiles(Path.GetDirectoryName(CachePath)!));
    }

    private static IEnumerable<LayerForm> Names => [new("direct", false), new("direct", true)];

    private PlanCache Open() => new(CachePath, _warnings.Add);

    private void Keep(string layer)
    {
        var cache = Open();
        cache.Add(layer, Measured);
        cache.Save();
    }

    private void Edit(Action<JsonNode> change)
    {
        var file = JsonNode.Parse(File.ReadAllText(CachePath))!;
        change(file);
        File.WriteAllText(CachePath, file.ToJsonString());
    }
}
