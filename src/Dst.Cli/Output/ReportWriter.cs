using Dst.Report;
using Dst.Report.Renderers;

namespace Dst.Cli.Output;

/// <summary>
/// Writes the result of a verb, as <paramref name="render"/> gives it, to standard output, and progress and logs to standard error.
/// </summary>
internal sealed class ReportWriter(TextWriter standardOutput, TextWriter standardError, Func<Result, string> render)
{
    private int _statusLines;

    /// <summary>Whether standard error is a terminal, on which lines can be drawn over.</summary>
    public bool ErrorIsTerminal { get; } = ReferenceEquals(standardError, Console.Error) && !Console.IsErrorRedirected
        && Environment.GetEnvironmentVariable("TERM") != "dumb";

    /// <summary>Writes the result of the verb.</summary>
    /// <exception cref="IOException">Standard output is closed, or its disk is full.</exception>
    public void Write(Result result)
    {
        try
        {
            standardOutput.Write(render(result));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the result cannot be written to standard output ({e.Message.TrimEnd('.')})", e);
        }
    }

    /// <summary>Writes a line of progress or a warning.</summary>
    public void Log(string line)
    {
        ClearStatus();
        standardError.WriteLine(Printable.Of(line));
    }

    /// <summary>
    /// Draws lines of status over the last ones; the next line of any kind replaces them. For terminals only, and no line may be as wide as
    /// the terminal: it would wrap and stay.
    /// </summary>
    public void DrawStatus(string status)
    {
        ClearStatus();
        standardError.Write(status);
        _statusLines = status.Split('\n').Length;
    }

    /// <summary>Removes the lines of status, if there are any.</summary>
    public void ClearStatus()
    {
        if (_statusLines == 0) return;
        var up = _statusLines > 1 ? $"\u001b[{_statusLines - 1}A" : "";
        standardError.Write($"\r{up}\u001b[J"); // to the first of them, and all below is erased
        _statusLines = 0;
    }
}
