using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dst.Training.Experiments.Runs;

/// <summary>Writes a list of numbers on one line of an indented document.</summary>
internal sealed class OneLineConverter<T> : JsonConverter<IReadOnlyList<T>> where T : struct
{
    public override IReadOnlyList<T>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize<T[]>(ref reader);

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options) =>
        writer.WriteRawValue($"[{string.Join(", ", value)}]");
}
