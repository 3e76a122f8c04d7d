using Dst.Interop.CSource;
using Dst.Runtime.Quantisation;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Interop.Tests.CSource;

/// <summary>C source of networks of 8-bit integers: it gives the runtime's logits bit for bit.</summary>
public sealed class Int8CodeTests : IDisposable
{
    private const string Exact = "differences up to 0.0e+00";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("resnet8", "kernel:16:16", 0.5)]
    [InlineData("resnet8", "kernel:32:16", 0.75)] // blocks of 12, 24, 32 and 16 filters
    [InlineData("resnet8", "weight:4:8", 0.5)]
    [InlineData("aconvnet", "row:16:16", 0.25)]
    [InlineData("mobilenetv2", "dense", 0.25)]
    public void Networks_of_bytes_are_exact(string network, string pattern, double width)
    {
        var source = Export(Networks.Create(network, pattern, width));
        Assert.Contains(Exact, Tool.MakeTest(source, "gcc", "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all"));
        Assert.Contains(Exact, Tool.MakeTest(source, "clang", "-O2 -march=native"));
    }

    [Theory]
    [InlineData("odd", "weight:8:4")]
    [InlineData("activations", "dense")]
    [InlineData("random pools", "dense")]
    [InlineData("bands", "kernel:4:4")]
    public void Floats_between_bytes_are_within_rounding(string network, string pattern)
    {
        var source = Export(Networks.Create(network, pattern, 1));
        Assert.Contains("ok", Tool.MakeTest(source, "gcc", "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all"));
    }

    [Theory]
    [InlineData("", "0.0f", "bit for bit")]
    [InlineData("fc", "1e-4f", "to 1e-4 of the largest logit")] // the end: no float becomes a byte
    [InlineData("conv1", "1e-2f", "to 1e-2 of the largest logit")]
    public void The_tolerance_is_larger_where_floats_become_bytes_inside_the_network(string keptFloat, string tolerance, string exactness)
    {
        var kept = new HashSet<string>(keptFloat.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var source = _folder.File("board");
        CSourceExport.Write(Quantise(Networks.Create("resnet8", "dense", 0.25), kept), source, "net", CSourceCheck.None);
        Assert.Contains($"#define TOLERANCE {tolerance} ", File.ReadAllText(Path.Combine(source, "net_test.c")));
        Assert.Contains($"images of the runtime, {exactness}, or", File.ReadAllText(Path.Combine(source, "README.md")));
        Assert.Equal(keptFloat != "", File.ReadAllText(Path.Combine(source, "net.c")).Contains("<math.h>", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("aarch64-linux-gnu", "qemu-aarch64", "-O3")]
    [InlineData("arm-linux-gnueabihf", "qemu-arm", "-O2 -mcpu=cortex-a9 -mfpu=vfpv3-d16")] // multiplies pairs by the DSP instructions
    [InlineData("riscv64-linux-gnu", "qemu-riscv64", "-O2 -march=rv64gc")]
    public void Other_processors_give_the_same_bits(string target, string emulator, string flags)
    {
        foreach (var (network, pattern) in new[] { ("resnet8", "kernel:16:16"), ("mobilenetv2", "dense"), ("aconvnet", "kernel:16:16") })
        {
            var source = Export(Networks.Create(network, pattern, 0.25));
            Assert.Contains(Exact, Tool.MakeTest(source, $"{target}-gcc", flags, $"{emulator} -L /usr/{target}"));
        }
    }

    [Theory]
    [InlineData("resnet8", "kernel:16:16", 0.5)]
    [InlineData("odd", "weight:8:4", 1)]
    [InlineData("activations", "dense", 1)]
    [InlineData("bands", "kernel:4:4", 1)]
    public void It_does_not_depend_on_the_culture(string network, string pattern, double width)
    {
        var model = Networks.Create(network, pattern, width);
        var expected = Contents(Export(model));
        using var foreign = new ForeignCulture();
        Assert.Equal(expected, Contents(Export(model)));

        static List<string> Contents(string folder) =>
            [.. Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(File.ReadAllText)];
    }

    [Fact]
    public void It_is_C_plus_plus_too()
    {
        var source = Export(Networks.Create("resnet8", "kernel:16:16", 0.5));
        const string flags = "-x c++ -std=c++11 -O2 -Wall -Wextra -Wpedantic -Wconversion -Werror net.c net_test.c -o test -lm";
        var (exitCode, output) = Tool.Run(source, "g++", flags.Split(' '));
        Assert.True(exitCode == 0, output);
        Assert.Contains(Exact, Tool.Run(source, Path.Combine(source, "test")).Output);
    }

    [Theory]
    [InlineData("aconvnet", 52_000)]
    [InlineData("resnet8", 48_000)]
    public void Bytes_take_about_a_quarter_of_the_memory(string network, long most)
    {
        var model = network == "aconvnet"
            ? Networks.Create(network, "kernel:16:16", 1)
            : Initialiser.Initialise(Zoo.Build(network, new(3, 32, 32), 10), seed: 1);
        var (floats, bytes) = (CSourceExport.SizesOf(model), CSourceExport.SizesOf(Quantise(model)));
        Assert.InRange(bytes.ArenaBytes, 1, most);
        Assert.InRange((double)bytes.ArenaBytes / floats.ArenaBytes, 0.2, 0.3);
    }

    /// <summary>A network with 8-bit integers, calibrated on random images.</summary>
    internal static Model Quantise(Model model, IReadOnlySet<string>? keptFloat = null)
    {
        const int count = 4;
        var (random, images) = (new Random(1), new float[count * model.Graph.Input.Count]);
        for (var i = 0; i < images.Length; i++) images[i] = random.NextSingle() * 2 - 1;
        return Quantiser.Quantise(model, images, count, new() { KeptFloat = keptFloat ?? new HashSet<string>() }).Model;
    }

    private string Export(Model model)
    {
        var folder = _folder.File(Guid.NewGuid().ToString("N"));
        CSourceExport.Write(Quantise(model), folder, "net", CSourceCheck.None);
        return folder;
    }
}
