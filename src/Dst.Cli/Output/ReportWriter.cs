using Dst.Report;

namespace Dst.Cli.Output;

/// <summary>
/// Writes the result of a verb, as <paramref name="render"/> gives it, to standard output, and progress and logs to standard error.
/// </summary>
internal sealed class ReportWriter(TextWriter standardOutput, TextWriter standardError, Func<Result, string> render)
{
    private const int MinWidth = 20;
    private const string EraseLine = "\r\u001b[K";

    private bool _hasStatus;

    /// <summary>Whether standard error is a terminal, on which a line can be drawn over.</summary>
    public bool ErrorIsTerminal { get; } = ReferenceEquals(standardError, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>Writes the result of the verb.</summary>
    public void Write(Result result) => standardOutput.Write(render(result));

    /// <summary>Writes a line of progress or a warning.</summary>
    public void Log(string line)
    {
        ClearStatus();
        standardError.WriteLine(line);
    }

    /// <summary>Draws a status line over the last one; the next line of any kind replaces it. For terminals only.</summary>
    public void DrawStatus(string status)
    {
        var width = Math.Min(status.Length, Math.Max(Console.WindowWidth - 1, MinWidth)); // a longer line would wrap and stay
        standardError.Write($"{EraseLine}{status[..width]}");
        _hasStatus = true;
    }

    /// <summary>Removes the status line, if there is one.</summary>
    public void ClearStatus()
    {
        if (_hasStatus) standardError.Write(EraseLine);
        _hasStatus = false;
    }
}
