using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Dst.Foundations;

namespace Dst.Images.Decoding;

/// <summary>A numeric array of a MATLAB file.</summary>
/// <param name="Name">The variable.</param>
/// <param name="Sizes">Rows, columns and what else it has.</param>
/// <param name="Real">Real parts, column after column.</param>
/// <param name="Imaginary">Imaginary parts, or null of a real array.</param>
internal sealed record MatArray(string Name, int[] Sizes, MatElement Real, MatElement? Imaginary)
{
    /// <summary>Name and sizes, such as <c>mask (24x40)</c>.</summary>
    public override string ToString() => $"{Name} ({string.Join('x', Sizes)})";
}

/// <summary>A part of a MATLAB file.</summary>
/// <param name="Type">What its data are.</param>
/// <param name="Data">The data.</param>
internal sealed record MatElement(MatType Type, ReadOnlyMemory<byte> Data);

/// <summary>What the data of an element are.</summary>
internal enum MatType
{
    Int8 = 1,
    UInt8 = 2,
    Int16 = 3,
    UInt16 = 4,
    Int32 = 5,
    UInt32 = 6,
    Single = 7,
    Double = 9,
    Int64 = 12,
    UInt64 = 13,
    Matrix = 14,
    Compressed = 15,
}

/// <summary>Reads those numeric arrays of a MATLAB file of version 5 to 7 that have two or more dimensions above 1.</summary>
/// <remarks>MathWorks, "MAT-File Format", chapter on level 5.</remarks>
internal sealed class MatReader(string name, byte[] file)
{
    private const int HeaderBytes = 128;
    private const int ComplexFlag = 0x800;
    private const int FirstNumericClass = 6, LastNumericClass = 15;

    private readonly bool _isBigEndian = file.Length > HeaderBytes && file[HeaderBytes - 2] == 'M';

    /// <summary>The arrays in the order of the file.</summary>
    /// <exception cref="InputException">An element is truncated or too large.</exception>
    public List<MatArray> ReadArrays()
    {
        var arrays = new List<MatArray>();
        for (var at = HeaderBytes; at < file.Length;)
        {
            var element = Next(file, ref at);
            if (element.Type == MatType.Compressed)
            {
                var start = 0;
                element = Next(Unpack(element.Data.ToArray()), ref start);
            }

            if (element.Type == MatType.Matrix && ReadArray(element.Data) is { } array) arrays.Add(array);
        }

        return arrays;
    }

    /// <summary>The numbers of an array.</summary>
    /// <exception cref="InputException">There are others than <paramref name="count"/>.</exception>
    public double[] Numbers(MatElement element, int count)
    {
        var size = SizeOf(element.Type);
        if (size == 0 || element.Data.Length != (long)count * size)
            throw SharpDecoder.Unreadable(name, "MATLAB file", $"an array has {element.Data.Length} bytes for {count} numbers");
        var values = new double[count];
        for (var i = 0; i < count; i++) values[i] = Number(element.Type, element.Data.Span.Slice(i * size, size));
        return values;
    }

    private MatArray? ReadArray(ReadOnlyMemory<byte> matrix)
    {
        var at = 0;
        var flags = Integer(Next(matrix, ref at).Data, 0);
        var dimensions = Next(matrix, ref at).Data;
        var variable = Encoding.ASCII.GetString(Next(matrix, ref at).Data.Span);
        if ((flags & 0xFF) is < FirstNumericClass or > LastNumericClass) return null;
        var sizes = new int[dimensions.Length / sizeof(int)];
        for (var i = 0; i < sizes.Length; i++) sizes[i] = Integer(dimensions, i * sizeof(int));
        if (sizes.Count(size => size > 1) < 2) return null;
        var real = Next(matrix, ref at);
        return new(variable, sizes, real, (flags & ComplexFlag) != 0 ? Next(matrix, ref at) : null);
    }

    // An element is a type, a number of bytes and the data; one of at most four bytes is packed into eight.
    private MatElement Next(ReadOnlyMemory<byte> source, ref int at)
    {
        if (source.Length - at < 8) throw SharpDecoder.Unreadable(name, "MATLAB file", "it is truncated");
        var (tag, bytes, start) = (Integer(source, at), Integer(source, at + 4), at + 8);
        var isSmall = tag >>> 16 != 0;
        if (isSmall) (tag, bytes, start) = (tag & 0xFFFF, tag >>> 16, at + 4);
        var type = (MatType)tag;
        if (bytes < 0 || bytes > source.Length - start) throw SharpDecoder.Unreadable(name, "MATLAB file", "it is truncated");
        var padded = type == MatType.Compressed ? bytes : (bytes + 7L) / 8 * 8; // the last element may end without its padding
        at = isSmall ? at + 8 : (int)Math.Min(source.Length, start + padded);
        return new(type, source.Slice(start, bytes));
    }

    private byte[] Unpack(byte[] packed)
    {
        using var stream = new ZLibStream(new MemoryStream(packed), CompressionMode.Decompress);
        var tag = new byte[8];
        stream.ReadExactly(tag);
        var bytes = (long)Integer(tag, 4);
        if (bytes < 0 || bytes > (long)packed.Length * InputFile.LargestDeflateRatio)
            throw SharpDecoder.Unreadable(name, "MATLAB file", $"a packed array declares {bytes} bytes");
        var element = new byte[8 + bytes];
        tag.CopyTo(element, 0);
        stream.ReadExactly(element, 8, (int)bytes);
        return element;
    }

    private double Number(MatType type, ReadOnlySpan<byte> bytes)
    {
        Span<byte> little = stackalloc byte[8];
        little = little[..bytes.Length];
        bytes.CopyTo(little);
        if (_isBigEndian) little.Reverse();
        return type switch
        {
            MatType.Int8 => (sbyte)little[0],
            MatType.UInt8 => little[0],
            MatType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(little),
            MatType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(little),
            MatType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(little),
            MatType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(little),
            MatType.Single => BinaryPrimitives.ReadSingleLittleEndian(little),
            MatType.Double => BinaryPrimitives.ReadDoubleLittleEndian(little),
            MatType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(little),
            _ => BinaryPrimitives.ReadUInt64LittleEndian(little),
        };
    }

    /// <summary>Bytes of a number; 0 for what is not a number.</summary>
    private static int SizeOf(MatType type) => type switch
    {
        MatType.Int8 or MatType.UInt8 => 1,
        MatType.Int16 or MatType.UInt16 => 2,
        MatType.Int32 or MatType.UInt32 or MatType.Single => 4,
        MatType.Double or MatType.Int64 or MatType.UInt64 => 8,
        _ => 0,
    };

    private int Integer(ReadOnlyMemory<byte> source, int at) => _isBigEndian
        ? BinaryPrimitives.ReadInt32BigEndian(source.Span[at..])
        : BinaryPrimitives.ReadInt32LittleEndian(source.Span[at..]);
}
