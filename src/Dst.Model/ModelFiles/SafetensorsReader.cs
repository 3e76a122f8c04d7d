using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Dst.Foundations;

namespace Dst.ModelFiles;

/// <summary>
/// An open safetensors file with a checked header: every tensor lies inside the file, none overlap, and nothing lies between or behind
/// them. The values are those of its checksum, if it has one. A tensor takes memory only when it is read, after a check that it has the
/// type and shape that the caller expects.
/// </summary>
public sealed class SafetensorsReader : IDisposable
{
    private const int BytesAtOnce = 1 << 18; // stays in the cache

    private readonly FileStream? _file; // null if the bytes are in memory
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly Dictionary<string, string> _metadata = [];
    private readonly Dictionary<string, TensorInfo> _tensors = [];

    internal SafetensorsReader(string path)
    {
        Path = path;
        _file = InputFile.Open(path);
        try
        {
            ReadHeader();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    internal SafetensorsReader(string name, ReadOnlyMemory<byte> bytes)
    {
        (Path, _bytes) = (name, bytes);
        ReadHeader();
    }

    /// <summary>The file's name as it was given; messages begin with it.</summary>
    public string Path { get; }

    /// <summary>The strings of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Type, shape and place of each tensor by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>The strings of <c>__metadata__</c>, with errors that name this file.</summary>
    internal MetadataStrings Strings => new(Path, _metadata);

    /// <summary>Reads a tensor of floats that must have the shape <paramref name="shape"/>.</summary>
    /// <exception cref="InputException">The tensor is missing or has another type or shape.</exception>
    public float[] ReadFloats(string name, params IReadOnlyList<int> shape) => Read<float>(name, TensorType.F32, shape);

    /// <summary>Fails unless there is a tensor of this type and shape.</summary>
    /// <exception cref="InputException">The tensor is missing or has another type or shape.</exception>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="type">Element type that is expected.</param>
    /// <param name="shape">Shape that is expected.</param>
    public void CheckTensor(string name, TensorType type, params IReadOnlyList<int> shape) => Check(name, type, shape);

    /// <summary>Reads a tensor of bytes that must have the shape <paramref name="shape"/>.</summary>
    /// <exception cref="InputException">The tensor is missing or has another type or shape.</exception>
    public byte[] ReadBytes(string name, params IReadOnlyList<int> shape) => Read<byte>(name, TensorType.U8, shape);

    /// <summary>Reads a tensor of signed bytes that must have the shape <paramref name="shape"/>.</summary>
    /// <exception cref="InputException">The tensor is missing or has another type or shape.</exception>
    public sbyte[] ReadSignedBytes(string name, params IReadOnlyList<int> shape) => Read<sbyte>(name, TensorType.I8, shape);

    /// <summary>Reads a tensor of 64-bit integers that must have the shape <paramref name="shape"/>.</summary>
    /// <exception cref="InputException">The tensor is missing or has another type or shape.</exception>
    public long[] ReadLongs(string name, params IReadOnlyList<int> shape) => Read<long>(name, TensorType.I64, shape);

    /// <summary>The string that <c>__metadata__</c> holds for <paramref name="key"/>.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public string ReadMetadata(string key) => Strings.Read(key);

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    /// <summary>The bytes of a tensor of any type, as they are stored.</summary>
    internal byte[] ReadStored(string name)
    {
        var info = _tensors[name];
        var bytes = new byte[info.Bytes];
        ReadExactly(bytes, info.Offset);
        return bytes;
    }

    /// <summary>The error that names this file. A quotation from the file is cut to a readable length.</summary>
    internal InputException Malformed(string problem, Exception? cause = null) => Strings.Malformed(problem, cause);

    private T[] Read<T>(string name, TensorType type, IReadOnlyList<int> shape) where T : unmanaged
    {
        var info = Check(name, type, shape);
        var values = new T[info.Bytes / TensorEntry.SizeOf(type)];
        ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()), info.Offset);
        return values;
    }

    private TensorInfo Check(string name, TensorType type, IReadOnlyList<int> shape)
    {
        if (!_tensors.TryGetValue(name, out var info)) throw Malformed($"has no tensor '{name}', which was expected");
        return info.Type == type && info.Shape.SequenceEqual(shape) ? info
            : throw Malformed($"tensor '{name}' is {Describe(info.Type, info.Shape)}; {Describe(type, shape)} was expected");
    }

