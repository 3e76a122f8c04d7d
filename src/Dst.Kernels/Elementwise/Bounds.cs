namespace Dst.Kernels;

/// <summary>The smallest and the largest allowed value.</summary>
public readonly record struct Bounds(float Least, float Most)
{
    /// <summary>All values.</summary>
    public static Bounds None { get; } = new(float.NegativeInfinity, float.PositiveInfinity);

    /// <summary>0 and above.</summary>
    public static Bounds Relu { get; } = new(0, float.PositiveInfinity);
}
