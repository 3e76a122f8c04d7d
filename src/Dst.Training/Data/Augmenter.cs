using Dst.Foundations;
using Dst.Graph;
using Dst.Images;

namespace Dst.Training.Data;

/// <summary>
/// Writes network inputs from windows of images: random variants for training, or the centre crop.
/// The steps in order: crop and rotate, amplitude transform, mirror, speckle, contrast and saturation, smooth, gain, normalise, erase.
/// Not thread-safe: it has buffers.
/// </summary>
internal sealed class Augmenter(DataOptions options, InputNormalisation normalisation, FeatureShape shape)
{
    private float[] _window = [];

    /// <summary>
    /// Pixels to keep on either side of the centre crop along one axis, so that every shift and rotation finds its pixels.
    /// <paramref name="across"/> is the crop's extent along the other axis.
    /// </summary>
    public static int Margin(DataOptions options, int across)
    {
        var turn = Math.Sin(Math.Min(options.Rotate, 90) * (Math.PI / 180));
        return options.Shift + (turn > 0 ? (int)Math.Ceiling(across * turn / 2) + 1 : 0);
    }

    /// <summary>How far a crop may move along each axis, either way, inside the padded image.</summary>
    /// <param name="options">Padding, shift and resize.</param>
    /// <param name="image">Size of the image as it was read.</param>
    /// <param name="crop">The crop.</param>
    public static (int Y, int X) Room(DataOptions options, ImageSize image, FeatureShape crop)
    {
        if (!options.Resize.IsNone) image = options.Resize;
        return (Room(image.Height, crop.Height), Room(image.Width, crop.Width));

        int Room(int extent, int part) => Math.Clamp((extent + 2 * options.Pad - part) / 2, 0, options.Shift);
    }

    /// <summary>Writes the centre crop.</summary>
    public void Write(Sample sample, Span<float> destination)
    {
        var window = sample.Window;
        Crop(window, Framing.CentreOffset(window.Height, shape.Height), Framing.CentreOffset(window.Width, shape.Width), destination);
        Preprocessor.Finish(destination, shape, normalisation, gain: 1);
    }

    /// <summary>Writes a random variant: the same one for the same stream.</summary>
    public void Write(Sample sample, RandomStream random, Span<float> destination)
    {
        var window = sample.Window;
        var (roomY, roomX) = Room(options, sample.Extent, shape);
        var top = Framing.CentreOffset(window.Height, shape.Height) - roomY + random.NextInt(2 * roomY + 1);
        var left = Framing.CentreOffset(window.Width, shape.Width) - roomX + random.NextInt(2 * roomX + 1);
        var angle = random.NextDouble(-options.Rotate, options.Rotate) * (Math.PI / 180);
        var mirrored = options.Flip & random.NextDouble() < 0.5;
        var gain = (float)(1 + options.Gain * random.NextDouble(-1, 1));

        if (options.Rotate > 0) RotatedCrop(window, top, left, angle, destination);
        else Crop(window, top, left, destination);
        if (mirrored)
        {
            for (var row = 0; row < destination.Length; row += shape.Width) destination.Slice(row, shape.Width).Reverse();
        }

        if (options.Speckle > 0) MultiplySpeckle(destination, (float)(options.Speckle * random.NextDouble()), ref random);
        if (options.Contrast > 0 || options.Saturation > 0)
        {
            var (contrast, saturation) = (options.Contrast * random.NextDouble(-1, 1), options.Saturation * random.NextDouble(-1, 1));
            ColourJitter.Apply(destination, shape.Channels, (float)(1 + contrast), (float)(1 + saturation));
        }

        Preprocessor.Finish(destination, shape, normalisation, gain);
        if (options.Erase > 0 && random.NextDouble() < options.Erase) RandomErasing.Erase(destination, shape, ref random);
    }

    /// <summary>
    /// values ← values · max(0, 1 + strength · n). Each n is the sum of four random bytes, centred and scaled to deviation 1.
    /// It is nearly normal within ±3.4 (Irwin–Hall). One draw of 64 bits gives two.
    /// </summary>
    internal static void MultiplySpeckle(Span<float> values, float strength, ref RandomStream random)
    {
        const ulong EvenBytes = 0x00FF00FF00FF00FF;
        const float Mean = 4 * 127.5f;
        const float Deviation = 147.7983f; // sqrt(4 (256² − 1) / 12)
        var scale = strength / Deviation;
        var offset = 1 - Mean * scale;
        for (var i = 0; i < values.Length; i += 2)
        {
            var bits = random.NextBits();
            var pairs = (bits & EvenBytes) + ((bits >> 8) & EvenBytes);
            var sums = pairs + (pairs >> 16);
            values[i] *= Math.Max(0, offset + scale * (int)(sums & 0xFFFF));
            if (i + 1 < values.Length) values[i + 1] *= Math.Max(0, offset + scale * (int)((sums >> 32) & 0xFFFF));
        }
    }

    private void Crop(Image window, int top, int left, Span<float> destination)
    {
        for (var c = 0; c < shape.Channels; c++)
        {
            for (var y = 0; y < shape.Height; y++)
            {
                var row = destination.Slice((c * shape.Height + y) * shape.Width, shape.Width);
                Amplitudes.Read(window, normalisation.Amplitude, (c * window.Height + top + y) * window.Width + left, row);
            }
        }
    }

    // Rotates about the crop's centre, with bilinear interpolation of amplitudes. Outside of the window it is dark.
    private void RotatedCrop(Image window, int top, int left, double angle, Span<float> destination)
    {
        int height = window.Height, width = window.Width;
        if (_window.Length != window.Channels * height * width) _window = new float[window.Channels * height * width];
        Preprocessor.ReadAmplitudes(window, normalisation.Amplitude, _window);
        var (sin, cos) = ((float)Math.Sin(angle), (float)Math.Cos(angle));
        float centreY = (shape.Height - 1) / 2f, centreX = (shape.Width - 1) / 2f;
        for (var c = 0; c < shape.Channels; c++)
        {
            var plane = _window.AsSpan(c * height * width, height * width);
            var outside = window.IsFloat ? Smallest(plane) : 0;
            for (var y = 0; y < shape.Height; y++)
            {
                var row = destination.Slice((c * shape.Height + y) * shape.Width, shape.Width);
                for (var x = 0; x < row.Length; x++)
                {
                    var fromY = top + centreY + (y - centreY) * cos + (x - centreX) * sin;
                    var fromX = left + centreX + (x - centreX) * cos - (y - centreY) * sin;
                    row[x] = Interpolate(plane, height, width, fromY, fromX) ?? outside;
                }
            }
        }
    }

    private static float Smallest(ReadOnlySpan<float> values)
    {
        var smallest = values[0];
        foreach (var value in values) smallest = Math.Min(smallest, value);
        return smallest;
    }

    private static float? Interpolate(ReadOnlySpan<float> plane, int height, int width, float y, float x)
    {
        int y0 = (int)MathF.Floor(y), x0 = (int)MathF.Floor(x);
        if (y0 < 0 || x0 < 0 || y0 >= height - 1 || x0 >= width - 1) return null;
        float ty = y - y0, tx = x - x0;
        var at = y0 * width + x0;
        var upper = plane[at] + tx * (plane[at + 1] - plane[at]);
        var lower = plane[at + width] + tx * (plane[at + width + 1] - plane[at + width]);
        return upper + ty * (lower - upper);
    }
}
