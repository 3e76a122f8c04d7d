using System.Globalization;
using System.Runtime.CompilerServices;
using Dst.Interop.CSource;
using Dst.Runtime.Inference;

namespace Dst.Interop.Tests.CSource;

/// <summary>
/// Exported C source on bare Cortex-M boards, which an emulator stands for, with the start-up code of docs/samples/cortex-m.
/// </summary>
public sealed class CortexMTests : ExportedCode
{
    [Fact]
    public void Boards_give_the_runtimes_logits_bit_for_bit_and_a_halved_network_is_nearly_twice_as_fast()
    {
        var (halved, dense) = (Quantised("kernel:16:16"), Quantised("dense"));
        var onM4 = Run(halved, "cortex-m4", "mps2-an386", name: "face_net2");
        Assert.Equal(LogitBits(halved), onM4.Logits);
        Assert.Equal(onM4.Logits, Run(halved, "cortex-m7", "mps2-an500").Logits);
        Assert.InRange((double)onM4.Cycles / Run(dense, "cortex-m4", "mps2-an386").Cycles, 0.5, 0.58);
    }

    [Theory]
    [InlineData("cortex-m3")]
    [InlineData("cortex-m0")]
    public void A_core_without_a_floating_point_unit_gives_the_same_bits(string processor)
    {
        var model = Int8CodeTests.Quantise(Networks.Create("resnet8", "kernel:16:16", 0.5));
        Assert.Equal(LogitBits(model), Run(model, processor, "mps2-an385", name: "board", floats: "soft").Logits);
    }

    private static Model Quantised(string pattern) => Int8CodeTests.Quantise(Networks.Create("aconvnet", pattern, 1));

    /// <summary>What a board prints: the bits of the logits, and the cycles, one for each 40 instructions in the emulator.</summary>
    private (string Logits, long Cycles) Run(Model model, string processor, string machine, string name = "chips", string floats = "hard")
    {
        var (board, output) = (Path.Combine(NewFolder(), "board"), NewFolder());
        CSourceExport.Write(model, board, name, CSourceCheck.None);
        foreach (var tool in new[] { "arm-none-eabi-gcc", "qemu-system-arm" }) Tool.Run(output, tool, "--version");
        var (exitCode, text) = Tool.Run(
            output, "make", "--silent", "-f", Path.Combine(Sample(), "Makefile"), "run", $"BOARD={board}", $"OUT={output}/new",
            $"NAME={name}", $"CPU={processor}", $"MACHINE={machine}", $"FLOAT={floats}", "CFLAGS=-isystem /usr/include/newlib");
        Assert.True(exitCode == 0, text);
        var values = text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToLookup(
            words => words[0], words => words[1]);
        var cycles = long.Parse(values["cycles"].Single(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        return (string.Join(' ', values["logit"]), cycles);
    }

    /// <summary>The runtime's logits of the image that the sample makes.</summary>
    private static string LogitBits(Model model)
    {
        using var plan = InferencePlan.CompileDirect(model);
        using var session = plan.CreateSession();
        var logits = new float[plan.Outputs];
        session.Run(CSourceFiles.TestImage(model, 0), 1, logits);
        return string.Join(' ', logits.Select(logit => $"{BitConverter.SingleToUInt32Bits(logit):x8}"));
    }

    private static string Sample([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../docs/samples/cortex-m"));
}
