using Dst.Cli;
using Dst.Tests.Foundations;
using Dst.Tests.Images;

namespace Dst.Tests.Cli;

/// <summary>.NET aborts a process that needs OpenSSL where there is none, as on small boards. Nothing here may need it.</summary>
public sealed class WithoutOpenSslTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Predict_runs()
    {
        File.WriteAllBytes(_folder.File("a.png"), TestImages.GreyPng(20, 18, (y, x) => (byte)(12 * x + y)));
        Runs("predict", SampleModel.SaveHalved(_folder), _folder.File("a.png"));
    }

    [Fact]
    public void Training_runs() => Runs(
        "train", "--arch", "resnet8", "--out", _folder.File("runs"), "--set", "train.epochs=1", "--data.simulated.classes", "2",
        "--data.simulated.per_class_train", "4", "--data.simulated.per_class_test", "2", "--data.simulated.size", "16");

    // The system's loader prints each library that it looks for.
    private static void Runs(params string[] arguments)
    {
        var run = Terminal.RunProcess("LD_DEBUG", "libs", arguments);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains("find library=libc.so", run.Error);
        Assert.DoesNotContain("libssl", run.Error);
    }
}
