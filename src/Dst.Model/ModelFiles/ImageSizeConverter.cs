using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dst.ModelFiles;

/// <summary>Writes a square as its side and any other size as <c>[height, width]</c>, and reads both.</summary>
internal sealed class ImageSizeConverter : JsonConverter<ImageSize>
{
    public override ImageSize Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray) return ReadSide(ref reader);
        reader.Read();
        var height = ReadSide(ref reader);
        reader.Read();
        var width = ReadSide(ref reader);
        reader.Read();
        return reader.TokenType == JsonTokenType.EndArray ? new(height, width) : throw Malformed();
    }

    public override void Write(Utf8JsonWriter writer, ImageSize value, JsonSerializerOptions options)
    {
        if (value.Height == value.Width)
        {
            writer.WriteNumberValue(value.Height);
            return;
        }

        writer.WriteStartArray();
        writer.WriteNumberValue(value.Height);
        writer.WriteNumberValue(value.Width);
        writer.WriteEndArray();
    }

    private static int ReadSide(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var side) ? side : throw Malformed();

    private static JsonException Malformed() => new("found a size that is neither a whole number nor [height, width]");
}
