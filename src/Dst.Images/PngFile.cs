using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Dst.Images;

/// <summary>
/// PNG through the simplified interface of libpng, whose errors are return values. Samples are read as they are stored: gamma and colour
/// profiles are ignored. Palettes become RGB, and transparent pixels are blended with black.
/// </summary>
internal static unsafe partial class PngFile
{
    private const uint Version = 1;
    private const uint FormatColour = 2;
    private const uint Format16Bit = 4;
    private const int ChunkOverhead = 12;

    /// <summary>The first bytes of every PNG file.</summary>
    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Decodes a whole file of any colour type and depth.</summary>
    /// <exception cref="InputException">The file is corrupt, truncated or too large, or the library is missing.</exception>
    public static Image Decode(string path, byte[] file)
    {
        ImageLibrary.Png.Require(path);
        var chunks = KeepCriticalChunks(path, file);
        var image = new PngImage { Version = Version };
        try
        {
            // libpng keeps a pointer into the file until the image is finished.
            fixed (byte* pointer = chunks)
            {
                Check(path, in image, png_image_begin_read_from_memory(ref image, pointer, (nuint)chunks.Length));
                Image.CheckSize(path, image.Width, image.Height);
                image.Format &= FormatColour | Format16Bit;
                var channels = (image.Format & FormatColour) != 0 ? 3 : 1;
                var bits = (image.Format & Format16Bit) != 0 ? 16 : 8;
                var pixels = new byte[(long)channels * image.Width * image.Height * (bits / 8)];
                Check(path, in image, png_image_finish_read(ref image, null, pixels, 0, null));
                return Image.FromInterleaved(channels, (int)image.Height, (int)image.Width, bits, pixels);
            }
        }
        finally
        {
            png_image_free(ref image);
        }
    }

    /// <summary>Encodes 8-bit samples that lie pixel by pixel, [height, width, channels].</summary>
    /// <exception cref="InputException">The library is missing.</exception>
    public static byte[] Encode(string path, int channels, int height, int width, byte[] pixels)
    {
        ImageLibrary.Png.Require(path);
        if (channels is not (1 or 3) || pixels.Length != (long)channels * height * width)
            throw new ArgumentException($"{pixels.Length} bytes for {height}x{width}x{channels} pixels");
        var format = channels == 3 ? FormatColour : 0;
        var image = new PngImage { Version = Version, Width = (uint)width, Height = (uint)height, Format = format };
        nuint length = 0;
        Check(path, in image, png_image_write_to_memory(ref image, null, ref length, 0, pixels, 0, null));
        var file = new byte[(int)length];
        Check(path, in image, png_image_write_to_memory(ref image, file, ref length, 0, pixels, 0, null));
        return file;
    }

    // Ancillary chunks (lower-case first letter) hold gamma, profiles and text, which would change samples or waste memory.
    private static byte[] KeepCriticalChunks(string path, byte[] file)
    {
        using var kept = new MemoryStream(file.Length);
        kept.Write(Signature);
        ReadOnlySpan<byte> rest = file.AsSpan(Signature.Length), type = default;
        while (!type.SequenceEqual("IEND"u8))
        {
            var length = rest.Length < ChunkOverhead ? long.MaxValue : BinaryPrimitives.ReadUInt32BigEndian(rest) + (long)ChunkOverhead;
            if (length > rest.Length) throw new InputException($"file '{path}' is not a readable PNG: it is truncated");
            type = rest.Slice(4, 4);
            if (char.IsAsciiLetterUpper((char)type[0])) kept.Write(rest[..(int)length]);
            rest = rest[(int)length..];
        }

        return kept.ToArray();
    }

    private static void Check(string path, in PngImage image, int succeeded)
    {
        if (succeeded != 0) return;
        fixed (byte* message = image.Message)
            throw new InputException($"file '{path}' is not a readable PNG: {Marshal.PtrToStringUTF8((nint)message)}");
    }

    [LibraryImport(ImageLibrary.PngFile)]
    private static partial int png_image_begin_read_from_memory(ref PngImage image, byte* memory, nuint size);

    [LibraryImport(ImageLibrary.PngFile)]
    private static partial int png_image_finish_read(
        ref PngImage image, void* background, [Out] byte[] buffer, int rowStride, void* colourMap);

    [LibraryImport(ImageLibrary.PngFile)]
    private static partial int png_image_write_to_memory(
        ref PngImage image, [Out] byte[]? memory, ref nuint length, int convertTo8Bit, byte[] buffer, int rowStride, void* colourMap);

    [LibraryImport(ImageLibrary.PngFile)]
    private static partial void png_image_free(ref PngImage image);

    /// <summary>libpng's <c>png_image</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PngImage
    {
        public nint Opaque;
        public uint Version;
        public uint Width;
        public uint Height;
        public uint Format;
        public uint Flags;
        public uint ColourMapEntries;
        public uint WarningOrError;
        public fixed byte Message[64];
    }
}
