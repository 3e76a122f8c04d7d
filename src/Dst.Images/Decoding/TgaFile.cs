using System.Buffers.Binary;
using SixLabors.ImageSharp.Formats.Tga;
using SixLabors.ImageSharp.PixelFormats;

namespace Dst.Images.Decoding;

/// <summary>Truevision TGA: grey files give one channel, others three.</summary>
internal static class TgaFile
{
    private const string Format = "TGA";
    private const int HeaderBytes = 18;
    private const int AlphaBits = 0x0F; // of the last byte of the header

    private static readonly TgaDecoder Decoder = new();

    /// <summary>Whether the header is one of a TGA, which has no signature.</summary>
    public static bool Recognises(byte[] file) =>
        file.Length > HeaderBytes && file[1] <= 1 && file[2] is 1 or 2 or 3 or 9 or 10 or 11 && file[16] is 8 or 15 or 16 or 24 or 32
        && BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(12)) > 0 && BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(14)) > 0;

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    public static Image Decode(string name, byte[] file)
    {
        var info = SharpDecoder.Identify(name, Format, file, Decoder);
        if (!IsComplete(file, (long)info.Width * info.Height)) throw SharpDecoder.Unreadable(name, Format, "it is truncated");
        if (ChannelsOf(file) == 3) return SharpDecoder.Decode<Rgba32, byte>(name, Format, file, Decoder, 4);
        if (file[16] == 8) return SharpDecoder.Decode<L8, byte>(name, Format, file, Decoder, 1);
        return file[16] == 16 && (file[17] & AlphaBits) == 8
            ? SharpDecoder.Decode<La16, byte>(name, Format, file, Decoder, 2)
            : throw new InputException(
                $"{name} is a grey TGA of {file[16]} bits with {file[17] & AlphaBits} bits of alpha; 8 bits, or 16 with 8 of alpha, were "
                + "expected");
    }

    /// <summary>Reads bands and size only.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    public static ImageShape Measure(string name, byte[] file) => SharpDecoder.Measure(name, Format, file, Decoder, ChannelsOf(file));

    // ImageSharp leaves pixels black that are not there.
    private static bool IsComplete(byte[] file, long pixels)
    {
        const int firstPacked = 9;
        var bytes = (file[16] + 7) / 8;
        long at = HeaderBytes + file[0] + BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(5)) * file[1] * ((file[7] + 7) / 8);
        if (file[2] < firstPacked) return at + pixels * bytes <= file.Length;
        for (; pixels > 0 && at < file.Length; at++)
        {
            var count = (file[at] & 0x7F) + 1; // of one pixel if the bit above is set, else of as many
            pixels -= count;
            at += (file[at] & 0x80) != 0 ? bytes : count * bytes;
        }

        return pixels <= 0 && at <= file.Length;
    }

    private static int ChannelsOf(byte[] file) => file[2] is 3 or 11 ? 1 : 3;
}
