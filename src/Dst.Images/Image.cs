using System.Runtime.InteropServices;

namespace Dst.Images;

/// <summary>
/// An image of 1 to 16 bands, stored by planes: [Channels, Height, Width]. Samples of 8 or 16 bits are unsigned: a sample v stands for
/// v/255 or v/65535, a value in [0, 1]. Samples of 32 bits are floats that stand for themselves.
/// </summary>
/// <example>
/// <code>
/// var photo = Image.Read("photo.png");
/// var frame = Image.FromFrame(PixelOrder.Bgr, height: 480, width: 640, new byte[480 * 640 * 3]);
/// </code>
/// </example>
public sealed partial class Image
{
    /// <summary>Largest side that is read, in pixels.</summary>
    public const int MaxSide = 16384;

    /// <summary>Largest area that is read, in pixels.</summary>
    public const long MaxPixels = 64L << 20;

    /// <summary>Largest number of bands.</summary>
    public const int MaxChannels = 16;

    private const long MaxBytes = 512L << 20;

    /// <summary>Wraps planar samples, in the machine's byte order.</summary>
    /// <param name="channels">Bands, 1 to <see cref="MaxChannels"/>.</param>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Columns, at least 1.</param>
    /// <param name="bitsPerSample">8 or 16 for whole numbers, 32 for floats.</param>
    /// <param name="data">Samples [channels, height, width]; not copied.</param>
    /// <exception cref="ArgumentException">A size, the channels or the bits are illegal, or the length does not match.</exception>
    public Image(int channels, int height, int width, int bitsPerSample, ReadOnlyMemory<byte> data)
    {
        CheckLayout(channels, height, width, bitsPerSample);
        var expected = CountOf(channels, height, width) * (bitsPerSample / 8);
        if (data.Length != expected)
            throw new ArgumentException(
                Invariant($"{data.Length} bytes for {channels}x{height}x{width} samples of {bitsPerSample} bits; {expected} bytes ")
                + "expected");
        (Channels, Height, Width, BitsPerSample, Data) = (channels, height, width, bitsPerSample, data);
    }

    /// <summary>1 (grey), 3 (red, green, blue), or another number of bands.</summary>
    public int Channels { get; }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>8 or 16 for unsigned samples, 32 for floats.</summary>
    public int BitsPerSample { get; }

    /// <summary>Samples, plane by plane.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>
    /// Samples that the file marked as without data: the value of its no-data tag, NaN or infinity. They have the smallest other value of
    /// their band, or 0 in an image of 8 or 16 bits.
    /// </summary>
    public long NoData { get; init; }

    /// <summary>What is wrong with the file that nevertheless could be read, in one sentence, or null.</summary>
    public string? Warning { get; init; }

    /// <summary>What messages call the image.</summary>
    public string Name { get; init; } = "an image";

    /// <summary>Whether samples are floats.</summary>
    internal bool IsFloat => BitsPerSample == 32;

    /// <summary>
    /// The samples as <typeparamref name="T"/>: <see cref="byte"/> for 8 bits, <see cref="ushort"/> for 16, <see cref="float"/> for 32.
    /// </summary>
    internal ReadOnlySpan<T> Samples<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(Data.Span);

    /// <summary>The samples of one band.</summary>
    internal ReadOnlySpan<T> Plane<T>(int channel) where T : unmanaged =>
        Samples<T>().Slice(channel * Height * Width, Height * Width);

