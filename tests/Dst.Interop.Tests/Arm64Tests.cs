using System.Runtime.CompilerServices;
using Dst.Interop.Tests.CSource;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests;

/// <summary>Inference on a 64-bit ARM processor, which an emulator stands for.</summary>
public class Arm64Tests
{
    [Fact]
    public void Predictions_are_those_of_an_x86_processor_bit_for_bit()
    {
        using var folder = new TemporaryFolder();
        var project = Path.Combine(TestsFolder(), "Dst.OnArm64");
        var (published, messages) = Tool.Run(
            folder.Path, "dotnet", "publish", project, "-c", "Release", "-r", "linux-arm64", "--self-contained", "-v", "quiet",
            "-o", folder.File("arm64"));
        Assert.True(published == 0, messages);
        var (here, expected) = Tool.Run(folder.Path, "dotnet", Path.Combine(project, "bin", "Release", "net10.0", "Dst.OnArm64.dll"));
        var (there, actual) = Tool.Run(folder.Path, "qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", folder.File("arm64/Dst.OnArm64"));
        Assert.Equal((0, 0), (here, there));
        Assert.Equal(expected, actual);
        Assert.True(expected.Split('\n').Length > 20, expected);
    }

    private static string TestsFolder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, ".."));
}
