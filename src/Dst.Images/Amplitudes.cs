using System.Collections.Concurrent;
using System.Numerics;

namespace Dst.Images;

/// <summary>
/// Turns samples into amplitudes. Samples of 8 and 16 bits go through a table with an entry for each possible value. Floats are computed;
/// the square root and the logarithm take negative ones as 0.
/// </summary>
internal static class Amplitudes
{
    private const float LogScale = 255;

    private static readonly float LogRange = MathF.Log(1 + LogScale);
    private static readonly ConcurrentDictionary<(AmplitudeTransform, int), float[]> Tables = new();

    /// <summary>Consecutive samples of an image from number <paramref name="start"/> on.</summary>
    public static void Read(Image image, AmplitudeTransform transform, int start, Span<float> destination)
    {
        switch (image.BitsPerSample)
        {
            case 8: Read(image.Samples<byte>().Slice(start, destination.Length), transform, destination); break;
            case 16: Read(image.Samples<ushort>().Slice(start, destination.Length), transform, destination); break;
            default: Read(image.Samples<float>().Slice(start, destination.Length), transform, destination); break;
        }
    }

    /// <summary>Samples of <see cref="byte"/>, <see cref="ushort"/> or <see cref="float"/>.</summary>
    public static void Read<T>(ReadOnlySpan<T> samples, AmplitudeTransform transform, Span<float> destination)
        where T : unmanaged, INumber<T>
    {
        if (typeof(T) == typeof(float))
        {
            for (var i = 0; i < destination.Length; i++) destination[i] = float.CreateTruncating(samples[i]);
            Transform(destination, transform);
            return;
        }

        var table = TableOf(transform, typeof(T) == typeof(byte) ? 8 : 16);
        for (var i = 0; i < destination.Length; i++) destination[i] = table[int.CreateTruncating(samples[i])];
    }

    private static void Transform(Span<float> values, AmplitudeTransform transform)
    {
        switch (transform)
        {
            case AmplitudeTransform.None:
                return;
            case AmplitudeTransform.Sqrt:
                foreach (ref var value in values) value = MathF.Sqrt(MathF.Max(value, 0));
                return;
            case AmplitudeTransform.Log:
                foreach (ref var value in values) value = MathF.Log(1 + LogScale * MathF.Max(value, 0)) / LogRange;
                return;
            default:
                throw new ArgumentOutOfRangeException(nameof(transform), transform, "unknown amplitude transform");
        }
    }

    private static float[] TableOf(AmplitudeTransform transform, int bits) => Tables.GetOrAdd((transform, bits), CreateTable);

    private static float[] CreateTable((AmplitudeTransform Transform, int Bits) key)
    {
        Func<double, double> transform = key.Transform switch
        {
            AmplitudeTransform.None => a => a,
            AmplitudeTransform.Sqrt => Math.Sqrt,
            AmplitudeTransform.Log => a => Math.Log(1 + LogScale * a) / Math.Log(1 + LogScale),
            _ => throw new ArgumentOutOfRangeException(nameof(key), key.Transform, "unknown amplitude transform"),
        };
        var max = (1 << key.Bits) - 1;
        var table = new float[max + 1];
        for (var i = 0; i <= max; i++) table[i] = (float)transform(i / (double)max);
        return table;
    }
}