    /// <summary>
    /// Makes an image of samples that lie pixel by pixel, [Height, Width, Channels]. Three channels are red, green and blue, in this order;
    /// <see cref="FromFrame"/> takes others.
    /// </summary>
    /// <param name="channels">1 to 16.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="bitsPerSample">8, 16 or 32.</param>
    /// <param name="data">Samples, in the machine's byte order. Kept, not copied, if there is one channel.</param>
    /// <exception cref="ArgumentNullException"><paramref name="data"/> is null.</exception>
    /// <exception cref="ArgumentException">A size, the channels or the bits are illegal, or the length does not match.</exception>
    public static Image FromInterleaved(int channels, int height, int width, int bitsPerSample, byte[] data)
    {
        ArgumentNullException.ThrowIfNull(data);
        var interleaved = new Image(channels, height, width, bitsPerSample, data);
        if (channels == 1) return interleaved;
        var planar = new byte[data.Length];
        switch (bitsPerSample)
        {
            case 8: Separate<byte>(data, planar, channels); break;
            case 16: Separate(MemoryMarshal.Cast<byte, ushort>(data), MemoryMarshal.Cast<byte, ushort>(planar.AsSpan()), channels); break;
            default: Separate(MemoryMarshal.Cast<byte, float>(data), MemoryMarshal.Cast<byte, float>(planar.AsSpan()), channels); break;
        }

        return new(channels, height, width, bitsPerSample, planar);
    }

    /// <summary>
    /// Makes an image of the frame of a camera, a screen or a drawing library: 8 bits a sample, pixel by pixel, row by row from the top.
    /// </summary>
    /// <param name="order">The samples of a pixel. Alpha is blended with black, as in image files.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="pixels">The frame, which is copied. Padding behind the last row may be missing.</param>
    /// <param name="stride">Bytes from the beginning of a row to that of the next, or 0 if rows have no padding.</param>
    /// <exception cref="ArgumentException">A size or the order is illegal, or the length does not match.</exception>
    public static Image FromFrame(PixelOrder order, int height, int width, ReadOnlySpan<byte> pixels, int stride = 0)
    {
        var layout = FrameLayout.Of(order);
        CheckLayout(layout.Colours.Length, height, width, 8);
        return new(layout.Colours.Length, height, width, 8, layout.Separate(height, width, pixels, stride));
    }

    /// <summary>Makes an image of floats, which keep their values. A photograph has samples from 0 to 1.</summary>
    /// <param name="channels">1 to 16.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="samples">Plane by plane, [Channels, Height, Width].</param>
    /// <exception cref="ArgumentException">A size or the channels are illegal, or the length does not match.</exception>
    /// <exception cref="InputException">A sample is not a finite number.</exception>
    public static Image FromFloats(int channels, int height, int width, ReadOnlySpan<float> samples)
    {
        CheckLayout(channels, height, width, 32);
        var expected = CountOf(channels, height, width);
        if (samples.Length != expected)
            throw new ArgumentException(
                Invariant($"{samples.Length} floats for {channels}x{height}x{width} samples; {expected} floats expected"));
        for (var i = 0; i < samples.Length; i++)
        {
            if (!float.IsFinite(samples[i]))
                throw new InputException(Invariant($"sample {i} of an image is {samples[i]}; a finite number was expected"));
        }

        return new(channels, height, width, 32, MemoryMarshal.AsBytes(samples).ToArray());
    }

    /// <summary>
    /// Divides planar float samples by the largest of them, so that the maximum becomes 1, and rounds to 16 bits. Negative samples
    /// become 0. An image of zeros stays zero.
    /// </summary>
    /// <exception cref="InputException">A sample is not a finite number.</exception>
    internal static Image FromMagnitudes(string name, int channels, int height, int width, ReadOnlySpan<float> samples)
    {
        var max = 0f;
        foreach (var sample in samples)
        {
            if (!float.IsFinite(sample))
                throw new InputException(Invariant($"{name} holds the sample {sample}; finite numbers were expected"));
            max = Math.Max(max, sample);
        }

        var data = new byte[samples.Length * sizeof(ushort)];
        var words = MemoryMarshal.Cast<byte, ushort>(data.AsSpan());
        var scale = max > 0 ? ushort.MaxValue / (double)max : 0;
        for (var i = 0; i < samples.Length; i++) words[i] = (ushort)(Math.Max(samples[i], 0) * scale + 0.5);
        return new(channels, height, width, 16, data);
    }

