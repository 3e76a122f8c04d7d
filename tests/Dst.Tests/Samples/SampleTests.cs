using System.Diagnostics;
using Dst.Tests.Cli;
using Dst.Tests.Foundations;
using Dst.Tests.Images;

namespace Dst.Tests.Samples;

/// <summary>Runs the sample programs of docs/library.md on a small model and a few images.</summary>
public sealed class SampleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_prints_what_predict_prints()
    {
        File.WriteAllBytes(_folder.File("a.png"), TestImages.GreyPng(20, 18, (y, x) => (byte)(12 * x + y)));
        var (model, image) = (SampleModel.SaveHalved(_folder), _folder.File("a.png"));
        var (exitCode, output, error) = Run("Predict", model, image);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(Terminal.Run("predict", model, image).Output.Replace("%", " %"), output);
    }

    [Fact]
    public void It_says_in_a_sentence_what_is_wrong()
    {
        var (exitCode, output, error) = Run("Predict", _folder.File("none.safetensors"), "a.png");
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains("none.safetensors' does not exist", Assert.Single(error.TrimEnd('\n').Split('\n')));
    }

    [Fact]
    public void The_other_trains_on_a_folder()
    {
        foreach (var (name, level) in new[] { ("dark", 0), ("bright", 120) })
        {
            Directory.CreateDirectory(_folder.File($"photos/{name}"));
            for (var i = 0; i < 6; i++)
            {
                var png = TestImages.GreyPng(16, 16, (y, x) => (byte)(level + x * y % 9 + i));
                File.WriteAllBytes(_folder.File($"photos/{name}/{i}.png"), png);
            }
        }

        var runs = _folder.File("runs");
        var (exitCode, output, error) = Run("Train", _folder.File("photos"), "train.epochs=2", $"runs={runs}");
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Matches($@"epoch 2: loss .*\ntest [\d.]+ ?%: {runs}/experiment/.*/student\.safetensors\n$", output);
        Assert.Equal(2, Run("Train", _folder.File("none")).ExitCode);
    }

    private static (int ExitCode, string Output, string Error) Run(string sample, params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, $"{sample}.dll");
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
