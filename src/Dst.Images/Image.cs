using System.Runtime.InteropServices;

namespace Dst.Images;

/// <summary>
/// A grey or colour image of unsigned 8- or 16-bit samples, stored compactly by planes: [Channels, Height, Width].
/// A sample v stands for v/255 or v/65535, a value in [0, 1].
/// </summary>
public sealed class Image
{
    /// <summary>Largest side that is read, in pixels.</summary>
    public const int MaxSide = 16384;

    /// <summary>Largest area that is read, in pixels.</summary>
    public const long MaxPixels = 64L << 20;

    /// <summary>Wraps planar samples, 16-bit ones in the machine's byte order.</summary>
    /// <exception cref="ArgumentException">A size, the channels or the bits are illegal, or the length does not match.</exception>
    public Image(int channels, int height, int width, int bitsPerSample, ReadOnlyMemory<byte> data)
    {
        if (channels is not (1 or 3) || bitsPerSample is not (8 or 16))
            throw new ArgumentException($"{channels} channels of {bitsPerSample} bits; 1 or 3 of 8 or 16 expected");
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (data.Length != (long)channels * height * width * (bitsPerSample / 8))
            throw new ArgumentException($"{data.Length} bytes for {channels}x{height}x{width} samples of {bitsPerSample} bits");
        (Channels, Height, Width, BitsPerSample, Data) = (channels, height, width, bitsPerSample, data);
    }

    /// <summary>1 (grey) or 3 (red, green, blue).</summary>
    public int Channels { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>8 or 16.</summary>
    public int BitsPerSample { get; }

    /// <summary>Samples, plane by plane.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The samples as <typeparamref name="T"/>: <see cref="byte"/> for 8 bits, <see cref="ushort"/> for 16.</summary>
    internal ReadOnlySpan<T> Samples<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(Data.Span);

    /// <summary>Reads a JPEG, PNG, TIFF or original MSTAR file. The first bytes tell the format.</summary>
    /// <exception cref="InputException">
    /// The file is missing, unreadable, empty, corrupt, truncated, too large or of another format, or the system lacks the library that
    /// decodes it.
    /// </exception>
    public static Image Read(string path) => ImageFile.Read(path);

    /// <summary>Makes an image of samples that lie pixel by pixel, [Height, Width, Channels], as most libraries have them.</summary>
    /// <param name="channels">1 or 3.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="bitsPerSample">8 or 16.</param>
    /// <param name="data">Samples, 16-bit ones in the machine's byte order. Kept, not copied, if there is one channel.</param>
    /// <exception cref="ArgumentException">A size, the channels or the bits are illegal, or the length does not match.</exception>
    public static Image FromInterleaved(int channels, int height, int width, int bitsPerSample, byte[] data)
    {
        var interleaved = new Image(channels, height, width, bitsPerSample, data);
        if (channels == 1) return interleaved;
        var planar = new byte[data.Length];
        if (bitsPerSample == 8) Separate<byte>(data, planar, channels);
        else Separate(MemoryMarshal.Cast<byte, ushort>(data), MemoryMarshal.Cast<byte, ushort>(planar.AsSpan()), channels);
        return new(channels, height, width, bitsPerSample, planar);
    }

    /// <summary>Makes an image of samples from 0 to 1, rounded to 16 bits.</summary>
    /// <param name="channels">1 or 3.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="samples">Plane by plane, [Channels, Height, Width].</param>
    /// <exception cref="ArgumentException">A size or the channels are illegal, or the length does not match.</exception>
    /// <exception cref="InputException">A sample is not a number from 0 to 1.</exception>
    public static Image FromFloats(int channels, int height, int width, ReadOnlySpan<float> samples)
    {
        var data = new byte[samples.Length * sizeof(ushort)];
        var words = MemoryMarshal.Cast<byte, ushort>(data.AsSpan());
        for (var i = 0; i < samples.Length; i++)
        {
            if (!(samples[i] is >= 0 and <= 1))
                throw new InputException($"sample {i} of an image is {samples[i]}; a number from 0 to 1 was expected");
            words[i] = (ushort)(samples[i] * ushort.MaxValue + 0.5f);
        }

        return new(channels, height, width, 16, data);
    }

    /// <summary>
    /// Divides planar float samples by the largest of them, so that the maximum becomes 1, and rounds to 16 bits. Negative samples
    /// become 0. An image of zeros stays zero.
    /// </summary>
    /// <exception cref="InputException">A sample is not a finite number.</exception>
    internal static Image FromMagnitudes(string path, int channels, int height, int width, ReadOnlySpan<float> samples)
    {
        var max = 0f;
        foreach (var sample in samples)
        {
            if (!float.IsFinite(sample)) throw new InputException($"file '{path}' holds the sample {sample}; finite numbers were expected");
            max = Math.Max(max, sample);
        }

        var data = new byte[samples.Length * sizeof(ushort)];
        var words = MemoryMarshal.Cast<byte, ushort>(data.AsSpan());
        var scale = max > 0 ? ushort.MaxValue / (double)max : 0;
        for (var i = 0; i < samples.Length; i++) words[i] = (ushort)(Math.Max(samples[i], 0) * scale + 0.5);
        return new(channels, height, width, 16, data);
    }

    /// <summary>Refuses sizes that a header declares before memory is taken for them.</summary>
    /// <exception cref="InputException">A side or the area is out of range.</exception>
    internal static void CheckSize(string path, long width, long height)
    {
        if (width is < 1 or > MaxSide || height is < 1 or > MaxSide || width * height > MaxPixels)
            throw new InputException(
                $"file '{path}' declares {width}x{height} pixels; expected 1 to {MaxSide} a side and at most {MaxPixels >> 20} Mpixel");
    }

    private static void Separate<T>(ReadOnlySpan<T> interleaved, Span<T> planar, int channels)
    {
        var pixels = interleaved.Length / channels;
        for (var c = 0; c < channels; c++)
        {
            var plane = planar.Slice(c * pixels, pixels);
            for (var i = 0; i < plane.Length; i++) plane[i] = interleaved[i * channels + c];
        }
    }
}
