using System.IO.Compression;

namespace Dst.ModelFiles;

/// <summary>
/// A safetensors file inside of another one, its header compressed (docs/formats.md): in a network of 8-bit integers the header, which is
/// text, would take as many bytes as a tenth of the weights.
/// </summary>
internal static class PackedFile
{
    /// <summary>What <c>format</c> says in the metadata of the outer file.</summary>
    public const string Format = "dst-packed";

    /// <summary>The tensor of all that lies behind the header of the inner file.</summary>
    public const string Data = "data";

    /// <summary>The tensor of the inner file's header, compressed by zlib.</summary>
    public const string Header = "header";

    /// <summary>How many times as long as its compressed form a header may be.</summary>
    public const int MaxRatio = 64;

    /// <summary>The metadata of the outer file.</summary>
    public static IReadOnlyDictionary<string, string> Metadata { get; } = new Dictionary<string, string> { ["format"] = Format };

    /// <summary>
    /// The tensors of the outer file, which has the checksum. The data come first, so that they are aligned as in the inner file.
    /// </summary>
    /// <exception cref="ArgumentException">The inner file cannot be written.</exception>
    public static TensorEntry[] Pack(IReadOnlyDictionary<string, string> metadata, IEnumerable<TensorEntry> tensors)
    {
        using var file = new MemoryStream();
        var start = SafetensorsFile.WriteTo(file, metadata, tensors);
        var bytes = file.GetBuffer().AsSpan(0, (int)file.Length);
        var header = Compress(bytes[SafetensorsFile.LengthBytes..start]);
        return [new(Data, [bytes.Length - start], bytes[start..].ToArray()), new(Header, [header.Length], header)];
    }

    /// <summary>The inner file's header, or null if it is not legal.</summary>
    public static byte[]? Expand(byte[] header)
    {
        try
        {
            var expanded = new byte[Math.Min((long)header.Length * MaxRatio, SafetensorsFile.MaxHeaderBytes) + 1];
            using var zlib = new ZLibStream(new MemoryStream(header), CompressionMode.Decompress);
            var length = zlib.ReadAtLeast(expanded, expanded.Length, throwOnEndOfStream: false);
            return length < expanded.Length ? expanded[..length] : null;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    private static byte[] Compress(ReadOnlySpan<byte> header)
    {
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.SmallestSize, leaveOpen: true)) zlib.Write(header);
        return compressed.ToArray();
    }
}
