using System.Diagnostics;
using Dst.Tests.Cli;
using Dst.Tests.Foundations;
using Dst.Tests.Images;

namespace Dst.Tests.Samples;

/// <summary>Runs the sample program of docs/library.md on a small model.</summary>
public sealed class PredictSampleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_prints_what_predict_prints()
    {
        File.WriteAllBytes(_folder.File("a.png"), TestImages.GreyPng(20, 18, (y, x) => (byte)(12 * x + y)));
        var (model, image) = (SampleModel.SaveHalved(_folder), _folder.File("a.png"));
        var (exitCode, output, error) = Run(model, image);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(Terminal.Run("predict", model, image).Output.Replace("%", " %"), output);
    }

    [Fact]
    public void It_says_in_a_sentence_what_is_wrong()
    {
        var (exitCode, output, error) = Run(_folder.File("none.safetensors"), "a.png");
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains("none.safetensors' does not exist", Assert.Single(error.TrimEnd('\n').Split('\n')));
    }

    private static (int ExitCode, string Output, string Error) Run(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Predict.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", program, .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output.Result, error);
    }
}
