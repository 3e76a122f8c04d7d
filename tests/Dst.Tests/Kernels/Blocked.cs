using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Tests.Kernels;

/// <summary>
/// Blocked images [N, C/16, H, W, 16] for tests, indexed as [n, c, y, x], with guard floats on both sides that show whether a
/// kernel wrote outside.
/// </summary>
internal sealed unsafe class Blocked : IDisposable
{
    private const int GuardLength = 32;
    private const float Guard = 12345.5f;
    private readonly AlignedBuffer _buffer;

    /// <summary>All zero.</summary>
    public Blocked(int images, int channels, int height, int width)
    {
        (Images, Channels, Height, Width) = (images, channels, height, width);
        Length = checked((int)(images * Layout.ImageLength(channels, Pixels)));
        _buffer = new AlignedBuffer(Length + 2 * GuardLength);
        _buffer.Span[..GuardLength].Fill(Guard);
        _buffer.Span[^GuardLength..].Fill(Guard);
    }

    public int Images { get; }

    public int Channels { get; }

    public int Height { get; }

    public int Width { get; }

    public int Pixels => Height * Width;

    /// <summary>Floats, zero lanes included.</summary>
    public int Length { get; }

    public float* Pointer => _buffer.Pointer + GuardLength;

    /// <summary>All floats, zero lanes included.</summary>
    public Span<float> Span => new(Pointer, Length);

    public float this[int n, int c, int y, int x]
    {
        get => Pointer[Index(n, c, y, x)];
        set => Pointer[Index(n, c, y, x)] = value;
    }

    /// <summary>Uniform values in [−1, 1), the same for the same seed.</summary>
    public static Blocked Random(int images, int channels, int height, int width, int seed)
    {
        var random = new Random(seed);
        var values = new float[images * channels * height * width];
        for (var i = 0; i < values.Length; i++) values[i] = random.NextSingle() * 2 - 1;
        return FromNchw(images, channels, height, width, values);
    }

    /// <summary>NaN everywhere, zero lanes included: a destination that must be overwritten completely.</summary>
    public static Blocked Garbage(int images, int channels, int height, int width)
    {
        var result = new Blocked(images, channels, height, width);
        result.Span.Fill(float.NaN);
        return result;
    }

    /// <summary>Copies plain values [N, C, H, W].</summary>
    public static Blocked FromNchw(int images, int channels, int height, int width, ReadOnlySpan<float> values)
    {
        var result = new Blocked(images, channels, height, width);
        Assert.Equal(images * channels * height * width, values.Length);
        for (var i = 0; i < values.Length; i++) result.Pointer[result.IndexOfPlain(i)] = values[i];
        return result;
    }

    /// <summary>Plain values [N, C, H, W].</summary>
    public float[] ToNchw()
    {
        var values = new float[Images * Channels * Height * Width];
        for (var i = 0; i < values.Length; i++) values[i] = Pointer[IndexOfPlain(i)];
        return values;
    }

    public Blocked Clone()
    {
        var result = new Blocked(Images, Channels, Height, Width);
        Span.CopyTo(result.Span);
        return result;
    }

    /// <summary>Offset in the blocked buffer of the i-th value in NCHW order.</summary>
    public int IndexOfPlain(int i) =>
        Index(i / (Channels * Pixels), i / Pixels % Channels, i / Width % Height, i % Width);

    /// <summary>Largest |a − b| over all floats; infinite if either has a NaN.</summary>
    public static double MaxDifference(Blocked a, Blocked b)
    {
        Assert.Equal((a.Images, a.Channels, a.Height, a.Width), (b.Images, b.Channels, b.Height, b.Width));
        var largest = 0.0;
        for (var i = 0; i < a.Length; i++)
        {
            var difference = Math.Abs((double)a.Pointer[i] - b.Pointer[i]);
            largest = double.IsNaN(difference) ? double.PositiveInfinity : Math.Max(largest, difference);
        }

        return largest;
    }

    /// <summary>Asserts that the values agree, that the lanes beyond the channels are zero and that nothing was written outside.</summary>
    public static void AssertClose(Blocked expected, Blocked actual, double tolerance)
    {
        actual.AssertSound();
        var difference = MaxDifference(expected, actual);
        Assert.True(difference <= tolerance, $"largest difference {difference}, tolerance {tolerance}");
    }

    /// <summary>Asserts that the lanes beyond the channels are zero and that the guards are intact.</summary>
    public void AssertSound()
    {
        for (var i = 0; i < Length; i++)
        {
            var channel = i / Layout.Block / Pixels % Layout.Blocks(Channels) * Layout.Block + i % Layout.Block;
            Assert.True(channel < Channels || Pointer[i] == 0, $"lane of channel {channel} of {Channels} is {Pointer[i]}, not zero");
        }

        for (var i = 1; i <= GuardLength; i++)
            Assert.True(Pointer[-i] == Guard && Pointer[Length - 1 + i] == Guard, "written outside of the buffer");
    }

    /// <summary>Σ a · b in double.</summary>
    public static double Dot(Blocked a, Blocked b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += (double)a.Pointer[i] * b.Pointer[i];
        return sum;
    }

    public void Dispose() => _buffer.Dispose();

    private int Index(int n, int c, int y, int x) =>
        (((n * Layout.Blocks(Channels) + c / Layout.Block) * Height + y) * Width + x) * Layout.Block + c % Layout.Block;
}
