using System.Text.Json;
using System.Text.Json.Serialization;
using Dst.Foundations;

namespace Dst.ModelFiles;

/// <summary>Reads and writes an enum as its word, and accepts nothing else.</summary>
internal sealed class WordConverter<T> : JsonConverter<T> where T : struct, Enum
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var word = reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException();
        return EnumWords.Find<T>(word) is { } value
            ? value
            : throw new JsonException($"found '{word}', expected {Phrases.Choice(EnumWords.All<T>())}");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(EnumWords.Of(value));
}
