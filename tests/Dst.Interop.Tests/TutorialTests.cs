using System.Text.RegularExpressions;
using Dst.Interop.Tests.CSource;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests;

/// <summary>
/// Types what the tutorials say, in an empty folder, with few epochs. Their C# is that of the samples, which other tests run.
/// </summary>
public sealed partial class TutorialTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("board", "grid.png", "board/net.c", "int8.safetensors", "runs/latest/dst.safetensors")]
    [InlineData("research", "study.yaml", "tables.md", "study.html")]
    [InlineData("dotnet", "predictions.txt", "runs/latest/dst.safetensors")]
    public void Its_commands_run_and_leave_what_it_names(string tutorial, params string[] files)
    {
        var commands = Commands().Matches(Read($"tutorials/{tutorial}.md")).Select(block => block.Groups[1].Value);
        var program = $"dotnet exec {Path.Combine(AppContext.BaseDirectory, "dst.dll")}";
        var script = Epochs().Replace(string.Concat(commands), "${key}2").Replace("./dst", program);
        var (exitCode, output) = Tool.Run(_folder.Path, "bash", "-euo", "pipefail", "-c", script);
        Assert.True(exitCode == 0, output);
        Assert.All(files, file => Assert.True(File.Exists(_folder.File(file)), $"{file} is missing: {output}"));
    }

    [Fact]
    public void Its_programs_are_parts_of_the_samples()
    {
        var samples = string.Concat(
            Directory.GetFiles(Path.Combine(Docs, "samples"), "Program.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var programs = Programs().Matches(Read("tutorials/dotnet.md"));
        Assert.Equal(2, programs.Count);
        Assert.Equal(Read("samples/Predict/Program.cs"), programs[0].Groups[1].Value); // "the whole program"
        Assert.All(programs, program => Assert.Contains(program.Groups[1].Value, samples));
    }

    private static string Docs
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder!.FullName, "Dst.slnx"))) folder = folder.Parent;
            return Path.Combine(folder.FullName, "docs");
        }
    }

    private static string Read(string document) => File.ReadAllText(Path.Combine(Docs, document)).ReplaceLineEndings("\n");

    [GeneratedRegex(@"```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Commands();

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Programs();

    [GeneratedRegex(@"(?<key>--epochs |epochs: )\d+")]
    private static partial Regex Epochs();
}
