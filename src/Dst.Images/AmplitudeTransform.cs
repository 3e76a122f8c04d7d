using System.Collections.Concurrent;

namespace Dst.Images;

/// <summary>Maps samples of an image to amplitudes: the value in [0, 1] of each possible sample is a table entry.</summary>
internal static class AmplitudeTransform
{
    private static readonly ConcurrentDictionary<(string, int), float[]> Tables = new();

    /// <summary>The table of a transform (<c>none</c>, <c>sqrt</c> or <c>log</c>) for samples of 8 or 16 bits: 256 or 65536 values.</summary>
    /// <exception cref="InputException">There is no such transform.</exception>
    public static float[] Table(string name, int bitsPerSample) => Tables.GetOrAdd((name, bitsPerSample), Create);

    private static float[] Create((string Name, int Bits) key)
    {
        Func<double, double> transform = key.Name switch
        {
            "none" => a => a,
            "sqrt" => Math.Sqrt,
            "log" => a => Math.Log(1 + 255 * a) / Math.Log(256),
            _ => throw new InputException($"amplitude transform '{key.Name}' is unknown; none, sqrt or log was expected"),
        };
        var max = (1 << key.Bits) - 1;
        var table = new float[max + 1];
        for (var i = 0; i <= max; i++) table[i] = (float)transform(i / (double)max);
        return table;
    }
}
