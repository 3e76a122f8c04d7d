namespace Dst.Images;

/// <summary>The samples of a pixel of 8 bits each, in the order in which they lie in memory.</summary>
public enum PixelOrder
{
    /// <summary>One sample.</summary>
    Grey,

    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red: OpenCV, and <c>Format24bppRgb</c> of System.Drawing.</summary>
    Bgr,

    /// <summary>Red, green, blue, alpha. The colours are not multiplied by alpha yet.</summary>
    Rgba,

    /// <summary>Blue, green, red, alpha: <c>Bgra32</c> of WPF. The colours are not multiplied by alpha yet.</summary>
    Bgra,

    /// <summary>Red, green, blue, and a byte that is not read: it has no meaning, or the colours are multiplied by it.</summary>
    Rgbx,

    /// <summary>Blue, green, red, and a byte that is not read: it has no meaning, or the colours are multiplied by it.</summary>
    Bgrx,
}
