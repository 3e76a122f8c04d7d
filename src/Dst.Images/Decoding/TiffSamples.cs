using System.Numerics;
using System.Runtime.InteropServices;

namespace Dst.Images.Decoding;

/// <summary>Makes an image of the planes of a TIFF: alpha, inverted greys, samples without data, floats.</summary>
internal static class TiffSamples
{
    /// <summary>No measured value is as large: writers fill with the largest float, 1e30 or 9.97e36.</summary>
    private const float NoDataFrom = 1e30f;

    /// <summary>Makes the image.</summary>
    /// <param name="name">What messages call the file.</param>
    /// <param name="layout">What the planes hold.</param>
    /// <param name="planes">[Channels, Height, Width] in the machine's byte order.</param>
    /// <exception cref="InputException">A band has no sample with data.</exception>
    public static Image ToImage(string name, TiffLayout layout, byte[] planes) => layout.IsCompact
        ? layout.SampleBytes == 1 ? Compact<byte>(layout, planes) : Compact<ushort>(layout, planes)
        : Floats(name, layout, planes);

    private static Image Compact<T>(TiffLayout layout, byte[] data) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var samples = MemoryMarshal.Cast<byte, T>(data.AsSpan());
        var area = layout.Height * layout.Width;
        var colours = samples[..(layout.Bands * area)];
        var noData = ClearNoData(colours, layout.NoData, layout.IsInverted ? T.MaxValue : T.Zero);
        if (layout.IsInverted)
        {
            foreach (ref var sample in colours) sample = T.MaxValue - sample;
        }

        if (layout.HasAlpha && !layout.IsAlphaApplied) ApplyAlpha(colours, samples[(layout.Bands * area)..]);
        var kept = data.AsMemory(0, layout.Bands * area * layout.SampleBytes);
        return new(layout.Bands, layout.Height, layout.Width, layout.SampleBytes * 8, kept) { NoData = noData };
    }

    // Only a value that T can have marks samples.
    private static long ClearNoData<T>(Span<T> samples, double? marker, T dark)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        if (marker is not { } value || !double.IsInteger(value) || value < 0 || value > double.CreateTruncating(T.MaxValue)) return 0;
        var (mark, count) = (T.CreateTruncating(value), 0L);
        foreach (ref var sample in samples)
        {
            if (sample != mark) continue;
            sample = dark;
            count++;
        }

        return count;
    }

    private static void ApplyAlpha<T>(Span<T> colours, ReadOnlySpan<T> alpha) where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var opaque = ulong.CreateTruncating(T.MaxValue);
        for (var i = 0; i < colours.Length; i++)
        {
            var product = ulong.CreateTruncating(colours[i]) * ulong.CreateTruncating(alpha[i % alpha.Length]);
            colours[i] = T.CreateTruncating((product + opaque / 2) / opaque);
        }
    }

    private static Image Floats(string name, TiffLayout layout, byte[] data)
    {
        var values = (layout.Format, layout.SampleBytes) switch
        {
            (TiffSampleFormat.Unsigned, _) => Convert<uint>(data),
            (TiffSampleFormat.Signed, 1) => Convert<sbyte>(data),
            (TiffSampleFormat.Signed, 2) => Convert<short>(data),
            (TiffSampleFormat.Signed, _) => Convert<int>(data),
            (_, 4) => Convert<float>(data),
            _ => Convert<double>(data),
        };
        var area = layout.Height * layout.Width;
        var noData = 0L;
        for (var c = 0; c < layout.Channels; c++) noData += FillNoData(name, values.AsSpan(c * area, area), layout.NoData);
        return new(layout.Channels, layout.Height, layout.Width, 32, MemoryMarshal.AsBytes<float>(values).ToArray())
        {
            NoData = noData,
            Warning = layout.HasInvertedFloats
                ? $"{name} says that 0 is white (PhotometricInterpretation 0); its samples keep their values nevertheless"
                : null,
        };
    }

    private static float[] Convert<T>(byte[] data) where T : unmanaged, INumber<T>
    {
        var source = MemoryMarshal.Cast<byte, T>(data);
        var values = new float[source.Length];
        for (var i = 0; i < values.Length; i++) values[i] = float.CreateTruncating(source[i]);
        return values;
    }

    // Samples without data become dark, so that they look like the pixels that are added around a small image.
    private static long FillNoData(string name, Span<float> band, double? marker)
    {
        var (darkest, count) = (float.PositiveInfinity, 0L);
        foreach (var value in band)
        {
            if (IsNoData(value, marker)) count++;
            else darkest = Math.Min(darkest, value);
        }

        if (count == band.Length) throw new InputException($"{name} has a band without a single sample with data");
        if (count == 0) return 0;
        foreach (ref var value in band)
        {
            if (IsNoData(value, marker)) value = darkest;
        }

        return count;
    }

    // Many writers leave the tag out.
    private static bool IsNoData(float value, double? marker) =>
        !float.IsFinite(value) || Math.Abs(value) >= NoDataFrom || marker is { } mark && value == (float)mark;
}
