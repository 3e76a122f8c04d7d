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
}
