using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Spectre.Console;

namespace Dst.Cli.Report;

/// <summary>
/// Where a verb writes. Results go to standard output, as text or as one JSON document; progress and logs go to standard error.
/// </summary>
internal sealed class ReportWriter(TextWriter standardOutput, TextWriter standardError, bool isJson)
{
    private const int MinWidth = 20;
    private const string EraseLine = "\r\u001b[K";

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private bool _hasStatus;

    /// <summary>Whether standard error is a terminal, on which a line can be drawn over.</summary>
    public bool ErrorIsTerminal { get; } = ReferenceEquals(standardError, Console.Error) && !Console.IsErrorRedirected;

    private bool OutputIsTerminal { get; } = ReferenceEquals(standardOutput, Console.Out) && !Console.IsOutputRedirected;

    /// <summary>Writes the result of the verb: <paramref name="document"/> as JSON if that was asked for, else what <paramref name="text"/> writes.</summary>
    public void Result(object document, Action text)
    {
        if (isJson) standardOutput.WriteLine(JsonSerializer.Serialize(document, JsonOptions));
        else text();
    }

    /// <summary>Writes a line of a textual result.</summary>
    public void Line(string line = "") => standardOutput.WriteLine(line);

    /// <summary>Writes a table of a textual result: with borders on a terminal, as aligned columns elsewhere.</summary>
    public void Table(TextTable table)
    {
        if (OutputIsTerminal) AnsiConsole.Write(table.ToBordered());
        else standardOutput.Write(table.ToPlainText());
    }

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
