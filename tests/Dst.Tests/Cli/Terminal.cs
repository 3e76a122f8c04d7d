using System.Diagnostics;
using Dst.Cli;

namespace Dst.Tests.Cli;

/// <summary>Runs a command line, in this process if nothing else is said, and keeps what it writes.</summary>
internal sealed record Terminal(int ExitCode, string Output, string Error)
{
    public static Terminal Run(params string[] arguments) => Run(CancellationToken.None, arguments);

    public static Terminal Run(CancellationToken cancellation, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = CommandLine.Run(arguments, output, error, cancellation);
        return new(exitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs a command line in a process of its own, in whose environment <paramref name="variable"/> is set.</summary>
    public static Terminal RunProcess(string variable, string value, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "dst.dll"), .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment[variable] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output.Result, error);
    }

    /// <summary>
    /// Asserts that the command failed with exit code 2 and one sentence, on standard error only, that has each of the words.
    /// </summary>
    public void AssertWrongInput(params string[] words)
    {
        Assert.Equal(CommandLine.WrongInput, ExitCode);
        Assert.Equal("", Output);
        var sentence = Assert.Single(Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("dst: ", sentence);
        Assert.All(words, word => Assert.Contains(word, sentence));
    }
}
