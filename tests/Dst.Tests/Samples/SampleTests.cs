using System.Diagnostics;
using System.Runtime.CompilerServices;
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
        Assert.Equal(Terminal.Run("predict", model, image).Output, output);
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

    [Fact]
    public void The_third_halves_and_quantises_as_the_commands_do()
    {
        for (var i = 0; i < 20; i++)
        {
            Directory.CreateDirectory(_folder.File("photos"));
            File.WriteAllBytes(_folder.File($"photos/{i}.png"), TestImages.GreyPng(20, 18, (y, x) => (byte)(x * y * (i + 1))));
        }

        var (network, photos, photo) = (_folder.File("network.onnx"), _folder.File("photos"), _folder.File("photos/3.png"));
        string[] commands =
        [
            $"export {SampleModel.SaveDense(_folder, SampleModel.ClassNames)} --format onnx --out {network}",
            $"import {network} --out {_folder.File("imported")}",
            $"halve {_folder.File("imported")} --data {photos} --out {_folder.File("expected")}",
            $"quantise {_folder.File("expected")} --data {photos} --out {_folder.File("expected-int8")}",
        ];
        Assert.All(commands, command => Assert.Equal(0, Terminal.Run(command.Split(' ')).ExitCode));

        var (exitCode, output, error) = RunIn(_folder.Path, "Halve", network, photos, photo);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Equal(File.ReadAllBytes(_folder.File("expected")), File.ReadAllBytes(_folder.File("halved.safetensors")));
        Assert.Equal(File.ReadAllBytes(_folder.File("expected-int8")), File.ReadAllBytes(_folder.File("int8.safetensors")));
        var prediction = Terminal.Run("predict", _folder.File("expected-int8"), photo, "--top", "1").Output.Replace("%", " %");
        Assert.EndsWith(prediction, output, StringComparison.Ordinal);
        Assert.Equal(2, RunIn(_folder.Path, "Halve", network, _folder.File("none"), photo).ExitCode);
    }

    [Theory]
    [InlineData("Predict")]
    [InlineData("Halve")]
    public void The_document_has_all_of_it(string sample)
    {
        var program = File.ReadAllText(Path.Combine(Docs, $"samples/{sample}/Program.cs")).ReplaceLineEndings("\n");
        Assert.Contains($"```csharp\n{program}```", File.ReadAllText(Path.Combine(Docs, "library.md")).ReplaceLineEndings("\n"));
    }

    private static string Docs => Path.Combine(Path.GetDirectoryName(Source())!, "../../../docs");

    private static string Source([CallerFilePath] string path = "") => path;

    private static (int ExitCode, string Output, string Error) Run(string sample, params string[] arguments) =>
        RunIn(Environment.CurrentDirectory, sample, arguments);

    private static (int ExitCode, string Output, string Error) RunIn(string folder, string sample, params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, $"{sample}.dll");
        var start = new ProcessStartInfo("dotnet", ["exec", program, .. arguments])
        {
            WorkingDirectory = folder,
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
