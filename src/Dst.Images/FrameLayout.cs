namespace Dst.Images;

/// <summary>Where the samples of a pixel of a frame are.</summary>
/// <param name="Size">Bytes of a pixel.</param>
/// <param name="Colours">The place of each colour: of grey, or of red, green and blue.</param>
/// <param name="Alpha">The place of alpha, or null.</param>
internal sealed record FrameLayout(int Size, int[] Colours, int? Alpha = null)
{
    /// <exception cref="ArgumentOutOfRangeException">It is no order.</exception>
    public static FrameLayout Of(PixelOrder order) => order switch
    {
        PixelOrder.Grey => new(1, [0]),
        PixelOrder.Rgb => new(3, [0, 1, 2]),
        PixelOrder.Bgr => new(3, [2, 1, 0]),
        PixelOrder.Rgba => new(4, [0, 1, 2], 3),
        PixelOrder.Bgra => new(4, [2, 1, 0], 3),
        PixelOrder.Rgbx => new(4, [0, 1, 2]),
        PixelOrder.Bgrx => new(4, [2, 1, 0]),
        _ => throw new ArgumentOutOfRangeException(nameof(order), order, "a PixelOrder expected"),
    };

    /// <summary>The colours of a frame, plane by plane.</summary>
    /// <exception cref="ArgumentException">The stride is shorter than a row, or the length does not match.</exception>
    public byte[] Separate(int height, int width, ReadOnlySpan<byte> pixels, int stride)
    {
        var row = (long)width * Size;
        var step = stride == 0 ? row : stride;
        var (least, most) = ((height - 1) * (Int128)step + row, height * (Int128)step);
        if (step < row || pixels.Length != least && pixels.Length != most)
            throw new ArgumentException(
                Invariant($"{pixels.Length} bytes for {height}x{width} pixels of {Size} bytes with a stride of {step}; ")
                + (step < row ? $"a stride of at least {row} expected" : $"{most} bytes expected"));

        var planes = new byte[Colours.Length * height * width];
        for (var y = 0; y < height; y++) SeparateRow(pixels.Slice((int)(y * step), (int)row), planes.AsSpan(y * width), height * width);
        return planes;
    }

    private void SeparateRow(ReadOnlySpan<byte> row, Span<byte> planes, int area)
    {
        for (var c = 0; c < Colours.Length; c++)
        {
            var plane = planes[(c * area)..];
            for (int i = Colours[c], x = 0; i < row.Length; i += Size, x++) plane[x] = row[i];
            if (Alpha is not { } alpha) continue;
            for (int i = alpha, x = 0; i < row.Length; i += Size, x++) plane[x] = (byte)((plane[x] * row[i] + 127) / 255);
        }
    }
}
