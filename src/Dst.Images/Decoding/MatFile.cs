namespace Dst.Images.Decoding;

/// <summary>
/// A MATLAB file of version 5 to 7 (the SAMPLE chips): its variable <c>complex_img</c>, or its only array of rows and columns. Magnitudes
/// of complex numbers are divided by the largest, as in an MSTAR file; real numbers become floats of the same value.
/// </summary>
internal static class MatFile
{
    private const string Format = "MATLAB file";
    private const string ChipName = "complex_img";

    /// <summary>The first bytes of every file, of version 7.3 too.</summary>
    public static ReadOnlySpan<byte> Signature => "MATLAB "u8;

    /// <summary>Decodes the array.</summary>
    /// <exception cref="InputException">The file is corrupt, truncated, too large, or has no such array.</exception>
    public static Image Decode(string name, byte[] file)
    {
        var array = Find(name, file);
        if (array.Imaginary is null) return Planar(name, array.Real, array.Rows, array.Columns);
        var magnitudes = new double[array.Real.Length];
        for (var i = 0; i < magnitudes.Length; i++) magnitudes[i] = double.Hypot(array.Real[i], array.Imaginary[i]);
        return Image.FromMagnitudes(name, 1, array.Rows, array.Columns, Transpose(magnitudes, array.Rows, array.Columns));
    }

    /// <summary>Decodes the array for its size.</summary>
    /// <exception cref="InputException">As <see cref="Decode"/>.</exception>
    public static ImageSize Measure(string name, byte[] file) => ImageSize.Of(Decode(name, file));

    private static MatArray Find(string name, byte[] file)
    {
        if (file.AsSpan().StartsWith("MATLAB 7.3"u8))
            throw new InputException($"{name} is a MATLAB file of version 7.3, which is not read; one saved with -v7 was expected");
        var arrays = SharpDecoder.Guard(name, Format, () => new MatReader(name, file).ReadArrays());
        if (arrays.Find(array => array.Name == ChipName) is { } chip) return chip;
        return arrays is [var only]
            ? only
            : throw new InputException(
                $"{name} is a MATLAB file with {arrays.Count} arrays of rows and columns; one was expected, or one called {ChipName}");
    }

    private static Image Planar(string name, double[] values, int rows, int columns)
    {
        var samples = Transpose(values, rows, columns);
        foreach (var sample in samples)
        {
            if (!float.IsFinite(sample)) throw new InputException($"{name} holds the sample {sample}; finite numbers were expected");
        }

        return Image.FromFloats(1, rows, columns, samples);
    }

    // MATLAB stores columns one after another.
    private static float[] Transpose(double[] values, int rows, int columns)
    {
        var result = new float[values.Length];
        for (var i = 0; i < values.Length; i++) result[i % rows * columns + i / rows] = (float)values[i];
        return result;
    }
}
