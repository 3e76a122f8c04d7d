using System.Runtime.InteropServices;

namespace Dst.ModelFiles;

/// <summary>
/// Element types of a safetensors file; the names are the format's own. Those of 16 bits and F64 are read as the weights of other programs
/// alone, and never written.
/// </summary>
public enum TensorType
{
    /// <summary>32-bit floating point.</summary>
    F32,

    /// <summary>8-bit unsigned integer.</summary>
    U8,

    /// <summary>8-bit signed integer.</summary>
    I8,

    /// <summary>64-bit signed integer.</summary>
    I64,

    /// <summary>16-bit floating point of IEEE 754.</summary>
    F16,

    /// <summary>16-bit floating point with the exponent of 32 bits.</summary>
    BF16,

    /// <summary>64-bit floating point.</summary>
    F64,
}

/// <summary>Where a tensor lies in a safetensors file.</summary>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Extent of each dimension; empty for a scalar.</param>
/// <param name="Offset">First byte, counted from the start of the file.</param>
/// <param name="Bytes">Length in bytes.</param>
public sealed record TensorInfo(TensorType Type, IReadOnlyList<int> Shape, long Offset, long Bytes);

/// <summary>A named tensor to write to a safetensors file. It keeps the array that it is given; it makes no copy.</summary>
public sealed class TensorEntry
{
    private readonly Array _values;

    /// <summary>A tensor of floats, row-major.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the shape.</exception>
    /// <param name="name">Name in the file, unique.</param>
    /// <param name="shape">Extent of each dimension; empty for a scalar.</param>
    /// <param name="values">Elements, as many as the product of <paramref name="shape"/>.</param>
    public TensorEntry(string name, IReadOnlyList<int> shape, float[] values) : this(name, TensorType.F32, shape, values)
    {
    }

    /// <summary>A tensor of bytes, row-major.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the shape.</exception>
    /// <param name="name">Name in the file, unique.</param>
    /// <param name="shape">Extent of each dimension; empty for a scalar.</param>
    /// <param name="values">Elements, as many as the product of <paramref name="shape"/>.</param>
    public TensorEntry(string name, IReadOnlyList<int> shape, byte[] values) : this(name, TensorType.U8, shape, values)
    {
    }

    /// <summary>A tensor of signed bytes, row-major.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the shape.</exception>
    /// <param name="name">Name in the file, unique.</param>
    /// <param name="shape">Extent of each dimension; empty for a scalar.</param>
    /// <param name="values">Elements, as many as the product of <paramref name="shape"/>.</param>
    public TensorEntry(string name, IReadOnlyList<int> shape, sbyte[] values) : this(name, TensorType.I8, shape, values)
    {
    }

    /// <summary>A tensor of 64-bit integers, row-major.</summary>
    /// <exception cref="ArgumentException">The number of values is not the product of the shape.</exception>
    /// <param name="name">Name in the file, unique.</param>
    /// <param name="shape">Extent of each dimension; empty for a scalar.</param>
    /// <param name="values">Elements, as many as the product of <paramref name="shape"/>.</param>
    public TensorEntry(string name, IReadOnlyList<int> shape, long[] values) : this(name, TensorType.I64, shape, values)
    {
    }

    private TensorEntry(string name, TensorType type, IReadOnlyList<int> shape, Array values)
    {
        var count = shape.Aggregate(1L, (product, extent) => product * extent);
        if (values.Length != count)
            throw new ArgumentException($"tensor '{name}' has {values.Length} values for the shape [{string.Join(", ", shape)}]");
        Name = name;
        Type = type;
        Shape = shape;
        _values = values;
    }

    /// <summary>Name, unique in the file.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public TensorType Type { get; }

    /// <summary>Extent of each dimension.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Length in the file.</summary>
    internal long ByteCount => (long)_values.Length * SizeOf(Type);

    internal static int SizeOf(TensorType type) => type switch
    {
        TensorType.F32 => sizeof(float),
        TensorType.I64 or TensorType.F64 => sizeof(long),
        TensorType.F16 or TensorType.BF16 => sizeof(ushort),
        _ => sizeof(byte),
    };

    /// <summary>Gives the bytes that the file has of it, part by part.</summary>
    internal void WriteTo(Action<ReadOnlySpan<byte>> write)
    {
        switch (_values)
        {
            case float[] floats: WriteTo<float>(write, floats); break;
            case long[] longs: WriteTo<long>(write, longs); break;
            case byte[] bytes: WriteTo<byte>(write, bytes); break; // also signed ones: the runtime lets an sbyte[] pass as a byte[]
        }
    }

    private static void WriteTo<T>(Action<ReadOnlySpan<byte>> write, ReadOnlySpan<T> values) where T : unmanaged
    {
        const int elementsAtOnce = 1 << 20; // a span has at most 2 GiB of bytes
        for (; !values.IsEmpty; values = values[Math.Min(elementsAtOnce, values.Length)..])
            write(MemoryMarshal.AsBytes(values[..Math.Min(elementsAtOnce, values.Length)]));
    }
}