    /// <summary>
    /// Value of the pixels that are added around a band: 0, or the band's smallest sample if samples are floats, because only that is dark
    /// whatever the unit is.
    /// </summary>
    internal float Darkest(int channel)
    {
        if (!IsFloat) return 0;
        var darkest = float.PositiveInfinity;
        foreach (var sample in Plane<float>(channel)) darkest = Math.Min(darkest, sample);
        return darkest;
    }

    /// <summary>The image with some of its bands, in the order in which they are named.</summary>
    internal Image Select(IReadOnlyList<int> bands)
    {
        var plane = Height * Width * (BitsPerSample / 8);
        var data = new byte[bands.Count * plane];
        for (var i = 0; i < bands.Count; i++) Data.Span.Slice(bands[i] * plane, plane).CopyTo(data.AsSpan(i * plane));
        return new(bands.Count, Height, Width, BitsPerSample, data) { NoData = NoData, Warning = Warning };
    }

    /// <summary>The image, which messages call by a name. The samples are shared.</summary>
    internal Image Named(string name) => new(Channels, Height, Width, BitsPerSample, Data)
    {
        NoData = NoData,
        Warning = Warning,
        Name = name,
    };

    /// <summary>The image with a warning, beside one that it has.</summary>
    internal Image Warn(string warning) => new(Channels, Height, Width, BitsPerSample, Data)
    {
        NoData = NoData,
        Warning = Warning is null ? warning : $"{Warning}; {warning}",
    };

    /// <summary>One image of the bands of several, which have one size and one kind of samples.</summary>
    /// <exception cref="InputException">They have not.</exception>
    internal static Image Stack(IReadOnlyList<Image> images)
    {
        var first = images[0];
        if (images.Count == 1) return first;
        foreach (var image in images)
        {
            if ((image.Height, image.Width, image.BitsPerSample) != (first.Height, first.Width, first.BitsPerSample))
                throw new InputException(
                    $"the bands of an image have {first.Height}x{first.Width} pixels of {first.BitsPerSample} bits and "
                    + $"{image.Height}x{image.Width} of {image.BitsPerSample}; equal ones were expected");
        }

        byte[] data = [.. images.SelectMany(image => image.Data.ToArray())];
        return new(images.Sum(image => image.Channels), first.Height, first.Width, first.BitsPerSample, data)
        {
            NoData = images.Sum(image => image.NoData),
            Warning = images.Select(image => image.Warning).FirstOrDefault(warning => warning is not null),
        };
    }

    /// <summary>Refuses sizes that a header declares before memory is taken for them.</summary>
    /// <exception cref="InputException">A side, the area, the number of bands or the memory is out of range.</exception>
    internal static void CheckSize(string name, long width, long height, long channels = 1, int bytesPerSample = 1)
    {
        if (width is < 1 or > MaxSide || height is < 1 or > MaxSide || width * height > MaxPixels)
            throw new InputException(
                Invariant($"{name} declares {height}x{width} pixels; expected 1 to {MaxSide} a side and at most {MaxPixels >> 20} Mpixel"));
        if (channels is < 1 or > MaxChannels)
            throw new InputException($"{name} has {channels} bands; 1 to {MaxChannels} were expected");
        if (width * height * channels * bytesPerSample > MaxBytes)
            throw new InputException(
                $"{name} declares {height}x{width} pixels of {channels} bands of {bytesPerSample} bytes; at most {MaxBytes >> 20} MiB "
                + "of samples are read");
    }

    // Sides that a caller gives may be of any size: a long would overflow.
    private static Int128 CountOf(int channels, int height, int width) => (Int128)channels * height * width;

    private static void CheckLayout(int channels, int height, int width, int bitsPerSample)
    {
        if (channels is < 1 or > MaxChannels || bitsPerSample is not (8 or 16 or 32))
            throw new ArgumentException(
                Invariant($"{channels} channels of {bitsPerSample} bits; 1 to {MaxChannels} of 8, 16 or 32 (floats) expected"));
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
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
