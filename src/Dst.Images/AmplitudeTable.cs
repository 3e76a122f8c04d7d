using System.Collections.Concurrent;

namespace Dst.Images;

/// <summary>Maps samples of an image to amplitudes in [0, 1], with a table entry for each possible sample.</summary>
internal static class AmplitudeTable
{
    private static readonly ConcurrentDictionary<(AmplitudeTransform, int), float[]> Tables = new();

    /// <summary>The table of a transform for samples of 8 or 16 bits: 256 or 65536 values.</summary>
    public static float[] Of(AmplitudeTransform transform, int bitsPerSample) => Tables.GetOrAdd((transform, bitsPerSample), Create);

    private static float[] Create((AmplitudeTransform Transform, int Bits) key)
    {
        Func<double, double> transform = key.Transform switch
        {
            AmplitudeTransform.None => a => a,
            AmplitudeTransform.Sqrt => Math.Sqrt,
            AmplitudeTransform.Log => a => Math.Log(1 + 255 * a) / Math.Log(256),
            _ => throw new ArgumentOutOfRangeException(nameof(key), key.Transform, "unknown amplitude transform"),
        };
        var max = (1 << key.Bits) - 1;
        var table = new float[max + 1];
        for (var i = 0; i <= max; i++) table[i] = (float)transform(i / (double)max);
        return table;
    }
}
