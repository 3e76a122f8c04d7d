using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Dst.Foundations;
using Dst.Report;
using Dst.Report.Renderers;

namespace Dst.Cli.Bench;

/// <summary>Writes a measurement as a CSV file: lines with build, machine and date, then its table.</summary>
internal static class BenchFile
{
    /// <summary>Writes the one table of a result; the other data of the result become lines <c># name: value</c>.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, Result result)
    {
        var facts = Provenance().Concat(FactsOf("", JsonRenderer.ToElement(result))).DistinctBy(fact => fact.Key);
        CsvRenderer.Save(path, result.Blocks.OfType<Table>().Single(), facts);
    }

    private static IEnumerable<KeyValuePair<string, string>> Provenance() =>
    [
        new("commit", ProgramVersion.Commit ?? "unknown"),
        new("version", ProgramVersion.Version),
        new("date", DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        new("runtime", RuntimeInformation.FrameworkDescription),
        new("system", RuntimeInformation.OSDescription),
    ];

    private static IEnumerable<KeyValuePair<string, string>> FactsOf(string prefix, JsonElement data) =>
        data.EnumerateObject().SelectMany(property => property.Value.ValueKind switch
        {
            JsonValueKind.Object => FactsOf($"{prefix}{property.Name}.", property.Value),
            JsonValueKind.Array or JsonValueKind.Null => [],
            _ => [new(prefix + property.Name, property.Value.ToString())],
        });
}
