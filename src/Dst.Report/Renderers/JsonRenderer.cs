using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dst.Report.Renderers;

/// <summary>Writes the data of a result as one JSON document, names in snake_case.</summary>
public static class JsonRenderer
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>The document; it ends with a line break.</summary>
    public static string Render(Result result) => JsonSerializer.Serialize(result.Data, Options) + Environment.NewLine;

    /// <summary>The document as an element.</summary>
    public static JsonElement ToElement(Result result) => JsonSerializer.SerializeToElement(result.Data, Options);
}
