using System.Runtime.InteropServices;
using Dst.Foundations;

namespace Dst.Images.Decoding;

/// <summary>
/// Netpbm's P1 to P6: bitmaps, grey and colour, as text or binary. Samples are scaled from 0..maximum to 8 bits if that is exact, else
/// to 16.
/// </summary>
/// <remarks>Read here because ImageSharp 2 does not scale by the maximum, so that an image of 12 bits would be dark.</remarks>
internal static class PnmFile
{
    private const string Format = "PGM";

    /// <summary>Whether a file starts as a Netpbm file does.</summary>
    public static bool Recognises(byte[] file) =>
        file.Length > 2 && file[0] == 'P' && file[1] is >= (byte)'1' and <= (byte)'6' && IsSpace(file[2]);

    /// <summary>Decodes a file.</summary>
    /// <exception cref="InputException">It is corrupt, truncated or too large.</exception>
    public static Image Decode(string name, byte[] file)
    {
        var reader = new Reader(name, file);
        var (size, maximum, kind) = reader.Header();
        var count = size.Channels * size.Height * size.Width;
        var isDeep = BytesPerSample(maximum) == 2;
        var data = new byte[count * BytesPerSample(maximum)];
        var words = MemoryMarshal.Cast<byte, ushort>(data.AsSpan());
        var limit = isDeep ? ushort.MaxValue : byte.MaxValue;
        for (var i = 0; i < count; i++)
        {
            var sample = kind switch
            {
                1 => 1 - reader.Bit(),
                4 => 1 - reader.PackedBit(i % size.Width),
                2 or 3 => reader.Number(),
                _ => reader.Sample(maximum > byte.MaxValue),
            };
            if (sample > maximum) throw SharpDecoder.Unreadable(name, Format, $"the sample {sample} is above the maximum {maximum}");
            var scaled = (sample * (long)limit + maximum / 2) / maximum;
            if (isDeep) words[i] = (ushort)scaled;
            else data[i] = (byte)scaled;
        }

        var image = Image.FromInterleaved(size.Channels, size.Height, size.Width, isDeep ? 16 : 8, data);
        var surplus = reader.Rest(isText: kind <= 3);
        return surplus > 0
            ? image.Warn($"{name} has {Phrases.Count(surplus, "byte")} behind its last pixel; they were passed over")
            : image;
    }

    /// <summary>Reads bands and size only.</summary>
    /// <exception cref="InputException">The header is corrupt, or the size is too large.</exception>
    public static ImageShape Measure(string name, byte[] file) => new Reader(name, file).Header().Size;

    private static int BytesPerSample(int maximum) => byte.MaxValue % maximum == 0 ? 1 : 2;

    private static bool IsSpace(byte c) => c is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n' or 11 or 12;

    private sealed class Reader(string name, byte[] file)
    {
        private int _at = 2; // behind the P and the kind

        /// <summary>Size, maximum and kind: 1 bits, 2 grey and 3 colour as text, and 4 to 6 the same in binary.</summary>
        public (ImageShape Size, int Maximum, int Kind) Header()
        {
            var kind = file[1] - '0';
            int width = Number(), height = Number();
            var maximum = kind is 1 or 4 ? 1 : Number();
            if (maximum is < 1 or > ushort.MaxValue)
                throw SharpDecoder.Unreadable(name, Format, $"its maximum is {maximum}; 1 to {ushort.MaxValue} was expected");
            var channels = kind is 3 or 6 ? 3 : 1;
            Image.CheckSize(name, width, height, channels, BytesPerSample(maximum));
            if (kind >= 4)
                EndHeader(kind == 4 ? height * ((width + 7L) / 8) : (long)height * width * channels * (maximum > byte.MaxValue ? 2 : 1));
            return (new(channels, height, width), maximum, kind);
        }

        /// <summary>How many bytes are left, apart from the space behind a text.</summary>
        public int Rest(bool isText)
        {
            if (isText) SkipSpace();
            return file.Length - _at;
        }

        public int Number()
        {
            SkipSpace();
            var (number, start) = (0L, _at);
            while (_at < file.Length && char.IsAsciiDigit((char)file[_at]) && number <= int.MaxValue)
                number = 10 * number + file[_at++] - '0';
            if (_at == start) throw SharpDecoder.Unreadable(name, Format, _at == file.Length ? "it is truncated" : "a number is missing");
            return number <= int.MaxValue ? (int)number : throw SharpDecoder.Unreadable(name, Format, "a number is too large");
        }

        public int Bit()
        {
            SkipSpace();
            return Next() - '0' is var bit and (0 or 1) ? bit : throw SharpDecoder.Unreadable(name, Format, "a bit is neither 0 nor 1");
        }

        // Rows of bits start at a byte, the most significant bit first.
        public int PackedBit(int column)
        {
            if (column % 8 == 0) Next();
            return (file[_at - 1] >> (7 - column % 8)) & 1;
        }

        public int Sample(bool isDeep)
        {
            if (!isDeep) return Next();
            var high = Next();
            return high << 8 | Next();
        }

        // One space ends the header of a binary file. Some programs of Windows write two, \r and \n; else the \n is the first pixel.
        private void EndHeader(long bytesOfPixels)
        {
            if (_at < file.Length && file[_at] == '#') SkipComment();
            var end = Next();
            if (!IsSpace(end)) throw SharpDecoder.Unreadable(name, Format, "no space ends its header");
            if (end == '\r' && file.Length - _at > bytesOfPixels && file[_at] == '\n') _at++;
        }

        private byte Next() => _at < file.Length ? file[_at++] : throw SharpDecoder.Unreadable(name, Format, "it is truncated");

        private void SkipSpace()
        {
            while (_at < file.Length && (IsSpace(file[_at]) || file[_at] == '#'))
            {
                if (file[_at] == '#') SkipComment();
                else _at++;
            }
        }

        private void SkipComment()
        {
            while (_at < file.Length && file[_at] is not ((byte)'\n' or (byte)'\r')) _at++;
        }
    }
}
