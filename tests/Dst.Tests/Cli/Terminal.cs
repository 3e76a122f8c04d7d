using System.Diagnostics;
using Dst.Cli;

namespace Dst.Tests.Cli;

/// <summary>Runs a command line, by default in this process, and keeps its output.</summary>
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

    /// <summary>Runs a command line in its own process, with the environment variable <paramref name="variable"/> set.</summary>
    public static Terminal RunProcess(string variable, string value, params string[] arguments)
    {
        var start = StartOf(arguments);
        start.Environment[variable] = value;
        return Run(start);
    }

    /// <summary>Runs a command line in its own process, whose current folder is <paramref name="folder"/>.</summary>
    public static Terminal RunIn(string folder, params string[] arguments)
    {
        var start = StartOf(arguments);
        start.WorkingDirectory = folder;
        return Run(start);
    }

    private static ProcessStartInfo StartOf(string[] arguments) =>
        new("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "dst.dll"), .. arguments])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };

    private static Terminal Run(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return new(process.ExitCode, output.Result, error);
    }

    /// <summary>Asserts the exit code, and that the last line is a sentence with the words; lines of the log may come before it.</summary>
    public void AssertFailsWith(int exitCode, string words)
    {
        Assert.Equal((exitCode, ""), (ExitCode, Output));
        var sentence = Error.TrimEnd('\n').Split('\n')[^1];
        Assert.StartsWith("dst: ", sentence);
        Assert.Contains(words, sentence);
    }

    /// <summary>
    /// Asserts that the command failed with exit code 2 and wrote one sentence with each of the words, to standard error only.
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
