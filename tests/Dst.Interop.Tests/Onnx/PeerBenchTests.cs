using System.Runtime.Intrinsics.X86;
using System.Text.Json;
using Dst.Cli;
using Dst.Cli.Bench;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Tests.Cli;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.Onnx;

public class PeerBenchTests
{
    [Fact]
    public void A_ratio_is_the_median_of_the_rounds() =>
        Assert.Equal(new RatioSpread(3, 1, 4), RatioSpread.Of([4, 3, 8], [1, 3, 2 + 2d / 3]));

    [Fact]
    public void Peers_are_measured_in_turns_on_the_same_network()
    {
        var run = Terminal.Run("bench", "peers", "resnet8", "--rounds", "1", "--batch", "2", "--no-cache", "--json");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var report = document.RootElement;
        Assert.StartsWith("ONNX Runtime 1.", report.GetProperty("peer").GetString());
        var row = Assert.Single(report.GetProperty("results").EnumerateArray());
        Assert.Equal(("resnet8", "kernel:16:16"), (row.GetProperty("network").GetString(), row.GetProperty("pattern").GetString()));
        var (peer, halved) = (row.GetProperty("peer_ms").GetDouble(), row.GetProperty("halved_ms").GetDouble());
        Assert.Equal(peer / halved, row.GetProperty("halved").GetProperty("median").GetDouble(), 6);
    }

    [Fact]
    public void A_model_file_is_halved_as_it_is_and_dense_without_its_masks()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("row.safetensors");
        ModelFile.Save(path, RandomModel.Create("resnet8", 1, null, new(PruningUnit.Row, 16, 16)));
        var run = Terminal.Run("bench", "peers", path, "--rounds", "1", "--no-cache", "--json");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        Assert.Equal(path, Assert.Single(document.RootElement.GetProperty("results").EnumerateArray()).GetProperty("network").GetString());
        ModelFile.Save(path, RandomModel.Create("resnet8", 1, null, null));
        Terminal.Run("bench", "peers", path).AssertWrongInput(path, "no pruned layer");
    }

    [Fact]
    public void Vectors_of_256_bits_hide_longer_ones_from_the_peer()
    {
        var program = OnnxRuntimePeer.Build();
        var model = RandomModel.Create("resnet8", 1, null, null);
        var random = new Random(1);
        float[] images = [.. Enumerable.Range(0, (int)model.Graph.Input.Count).Select(_ => random.NextSingle())];
        using var free = new OnnxRuntimePeer(program, model, images, 1, 2, SimdTier.V512);
        using var restricted = new OnnxRuntimePeer(program, model, images, 1, 2, SimdTier.V256);
        Assert.False(free.IsRestricted);
        Assert.Equal(CanHide(), restricted.IsRestricted);
        Assert.All(free.Outputs.Zip(restricted.Outputs), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        if (restricted.IsRestricted && Avx512F.IsSupported)
            Assert.NotEqual(free.Outputs, restricted.Outputs); // other kernels round differently
    }

    private static bool CanHide() => OperatingSystem.IsLinux() && File.ReadAllText("/proc/cpuinfo").Contains("cpuid_fault");

    [Fact]
    public void Single_layers_are_halved_but_for_depthwise_ones()
    {
        var bench = new PeerBench(new([], new(PruningUnit.Kernel, 16, 16), Int8: false, 1, 1, new()), CancellationToken.None);
        var masks = bench.Models().Select(layer => layer.Halved.Masks.Count).ToList();
        Assert.Equal(KernelFamily.Large.Layers.Select(layer => layer.Groups == 1 ? 1 : 0), masks);
    }

    [Theory]
    [InlineData("resnet9", "--rounds", "1", "'resnet9'")]
    [InlineData("resnet8", "--large", "--json", "--large", "'resnet8'")]
    public void What_cannot_be_measured_is_named(string first, string second, string third, params string[] words) =>
        Terminal.Run("bench", "peers", first, second, third).AssertWrongInput(words);
}
