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
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

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
    public void Log(string line) => standardError.WriteLine(line);
}
