using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dst.Foundations;

namespace Dst.ModelFiles;

/// <summary>
/// The safetensors format (github.com/huggingface/safetensors): the header's length as a little-endian 64-bit integer, a JSON header
/// <c>{"__metadata__": {string: string}, name: {"dtype", "shape", "data_offsets": [begin, end]}}</c>, then the tensors' bytes,
/// little-endian and without gaps.
/// </summary>
/// <example>
/// <code>
/// using var file = SafetensorsFile.Open("dst.safetensors");
/// foreach (var (name, tensor) in file.Tensors) Console.WriteLine($"{name}: {tensor}");
/// </code>
/// </example>
public static class SafetensorsFile
{
    /// <summary>Longest header that is written or read, in bytes.</summary>
    public const int MaxHeaderBytes = 64 << 20;

    internal const int LengthBytes = sizeof(long);
    internal const string MetadataKey = "__metadata__";

    /// <summary>The key of the checksum in the metadata: the CRC-32C of all bytes behind the header, as 8 hexadecimal digits.</summary>
    internal const string ChecksumKey = "dst.crc32c";

    /// <summary>
    /// Opens a file and checks its whole header. The values of its tensors are compared with the checksum of the metadata, if there is one.
    /// </summary>
    /// <exception cref="InputException">
    /// The file cannot be opened, is not a well-formed safetensors file, or has another checksum.
    /// </exception>
    public static SafetensorsReader Open(string path) => new(path);

    /// <summary>Opens a file that is in memory; <paramref name="name"/> is what messages call it.</summary>
    /// <exception cref="InputException">It is not a well-formed safetensors file, or has another checksum.</exception>
    public static SafetensorsReader Open(string name, ReadOnlyMemory<byte> file) => new(name, file);

    /// <summary>
    /// Writes a file atomically. Tensors of the widest type come first, so that each is aligned. A checksum of their values is added to the
    /// metadata.
    /// </summary>
    /// <exception cref="ArgumentException">Two tensors have the same name, or the header would be too long.</exception>
    /// <exception cref="InputException">The file cannot be written.</exception>
    /// <param name="path">The file, which is replaced as a whole.</param>
    /// <param name="metadata">Texts by key.</param>
    /// <param name="tensors">What it holds.</param>
    public static void Write(string path, IReadOnlyDictionary<string, string> metadata, IEnumerable<TensorEntry> tensors)
    {
        var (ordered, header) = PrepareChecked(metadata, tensors);
        AtomicFile.Write(path, stream => WriteTo(stream, header, ordered));
    }

    /// <summary>Writes a file without a checksum to a stream. Returns how many bytes of it are before the tensors.</summary>
    /// <exception cref="ArgumentException">Two tensors have the same name, or the header would be too long.</exception>
    internal static int WriteTo(Stream stream, IReadOnlyDictionary<string, string> metadata, IEnumerable<TensorEntry> tensors)
    {
        var ordered = Order(tensors);
        var header = WriteHeader(metadata, ordered);
        WriteTo(stream, header, ordered);
        return header.Length;
    }

    /// <summary>Size in bytes of the file that <see cref="Write"/> writes.</summary>
    internal static long SizeOf(IReadOnlyDictionary<string, string> metadata, IEnumerable<TensorEntry> tensors)
    {
        var (ordered, header) = PrepareChecked(metadata, tensors);
        return header.Length + ordered.Sum(tensor => tensor.ByteCount);
    }

    private static (List<TensorEntry> Ordered, byte[] Header) PrepareChecked(
        IReadOnlyDictionary<string, string> metadata, IEnumerable<TensorEntry> tensors)
    {
        var ordered = Order(tensors);
        var checksum = new Crc32C();
        foreach (var tensor in ordered) tensor.WriteTo(checksum.Append);
        return (ordered, WriteHeader(new Dictionary<string, string>(metadata) { [ChecksumKey] = $"{checksum.Value:x8}" }, ordered));
    }

    private static List<TensorEntry> Order(IEnumerable<TensorEntry> tensors)
    {
        List<TensorEntry> ordered = [.. tensors.OrderByDescending(tensor => TensorEntry.SizeOf(tensor.Type))];
        return ordered.GroupBy(tensor => tensor.Name).FirstOrDefault(group => group.Count() > 1) is { } twice
            ? throw new ArgumentException($"two tensors are named '{twice.Key}'")
            : ordered;
    }

    private static void WriteTo(Stream stream, byte[] header, List<TensorEntry> tensors)
    {
        stream.Write(header);
        foreach (var tensor in tensors) tensor.WriteTo(stream.Write);
    }

    private static byte[] WriteHeader(IReadOnlyDictionary<string, string> metadata, List<TensorEntry> tensors)
    {
        using var buffer = new MemoryStream();
        buffer.Write(stackalloc byte[LengthBytes]);
        // Metadata is JSON inside of strings: with the default encoder each quote would take six bytes instead of two.
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject(MetadataKey);
            foreach (var (key, value) in metadata) json.WriteString(key, value);
            json.WriteEndObject();
            var begin = 0L;
            foreach (var tensor in tensors)
            {
                WriteTensorInfo(json, tensor, begin);
                begin += tensor.ByteCount;
            }

            json.WriteEndObject();
        }

        while (buffer.Length % LengthBytes != 0) buffer.WriteByte((byte)' ');
        var header = buffer.ToArray();
        var length = header.Length - LengthBytes;
        if (length > MaxHeaderBytes)
            throw new ArgumentException($"the header would have {length} bytes; at most {MaxHeaderBytes} are allowed");
        BinaryPrimitives.WriteInt64LittleEndian(header, length);
        return header;
    }

    private static void WriteTensorInfo(Utf8JsonWriter json, TensorEntry tensor, long begin)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type.ToString());
        json.WriteStartArray("shape");
        foreach (var extent in tensor.Shape) json.WriteNumberValue(extent);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(begin + tensor.ByteCount);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
