using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Dst.Foundations;

namespace Dst.Interop;

/// <summary>NumPy's files of one array: 32-bit floats, little-endian, row-major, of format version 1 or 2.</summary>
/// <example>
/// <code>
/// var (shape, values) = NpyFile.Read("batch.npy");
/// NpyFile.Write("copy.npy", shape, values);
/// </code>
/// </example>
public static partial class NpyFile
{
    private const int MaxRank = 8;
    private const int MaxHeaderBytes = 4096; // NumPy writes about 128
    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads an array. Its declared shape is compared with the file's length before memory is taken for its values.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Shape and values.</returns>
    /// <exception cref="InputException">The file cannot be read or holds something else.</exception>
    public static (int[] Shape, float[] Values) Read(string path)
    {
        var bytes = InputFile.ReadAllBytes(path);
        var (header, data) = SplitHeader(path, bytes);
        var text = Encoding.Latin1.GetString(bytes, header.Start.Value, header.End.Value - header.Start.Value);
        if (!Floats().IsMatch(text))
            throw new InputException(
                $"{path} has the type '{Phrases.Shorten(Type().Match(text).Groups[1].Value)}'; "
                + "32-bit little-endian floats were expected, which array.astype('<f4') makes");
        if (!RowMajor().IsMatch(text))
            throw new InputException($"{path} has its values column by column (Fortran order); C order was expected, which "
                + "np.ascontiguousarray(array) makes");
        var shape = Shape().Match(text) is { Success: true } match ? ParseShape(match.Groups[1].Value) : null;
        var count = shape?.Aggregate((Int128)1, (product, extent) => product > int.MaxValue ? product : product * extent);
        if (shape is null || count * sizeof(float) != bytes.Length - data)
            throw new InputException($"{path} has {bytes.Length - data} bytes of values; its header says {Phrases.Shorten(text.Trim())}");
        return (shape, MemoryMarshal.Cast<byte, float>(bytes.AsSpan(data)).ToArray());
    }

    /// <summary>Reads an array of a given shape.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expected">Extent of each dimension; null stands for any from 1 on.</param>
    /// <returns>Shape and values.</returns>
    /// <exception cref="InputException">The file cannot be read or holds something else.</exception>
    public static (int[] Shape, float[] Values) ReadShaped(string path, int?[] expected)
    {
        var (shape, values) = Read(path);
        var fits = shape.Length == expected.Length
            && expected.Zip(shape).All(pair => pair.First is { } extent ? extent == pair.Second : pair.Second > 0);
        if (fits) return (shape, values);
        var wanted = string.Join(", ", expected.Select(extent => extent is null ? "N" : $"{extent}"));
        throw new InputException($"{path} has the shape [{string.Join(", ", shape)}]; [{wanted}] was expected");
    }

    /// <summary>Writes an array atomically.</summary>
    /// <param name="path">The file.</param>
    /// <param name="shape">Extent of each dimension.</param>
    /// <param name="values">As many values, row-major.</param>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(string path, int[] shape, float[] values)
    {
        // The values begin at a multiple of 64 bytes, because readers map them into memory.
        const int alignment = 64, prefix = 10;
        var sizes = string.Join(", ", shape) + (shape.Length == 1 ? "," : "");
        var text = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes}), }}";
        var length = (prefix + text.Length + alignment) / alignment * alignment - prefix;
        AtomicFile.Write(path, stream =>
        {
            stream.Write(Magic);
            stream.Write([1, 0, (byte)length, (byte)(length >> 8)]);
            stream.Write(Encoding.Latin1.GetBytes(text.PadRight(length - 1) + "\n"));
            stream.Write(MemoryMarshal.AsBytes<float>(values));
        });
    }

    private static (Range Header, int Data) SplitHeader(string path, byte[] bytes)
    {
        var version = bytes.Length >= 12 && bytes.AsSpan().StartsWith(Magic) ? bytes[6] : 0;
        var (start, length) = version switch
        {
            1 => (10, BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8))),
            2 => (12, BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8))),
            _ => throw new InputException($"{path} is not a NumPy file of version 1 or 2, which was expected"),
        };
        var limit = Math.Min(MaxHeaderBytes, bytes.Length - start);
        if (length > limit) throw new InputException($"{path} declares a header of {length} bytes; at most {limit} were expected");
        var end = start + (int)length;
        return (start..end, end);
    }

    private static int[]? ParseShape(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var shape = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
        {
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out shape[i])) return null;
        }

        return shape.Length <= MaxRank ? shape : null;
    }

    [GeneratedRegex(@"'descr':\s*'<f4'")]
    private static partial Regex Floats();

    [GeneratedRegex(@"'fortran_order':\s*False")]
    private static partial Regex RowMajor();

    [GeneratedRegex(@"'descr':\s*'([^']*)'")]
    private static partial Regex Type();

    [GeneratedRegex(@"'shape':\s*\(([^)]*)\)")]
    private static partial Regex Shape();
}
