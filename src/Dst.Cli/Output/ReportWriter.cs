using Dst.Report;
using Dst.Report.Renderers;

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