    private void ReadExactly(Span<byte> destination, long offset)
    {
        try
        {
            while (!destination.IsEmpty)
            {
                var count = ReadAt(destination, offset);
                if (count == 0) throw Malformed($"ends at byte {offset}; {destination.Length} more bytes were expected");
                destination = destination[count..];
                offset += count;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Malformed($"cannot be read ({e.Message.TrimEnd('.')}); expected a readable safetensors file", e);
        }
    }

    private int ReadAt(Span<byte> destination, long offset)
    {
        if (_file is not null) return RandomAccess.Read(_file.SafeFileHandle, destination, offset);
        var count = (int)Math.Min(destination.Length, _bytes.Length - offset);
        _bytes.Span.Slice((int)offset, count).CopyTo(destination);
        return count;
    }

    private void ReadHeader()
    {
        var fileBytes = _file?.Length ?? _bytes.Length;
        var header = new byte[ReadHeaderLength(fileBytes)];
        ReadExactly(header, SafetensorsFile.LengthBytes);
        ReadHeader(header, SafetensorsFile.LengthBytes + header.Length, fileBytes);
        CheckValues(SafetensorsFile.LengthBytes + header.Length, fileBytes);
        if (_metadata.GetValueOrDefault("format") == PackedFile.Format) Unpack();
    }

    /// <summary>Compares the values of all tensors with the checksum of the metadata, if it has one.</summary>
    private void CheckValues(long start, long end)
    {
        if (_metadata.GetValueOrDefault(SafetensorsFile.ChecksumKey) is not { } expected) return;
        var checksum = new Crc32C();
        var buffer = new byte[Math.Min(BytesAtOnce, end - start)];
        while (start < end)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - start));
            ReadExactly(part, start);
            checksum.Append(part);
            start += part.Length;
        }

        if ($"{checksum.Value:x8}" != expected)
            throw Malformed(
                $"has tensors with the CRC-32C {checksum.Value:x8}; {expected} was expected, so values are damaged, or another program "
                + $"changed them; use another copy, or remove '{SafetensorsFile.ChecksumKey}' from its metadata to take it as it is");
    }

    private long ReadHeaderLength(long fileBytes)
    {
        if (fileBytes < SafetensorsFile.LengthBytes)
            throw Malformed($"has {fileBytes} bytes; a safetensors file has at least {SafetensorsFile.LengthBytes}");
        Span<byte> lengthBytes = stackalloc byte[SafetensorsFile.LengthBytes];
        ReadExactly(lengthBytes, 0);
        var length = BinaryPrimitives.ReadInt64LittleEndian(lengthBytes);
        var limit = Math.Min(SafetensorsFile.MaxHeaderBytes, fileBytes - SafetensorsFile.LengthBytes);
        if (length < 0 || length > limit)
            throw Malformed(
                KindOfFile() is { } kind
                    ? $"is {kind}; a model file (.safetensors) was expected"
                        + (kind is FileKind.Onnx or FileKind.Zip ? ", which dst import makes of it" : "")
                    : $"declares a header of {(ulong)length} bytes; at most {limit} were expected, so the file may be cut off");
        return length;
    }

    /// <summary>Puts what a packed file holds in its place.</summary>
    private void Unpack()
    {
        var (data, header) = (_tensors.GetValueOrDefault(PackedFile.Data), _tensors.GetValueOrDefault(PackedFile.Header));
        if (_tensors.Count != 2 || data is null || header is null)
            throw Malformed(
                $"has the tensors {string.Join(", ", _tensors.Keys)}; '{PackedFile.Data}' and '{PackedFile.Header}' were expected");
        var expanded = PackedFile.Expand(ReadBytes(PackedFile.Header, header.Shape)) ?? throw Malformed(
            $"has a packed header that cannot be expanded; zlib's form of at most {PackedFile.MaxRatio} times its length was expected");
        _metadata.Clear();
        _tensors.Clear();
        ReadHeader(expanded, data.Offset, data.Offset + data.Bytes);
    }

    /// <summary>Reads a header whose tensors fill the bytes of the file from one place to another.</summary>
    private void ReadHeader(byte[] header, long dataOffset, long dataEnd)
    {
        try
        {
            using var json = JsonDocument.Parse(header);
            CheckNames(json.RootElement);
            ReadEntries(json.RootElement, dataOffset, dataEnd);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // JsonDocument throws InvalidOperationException for strings that are not Unicode.
            throw Malformed($"has a header that is not the JSON of a safetensors file ({JsonProblem.Describe(e)})", e);
        }
    }

    private string? KindOfFile()
    {
        Span<byte> start = stackalloc byte[FileKind.Length];
        return FileKind.NameOf(start[..ReadAt(start, 0)]);
    }

    // JsonDocumentOptions.AllowDuplicateProperties would do it, but loads OpenSSL for a random seed.
    private void CheckNames(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) return;
        var names = new HashSet<string>();
        foreach (var property in json.EnumerateObject())
        {
            if (!names.Add(property.Name)) throw Malformed($"has '{property.Name}' twice in its header; each name was expected once");
            CheckNames(property.Value);
        }
    }

    private void ReadEntries(JsonElement root, long dataOffset, long dataEnd)
    {
        if (root.ValueKind != JsonValueKind.Object) throw Malformed($"has a header of JSON kind {root.ValueKind}; an object was expected");
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name == SafetensorsFile.MetadataKey) AddMetadata(property.Value);
            else _tensors.Add(property.Name, ReadTensorInfo(property.Name, property.Value, dataOffset, dataEnd - dataOffset));
        }

        var end = dataOffset;
        foreach (var (name, info) in _tensors.OrderBy(tensor => tensor.Value.Offset).ThenBy(tensor => tensor.Value.Bytes))
        {
            if (info.Offset != end)
                throw Malformed($"tensor '{name}' begins at byte {info.Offset}; {end} was expected, right behind the one before");
            end += info.Bytes;
        }

        if (end != dataEnd) throw Malformed($"has {dataEnd} bytes; its header describes {end}");
    }

    private void AddMetadata(JsonElement metadata)
    {
        if (metadata.ValueKind != JsonValueKind.Object || metadata.EnumerateObject().Any(p => p.Value.ValueKind != JsonValueKind.String))
            throw Malformed($"has a {SafetensorsFile.MetadataKey} that is not an object of strings");
        foreach (var property in metadata.EnumerateObject()) _metadata.Add(property.Name, property.Value.GetString()!);
    }

    private TensorInfo ReadTensorInfo(string name, JsonElement json, long dataOffset, long dataBytes)
    {
        if (json.ValueKind != JsonValueKind.Object
            || !json.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !json.TryGetProperty("shape", out var shapeJson) || !json.TryGetProperty("data_offsets", out var offsetsJson))
            throw Malformed($"describes tensor '{name}' without dtype, shape and data_offsets, which were expected");
        if (TypeOf(dtype.GetString()) is not { } type)
            throw Malformed($"tensor '{name}' has the dtype {dtype}; F32, F16, BF16, F64, U8, I8 or I64 was expected");
        var shape = ReadIntegers(name, "shape", shapeJson, int.MaxValue);
        var offsets = ReadIntegers(name, "data_offsets", offsetsJson, long.MaxValue);
        if (offsets.Length != 2 || offsets[1] < offsets[0])
            throw Malformed($"tensor '{name}' has the data_offsets {offsetsJson}; [begin, end] was expected");
        if (offsets[1] > dataBytes)
            throw Malformed($"tensor '{name}' ends at byte {offsets[1]} of the data; the file has {dataBytes} and may be cut off");
        var bytes = shape.Aggregate(
            (Int128)TensorEntry.SizeOf(type), (product, extent) => product > long.MaxValue ? product : product * extent);
        if (bytes != offsets[1] - offsets[0])
            throw Malformed(Invariant($"tensor '{name}' has {offsets[1] - offsets[0]} bytes of data; its shape {shapeJson} needs {bytes}"));
        if (bytes > Array.MaxLength) throw Malformed($"tensor '{name}' has {bytes} bytes; at most {Array.MaxLength} were expected");
        return new(type, [.. shape.Select(extent => (int)extent)], dataOffset + offsets[0], (long)bytes);
    }

    private static TensorType? TypeOf(string? dtype) => dtype switch
    {
        "F32" => TensorType.F32,
        "U8" => TensorType.U8,
        "I8" => TensorType.I8,
        "I64" => TensorType.I64,
        "F16" => TensorType.F16,
        "BF16" => TensorType.BF16,
        "F64" => TensorType.F64,
        _ => null,
    };

    private long[] ReadIntegers(string tensor, string key, JsonElement json, long max)
    {
        if (json.ValueKind != JsonValueKind.Array) throw Malformed($"tensor '{tensor}' has the {key} {json}; a list was expected");
        var values = new long[json.GetArrayLength()];
        var i = 0;
        foreach (var element in json.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out values[i]) || values[i] < 0 || values[i] > max)
                throw Malformed($"tensor '{tensor}' has {element} in its {key}; a whole number from 0 to {max} was expected");
            i++;
        }

        return values;
    }

    private static string Describe(TensorType type, IEnumerable<int> shape) => $"{type} [{string.Join(", ", shape)}]";
}
