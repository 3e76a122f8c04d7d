using System.Buffers.Binary;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.PixelFormats;

namespace Dst.Images.Decoding;

/// <summary>JPEG: grey files give one channel; RGB, YCbCr, CMYK and YCCK files three.</summary>
/// <remarks>
/// ImageSharp fills what is missing with grey and says nothing, and refuses bytes that belong to no marker. So the markers are walked
/// first: a file without its end is truncated, and stray bytes are left out with a warning.
/// </remarks>
internal static class JpegFile
{
    private const string Format = "JPEG";
    private const byte EndOfImage = 0xD9;
    private const byte StartOfScan = 0xDA;
    private const int MaxScans = 100; // a progressive file has about ten; each costs time for the whole image
    private const int MaxGaps = 100; // places with stray bytes

    private static readonly JpegDecoder Decoder = new();

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    public static Image Decode(string name, byte[] file)
    {
        var clean = WithoutStrayBytes(name, file);
        var image = ChannelsOf(name, clean) == 1
            ? SharpDecoder.Decode<L8, byte>(name, Format, clean, Decoder, 1)
            : SharpDecoder.Decode<Rgb24, byte>(name, Format, clean, Decoder, 3);
        return ReferenceEquals(clean, file)
            ? image
            : image.Warn($"{name} has {file.Length - clean.Length} stray bytes between its markers; they were passed over");
    }

    /// <summary>Reads bands and size only.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    public static ImageShape Measure(string name, byte[] file)
    {
        var clean = WithoutStrayBytes(name, file);
        return SharpDecoder.Measure(name, Format, clean, Decoder, ChannelsOf(name, clean));
    }

    private static int ChannelsOf(string name, byte[] file)
    {
        var metadata = SharpDecoder.Identify(name, Format, file, Decoder).Metadata;
        return metadata.GetFormatMetadata(JpegFormat.Instance).ColorType == JpegColorType.Luminance ? 1 : 3;
    }

    // Walks from marker to marker until the end of the image.
    private static byte[] WithoutStrayBytes(string name, byte[] file)
    {
        var kept = new List<Range>(); // what lies between stray bytes
        var (at, start, scans) = (2, 0, 0); // start: where the last of these ranges begins
        while (true)
        {
            var next = at < file.Length ? file.AsSpan(at).IndexOf((byte)0xFF) : -1;
            if (next < 0) throw Truncated(name);
            if (next > 0)
            {
                if (kept.Count == MaxGaps) throw SharpDecoder.Unreadable(name, Format, "it has stray bytes in too many places");
                kept.Add(start..at);
                start = at + next;
            }

            at += next;
            while (at < file.Length && file[at] == 0xFF) at++;
            if (at >= file.Length) throw Truncated(name);
            var marker = file[at++];
            if (marker == EndOfImage)
                return kept.Count == 0 ? file : [.. kept.Append(start..).SelectMany(part => file[part])];
            if (marker is 0 or 1 or (>= 0xD0 and <= 0xD7)) continue;
            if (at + 2 > file.Length) throw Truncated(name);
            at += BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at));
            if (marker != StartOfScan) continue;
            if (++scans > MaxScans)
                throw SharpDecoder.Unreadable(name, Format, $"it has more than {MaxScans} scans");
            at = EndOfScan(file, at);
        }
    }

    // The next marker after coded data, in which FF 00 is a byte and FF D0 to FF D7 are restarts.
    private static int EndOfScan(ReadOnlySpan<byte> file, int at)
    {
        while (at < file.Length)
        {
            var next = file[at..].IndexOf((byte)0xFF);
            if (next < 0 || at + next + 1 >= file.Length) return file.Length;
            at += next;
            if (file[at + 1] is not (0 or 0xFF or (>= 0xD0 and <= 0xD7))) return at;
            at += file[at + 1] == 0xFF ? 1 : 2;
        }

        return file.Length;
    }

    private static InputException Truncated(string name) => SharpDecoder.Unreadable(name, Format, "it is truncated");
}
