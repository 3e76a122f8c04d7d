namespace Dst;

/// <summary>A parameter tensor in its canonical layout (convolution weights are [O, I, Kh, Kw], linear weights [O, I]).</summary>
public sealed class Tensor
{
    /// <summary>Wraps <paramref name="data"/>, whose length must be the product of <paramref name="shape"/>.</summary>
    /// <exception cref="ArgumentException">The length does not match the shape.</exception>
    public Tensor(int[] shape, float[] data)
    {
        var count = shape.Aggregate(1L, (product, extent) => product * extent);
        if (data.Length != count)
            throw new ArgumentException($"{data.Length} values for the shape [{string.Join(", ", shape)}], {count} expected");
        Shape = shape;
        Data = data;
    }

    /// <summary>Extent of each dimension.</summary>
    public int[] Shape { get; }

    /// <summary>Values, row-major.</summary>
    public float[] Data { get; }

    /// <summary>A copy with these entries of one axis, in this order.</summary>
    /// <param name="axis">0 or 1.</param>
    /// <param name="entries">For each new entry the old one.</param>
    internal Tensor Gather(int axis, int[] entries)
    {
        var (outer, old) = (axis == 0 ? 1 : Shape[0], Shape[axis]);
        var inner = Data.Length / outer / old;
        var result = new float[outer * entries.Length * inner];
        for (var o = 0; o < outer; o++)
        {
            for (var i = 0; i < entries.Length; i++)
                Data.AsSpan((o * old + entries[i]) * inner, inner).CopyTo(result.AsSpan((o * entries.Length + i) * inner));
        }

        var shape = (int[])Shape.Clone();
        shape[axis] = entries.Length;
        return new(shape, result);
    }
}
