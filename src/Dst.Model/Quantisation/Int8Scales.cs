namespace Dst.Quantisation;

/// <summary>How a byte stands for a number: Scale · (byte − Zero).</summary>
/// <param name="Scale">Size of a step, finite and above 0.</param>
/// <param name="Zero">The byte that stands for 0.</param>
public readonly record struct ByteScale(float Scale, byte Zero)
{
    /// <summary>The byte that is nearest to a number, a tie upwards; numbers outside of the range become its ends.</summary>
    public byte ToByte(double number) => (byte)Math.Clamp(Math.Floor(number / Scale + Zero + 0.5), 0, byte.MaxValue);

    /// <summary>The number of a byte.</summary>
    public float ToFloat(byte value) => (value - Zero) * Scale;
}

/// <summary>What makes a network one of 8-bit integers: the scales of its values and weights.</summary>
/// <param name="Values">
/// The scale of each value that is held in bytes, by the name of its layer or of the network's input. A value that a layer only moves, as
/// max pooling does, has the scale of that layer's input and is absent.
/// </param>
/// <param name="Filters">
/// For each layer with 8-bit weights the size of a step of each filter's weights, by the name of the layer. Its weights in
/// <see cref="Model.Parameters"/> are whole multiples of it, −127 to 127.
/// </param>
public sealed record Int8Scales(IReadOnlyDictionary<string, ByteScale> Values, IReadOnlyDictionary<string, float[]> Filters)
{
    /// <summary>Largest size of an 8-bit weight.</summary>
    public const int MaxWeight = 127;

    /// <summary>The integers of a layer's weights [O, …].</summary>
    /// <param name="weights">Whole multiples of <paramref name="scales"/>; others are rounded.</param>
    /// <param name="scales">[O].</param>
    public static sbyte[] ToIntegers(ReadOnlySpan<float> weights, float[] scales)
    {
        var (integers, row) = (new sbyte[weights.Length], weights.Length / scales.Length);
        for (var i = 0; i < integers.Length; i++)
            integers[i] = (sbyte)Math.Clamp(Math.Round((double)weights[i] / scales[i / row]), -MaxWeight, MaxWeight);
        return integers;
    }

    /// <summary>The weights of <see cref="ToIntegers"/>, rounded to float.</summary>
    public static float[] ToFloats(ReadOnlySpan<sbyte> integers, float[] scales)
    {
        var (weights, row) = (new float[integers.Length], integers.Length / scales.Length);
        for (var i = 0; i < weights.Length; i++) weights[i] = integers[i] * scales[i / row];
        return weights;
    }

    /// <summary>The scales of those layers that <paramref name="keeps"/> names.</summary>
    internal Int8Scales Where(Func<string, bool> keeps) =>
        new(Values.Where(value => keeps(value.Key)).ToDictionary(), Filters.Where(layer => keeps(layer.Key)).ToDictionary());
}
