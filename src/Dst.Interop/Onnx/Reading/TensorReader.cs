using System.Runtime.InteropServices;
using Dst.Foundations;
using Dst.Interop.Onnx.Schema;
using DataType = Dst.Interop.Onnx.Schema.TensorProto.Types.DataType;

namespace Dst.Interop.Onnx.Reading;

/// <summary>
/// Reads the tensors of an ONNX file and of the files beside it. The declared shape is compared with the length of the data before memory
/// is taken.
/// </summary>
/// <param name="folder">The folder of the ONNX file, which external data may not leave.</param>
internal sealed class TensorReader(string folder)
{
    private long _externalBytes;

    /// <summary>Elements read so far.</summary>
    public long Values { get; private set; }

    /// <summary>Reads one tensor.</summary>
    /// <exception cref="InputException">Its shape, type or data are not legal.</exception>
    public ConstantTensor Read(TensorProto tensor) => ReadValues(tensor).WithRange(ConstantTensor.RangeOf((long)tensor.DataType));

    private ConstantTensor ReadValues(TensorProto tensor)
    {
        var shape = ReadShape(tensor);
        var count = RowMajor.Count(shape);
        var width = WidthOf(tensor);
        Values += count;
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
            return FromBytes(tensor, shape, ReadExternal(tensor, (long)count * width));
        if (tensor.RawData.Length > 0)
        {
            CheckCount(tensor, shape, (long)count * width, tensor.RawData.Length, "bytes");
            return FromBytes(tensor, shape, tensor.RawData.Span);
        }

        CheckCount(tensor, shape, count, TypedCount(tensor), "values");
        return tensor.DataType switch
        {
            DataType.Float => new(shape, [.. tensor.FloatData]),
            DataType.Float16 => new(shape, [.. tensor.Int32Data.Select(bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits))]),
            DataType.Bfloat16 => new(shape, [.. tensor.Int32Data.Select(bits => FromBfloat16((ushort)bits))]),
            DataType.Double => new(shape, [.. tensor.DoubleData.Select(value => (float)value)]),
            DataType.Int64 => new(shape, [.. tensor.Int64Data]),
            DataType.Uint32 or DataType.Uint64 => new(shape, [.. tensor.Uint64Data.Select(value => (long)value)]),
            _ => new(shape, [.. tensor.Int32Data.Select(value => (long)value)]),
        };
    }

    private static int[] ReadShape(TensorProto tensor)
    {
        if (tensor.Dims.Count > RowMajor.MaxRank || tensor.Dims.Any(dim => dim is < 0 or > int.MaxValue))
            throw new InputException(
                $"tensor '{tensor.Name}' has the shape {RowMajor.ShortText(tensor.Dims)}; "
                + $"at most {RowMajor.MaxRank} dimensions from 0 to {int.MaxValue} were expected");
        return [.. tensor.Dims.Select(dim => (int)dim)];
    }

    private static int WidthOf(TensorProto tensor) => tensor.DataType switch
    {
        DataType.Float or DataType.Int32 or DataType.Uint32 => 4,
        DataType.Int64 or DataType.Uint64 or DataType.Double => 8,
        DataType.Float16 or DataType.Bfloat16 or DataType.Int16 or DataType.Uint16 => 2,
        DataType.Bool or DataType.Int8 or DataType.Uint8 => 1,
        var type => throw new InputException(
            Invariant($"tensor '{tensor.Name}' has the data type {(int)type}; floats or integers were expected")),
    };

    private static int TypedCount(TensorProto tensor) => tensor.DataType switch
    {
        DataType.Float => tensor.FloatData.Count,
        DataType.Double => tensor.DoubleData.Count,
        DataType.Int64 => tensor.Int64Data.Count,
        DataType.Uint32 or DataType.Uint64 => tensor.Uint64Data.Count,
        _ => tensor.Int32Data.Count,
    };

    private static void CheckCount(TensorProto tensor, int[] shape, long expected, long found, string what)
    {
        if (found != expected)
            throw new InputException($"tensor '{tensor.Name}' {RowMajor.Text(shape)} has {found} {what}; {expected} were expected");
    }

    private static ConstantTensor FromBytes(TensorProto tensor, int[] shape, ReadOnlySpan<byte> bytes)
    {
        return tensor.DataType switch
        {
            DataType.Float => new(shape, MemoryMarshal.Cast<byte, float>(bytes).ToArray()),
            DataType.Float16 => Convert<Half, float>(bytes, value => (float)value),
            DataType.Bfloat16 => Convert<ushort, float>(bytes, FromBfloat16),
            DataType.Double => Convert<double, float>(bytes, value => (float)value),
            DataType.Int64 or DataType.Uint64 => new(shape, MemoryMarshal.Cast<byte, long>(bytes).ToArray()),
            DataType.Int32 => Convert<int, long>(bytes, value => value),
            DataType.Uint32 => Convert<uint, long>(bytes, value => value),
            DataType.Int16 => Convert<short, long>(bytes, value => value),
            DataType.Uint16 => Convert<ushort, long>(bytes, value => value),
            DataType.Int8 => Convert<sbyte, long>(bytes, value => value),
            DataType.Uint8 => Convert<byte, long>(bytes, value => value),
            _ => Convert<byte, long>(bytes, value => value == 0 ? 0 : 1),
        };

        ConstantTensor Convert<TFrom, TTo>(ReadOnlySpan<byte> bytes, Func<TFrom, TTo> convert) where TFrom : struct
        {
            var from = MemoryMarshal.Cast<byte, TFrom>(bytes);
            var to = new TTo[from.Length];
            for (var i = 0; i < to.Length; i++) to[i] = convert(from[i]);
            return to is float[] floats ? new(shape, floats) : new(shape, (long[])(object)to);
        }
    }

    /// <summary>A 16-bit float with the exponent of a 32-bit one, of which it is the upper half.</summary>
    private static float FromBfloat16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    private byte[] ReadExternal(TensorProto tensor, long expected)
    {
        var entries = tensor.ExternalData.GroupBy(entry => entry.Key).ToDictionary(group => group.Key, group => group.Last().Value);
        var path = ExternalPath(tensor, entries.GetValueOrDefault("location", ""));
        var offset = ReadNumber(tensor, entries, "offset", 0);
        CheckCount(tensor, ReadShape(tensor), expected, ReadNumber(tensor, entries, "length", expected), "bytes of external data");
        _externalBytes += expected;
        if (_externalBytes > InputFile.MaxBytes)
            throw new InputException(
                $"tensor '{tensor.Name}' brings the external data to {_externalBytes} bytes; at most {InputFile.MaxBytes} are read");
        if (expected == 0) return [];
        using var file = InputFile.Open(path);
        if (offset > file.Length - expected)
            throw new InputException(
                $"tensor '{tensor.Name}' needs {expected} bytes from byte {offset} on of '{path}', which has {file.Length}");
        return InputFile.Guard(path, () =>
        {
            var bytes = new byte[expected];
            file.Position = offset;
            file.ReadExactly(bytes);
            return bytes;
        });
    }

    private static long ReadNumber(TensorProto tensor, Dictionary<string, string> entries, string key, long fallback)
    {
        if (!entries.TryGetValue(key, out var text)) return fallback;
        return long.TryParse(text, out var value) && value >= 0 ? value
            : throw new InputException(
                $"tensor '{tensor.Name}' has external data of {key} '{text}'; a whole number from 0 on was expected");
    }

    /// <summary>
    /// The path of external data: inside the folder of the ONNX file, and reached without links, which could lead out of it.
    /// </summary>
    private string ExternalPath(TensorProto tensor, string location)
    {
        var root = Path.GetFullPath(folder);
        var parts = location.Split('/', '\\');
        if (location.Length == 0 || location.Contains('\0') || Path.IsPathRooted(location) || parts.Contains(".."))
            throw Outside(tensor, location);
        var path = root;
        foreach (var part in parts)
        {
            path = Path.Combine(path, part);
            if (new FileInfo(path).LinkTarget is not null) throw Outside(tensor, location);
        }

        return path;
    }

    private static InputException Outside(TensorProto tensor, string location) => new(
        $"tensor '{tensor.Name}' has its data in '{location}'; "
        + "a file in the folder of the ONNX file, reached without links, was expected");
}
