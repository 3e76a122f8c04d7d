using Dst.Foundations;

namespace Dst.Images.Decoding;

/// <summary>
/// A MATLAB file of version 5 to 7 (the SAMPLE chips): its variable <c>complex_img</c>, or its only array of rows and columns, or of rows,
/// columns and bands. Magnitudes of complex numbers are divided by the largest, as in an MSTAR file; real numbers become floats of the same
/// value.
/// </summary>
internal static class MatFile
{
    private const string Format = "MATLAB file";
    private const string ChipName = "complex_img";

    /// <summary>The first bytes of every file, of version 7.3 too.</summary>
    public static ReadOnlySpan<byte> Signature => "MATLAB "u8;

    /// <summary>Decodes the array.</summary>
    /// <exception cref="InputException">The file is corrupt, truncated, too large, or has no such array.</exception>
    public static Image Decode(string name, byte[] file) =>
        Open(name, file, (reader, array) => Read(name, reader, array, SizeOf(name, array)));

    /// <summary>Decodes the array for its size.</summary>
    /// <exception cref="InputException">As <see cref="Decode"/>.</exception>
    public static ImageShape Measure(string name, byte[] file) => ImageShape.Of(Decode(name, file));

    /// <summary>Reads the size only.</summary>
    /// <exception cref="InputException">As <see cref="Decode"/>.</exception>
    public static ImageShape MeasureSides(string name, byte[] file) => Open(name, file, (_, array) => SizeOf(name, array));

    private static T Open<T>(string name, byte[] file, Func<MatReader, MatArray, T> read)
    {
        if (file.AsSpan().StartsWith("MATLAB 7.3"u8))
            throw new InputException($"{name} is a MATLAB file of version 7.3, which is not read; one saved with -v7 was expected");
        return SharpDecoder.Guard(name, Format, () =>
        {
            var reader = new MatReader(name, file);
            return read(reader, Choose(name, reader.ReadArrays()));
        });
    }

    private static MatArray Choose(string name, List<MatArray> arrays)
    {
        if (arrays.Find(array => array.Name == ChipName) is { } chip) return chip;
        if (arrays is [var only]) return only;
        var names = arrays.Count == 0 ? "" : $": {Phrases.First(arrays.ConvertAll(array => $"{array}"))}";
        throw new InputException(
            $"{name} is a MATLAB file with {arrays.Count} arrays of rows and columns{names}; one was expected, or one called {ChipName}");
    }

    private static ImageShape SizeOf(string name, MatArray array)
    {
        if (array.Sizes.Length > 3)
            throw new InputException($"{name} has the array {array}; rows and columns, or rows, columns and bands were expected");
        var (rows, columns, bands) = (array.Sizes[0], array.Sizes[1], array.Sizes is [_, _, var last] ? last : 1);
        Image.CheckSize(name, columns, rows, bands, 2 * sizeof(double));
        return new(bands, rows, columns);
    }

    private static Image Read(string name, MatReader reader, MatArray array, ImageShape size)
    {
        var (bands, rows, columns) = size;
        var values = reader.Numbers(array.Real, rows * columns * bands);
        if (array.Imaginary is null) return FromReal(name, bands, rows, columns, Transpose(values, rows, columns));
        var imaginary = reader.Numbers(array.Imaginary, values.Length);
        for (var i = 0; i < values.Length; i++) values[i] = double.Hypot(values[i], imaginary[i]);
        return Image.FromMagnitudes(name, bands, rows, columns, Transpose(values, rows, columns));
    }

    private static Image FromReal(string name, int bands, int rows, int columns, float[] samples)
    {
        foreach (var sample in samples)
        {
            if (!float.IsFinite(sample))
                throw new InputException(Invariant($"{name} holds the sample {sample}; finite numbers were expected"));
        }

        return Image.FromFloats(bands, rows, columns, samples);
    }

    // MATLAB stores columns one after another, then bands.
    private static float[] Transpose(double[] values, int rows, int columns)
    {
        var result = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var (band, pixel) = Math.DivRem(i, rows * columns);
            result[band * rows * columns + pixel % rows * columns + pixel / rows] = (float)values[i];
        }

        return result;
    }
}
