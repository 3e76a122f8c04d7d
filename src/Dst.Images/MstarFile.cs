using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Dst.Images;

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
    public static Image Decode(string path, byte[] file)
    {
        var header = Encoding.Latin1.GetString(file, 0, Math.Min(file.Length, MaxHeaderBytes));
        var start = ReadNumber(path, header, "PhoenixHeaderLength");
        var height = ReadNumber(path, header, "NumberOfRows");
        var width = ReadNumber(path, header, "NumberOfColumns");
        Image.CheckSize(path, width, height);
        var bytes = (long)width * height * sizeof(float);
        if (start + bytes > file.Length)
            throw new InputException(
                $"file '{path}' has {file.Length} bytes; an MSTAR header of {start} and {width}x{height} magnitudes of 4 were expected, "
                + "so it is truncated");
        var magnitudes = new float[width * height];
        for (var i = 0; i < magnitudes.Length; i++)
            magnitudes[i] = BinaryPrimitives.ReadSingleBigEndian(file.AsSpan(start + i * sizeof(float)));
        return Image.FromMagnitudes(path, 1, height, width, magnitudes);
    }

    private static int ReadNumber(string path, string header, string key)
    {
        var at = header.IndexOf($"\n{key}=", StringComparison.Ordinal);
        if (at < 0) throw new InputException($"file '{path}' is an MSTAR file whose header has no {key}");
        at += key.Length + 2;
        var end = header.IndexOf('\n', at);
        var text = header[at..(end < 0 ? header.Length : end)].Trim();
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            throw new InputException($"file '{path}' is an MSTAR file whose {key} is '{text}'; a whole number was expected");
        return number;
    }
}
