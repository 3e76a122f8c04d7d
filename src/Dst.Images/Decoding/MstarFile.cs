using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Dst.Images.Decoding;

/// <summary>
/// An original MSTAR chip: a text header of <c>Key= value</c> lines (PhoenixHeaderLength bytes), then NumberOfRows × NumberOfColumns
/// big-endian float32 magnitudes, then as many phases, which are not read. Magnitudes are divided by the file's largest and kept in 16
/// bits.
/// </summary>
internal static class MstarFile
{
    private const int MaxHeaderBytes = 1 << 20;

    /// <summary>The first bytes of every original file.</summary>
    public static ReadOnlySpan<byte> Signature => "[PhoenixHeaderVer"u8;

    /// <summary>Decodes the magnitudes of a whole file.</summary>
    /// <exception cref="InputException">The header lacks a key or the file is truncated.</exception>
    public static Image Decode(string name, byte[] file)
    {
        var header = HeaderOf(file);
        var start = ReadNumber(name, header, "PhoenixHeaderLength");
        var (_, height, width) = ReadSize(name, header);
        var bytes = (long)width * height * sizeof(float);
        if (start + bytes > file.Length)
            throw new InputException(
                $"{name} has {file.Length} bytes; an MSTAR header of {start} and {height}x{width} magnitudes of 4 were expected, "
                + "so it is truncated");
        var magnitudes = new float[width * height];
        for (var i = 0; i < magnitudes.Length; i++)
            magnitudes[i] = BinaryPrimitives.ReadSingleBigEndian(file.AsSpan(start + i * sizeof(float)));
        return Image.FromMagnitudes(name, 1, height, width, magnitudes);
    }

    /// <summary>Reads the size only.</summary>
    /// <exception cref="InputException">The header lacks a key.</exception>
    public static ImageShape Measure(string name, byte[] file) => ReadSize(name, HeaderOf(file));

    private static string HeaderOf(byte[] file) => Encoding.Latin1.GetString(file, 0, Math.Min(file.Length, MaxHeaderBytes));

    private static ImageShape ReadSize(string name, string header)
    {
        var (height, width) = (ReadNumber(name, header, "NumberOfRows"), ReadNumber(name, header, "NumberOfColumns"));
        Image.CheckSize(name, width, height);
        return new(1, height, width);
    }

    private static int ReadNumber(string name, string header, string key)
    {
        var at = header.IndexOf($"\n{key}=", StringComparison.Ordinal);
        if (at < 0) throw new InputException($"{name} is an MSTAR file whose header has no {key}");
        at += key.Length + 2;
        var end = header.IndexOf('\n', at);
        var text = header[at..(end < 0 ? header.Length : end)].Trim();
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new InputException($"{name} is an MSTAR file whose {key} is '{text}'; a whole number was expected");
        return number;
    }
}
