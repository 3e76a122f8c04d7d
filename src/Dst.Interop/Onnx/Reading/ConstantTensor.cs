using DataType = Dst.Interop.Onnx.Schema.TensorProto.Types.DataType;

namespace Dst.Interop.Onnx.Reading;

/// <summary>
/// A tensor of known values: weights, or shapes that a network computes with. The values are floats or whole numbers of any kind.
/// </summary>
internal sealed class ConstantTensor
{
    private readonly Array _values;

    /// <summary>Wraps floats, row-major.</summary>
    public ConstantTensor(int[] shape, float[] values) => (Shape, _values) = (shape, values);

    /// <summary>Wraps whole numbers, row-major.</summary>
    public ConstantTensor(int[] shape, long[] values) => (Shape, _values) = (shape, values);

    /// <summary>Extent of each dimension; a scalar has none.</summary>
    public int[] Shape { get; }

    /// <summary>Number of elements.</summary>
    public int Count => _values.Length;

    /// <summary>Whether the elements are floats.</summary>
    public bool IsFloat => _values is float[];

    /// <summary>The floats; null if the elements are whole numbers.</summary>
    public float[]? FloatsOrNull => _values as float[];

    /// <summary>The whole numbers; null if the elements are floats.</summary>
    public long[]? LongsOrNull => _values as long[];

    /// <summary>The range of the element type, if the elements are integers of 8 or 16 bits.</summary>
    public (int Least, int Greatest)? Range { get; private init; }

    /// <summary>The range of integers of 8 or 16 bits.</summary>
    /// <param name="type">A data type as ONNX numbers them.</param>
    public static (int Least, int Greatest)? RangeOf(long type) => type switch
    {
        (long)DataType.Int8 => (sbyte.MinValue, sbyte.MaxValue),
        (long)DataType.Uint8 => (byte.MinValue, byte.MaxValue),
        (long)DataType.Int16 => (short.MinValue, short.MaxValue),
        (long)DataType.Uint16 => (ushort.MinValue, ushort.MaxValue),
        _ => null,
    };

    /// <summary>The floats.</summary>
    /// <exception cref="InputException">The elements are whole numbers, which <paramref name="reader"/> does not take.</exception>
    public float[] Floats(OnnxNode reader) =>
        FloatsOrNull ?? throw reader.Illegal($"reads whole numbers {RowMajor.Text(Shape)}; floats were expected");

    /// <summary>The whole numbers.</summary>
    /// <exception cref="InputException">The elements are floats, which <paramref name="reader"/> does not take.</exception>
    public long[] Longs(OnnxNode reader) =>
        LongsOrNull ?? throw reader.Illegal($"reads floats {RowMajor.Text(Shape)}; whole numbers were expected");

    /// <summary>The only float.</summary>
    /// <exception cref="InputException">There is another number of elements, or they are not floats.</exception>
    public float Scalar(OnnxNode reader) =>
        Count == 1 ? Floats(reader)[0] : throw reader.Illegal($"reads a constant {RowMajor.Text(Shape)}; one element was expected");

    /// <summary>The same elements in another shape with as many.</summary>
    public ConstantTensor Reshape(int[] shape) =>
        _values is float[] floats ? new(shape, floats) : new(shape, (long[])_values) { Range = Range };

    /// <summary>The same elements, which have the range of another type. Floats have none.</summary>
    public ConstantTensor WithRange((int Least, int Greatest)? range) =>
        _values is long[] longs ? new(Shape, longs) { Range = range } : this;

    /// <summary>The elements at <paramref name="positions"/>.</summary>
    public ConstantTensor Pick(int[] shape, int[] positions) => _values is float[] floats
        ? new(shape, Array.ConvertAll(positions, position => floats[position]))
        : new(shape, Array.ConvertAll(positions, position => ((long[])_values)[position])) { Range = Range };

    /// <summary>Turns floats into whole numbers, rounded towards zero and clamped to the range, or the reverse.</summary>
    public ConstantTensor Cast(bool toFloat) => (_values, toFloat) switch
    {
        (float[] floats, false) => new(Shape, Array.ConvertAll(floats, value => (long)value)),
        (long[] longs, true) => new(Shape, Array.ConvertAll(longs, value => (float)value)),
        _ => this,
    };

    /// <summary>Copies a run of elements into <paramref name="destination"/>, which holds the same kind.</summary>
    public void CopyTo(int start, int count, Array destination, int at) => Array.Copy(_values, start, destination, at, count);
}
