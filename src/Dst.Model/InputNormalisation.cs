namespace Dst;

/// <summary>
/// How an image becomes a network input. The steps are in this order:
/// <list type="number">
/// <item>resize, if any, as the fit says; with <see cref="ResizeFit.Crop"/> the image is then cut to that size about its centre</item>
/// <item>centre crop, or zero padding in whole pixels, to the network's input size</item>
/// <item>amplitude transform of each pixel in [0, 1]</item>
/// <item>smoothing, if any</item>
/// <item>(value − mean) / deviation, those of the channel or the image's own</item>
/// </list>
/// </summary>
/// <param name="Resize">Size to which the image is resized before the crop, or 0 to leave it as it is.</param>
/// <param name="Amplitude">Amplitude transform of the pixel in [0, 1].</param>
/// <param name="Mean">Mean of each channel.</param>
/// <param name="Deviation">Standard deviation of each channel, above 0.</param>
/// <param name="Smooth">Whether each channel is smoothed by the 3×3 binomial filter [1 2 1]ᵀ[1 2 1] / 16, which weakens speckle.</param>
/// <param name="PerImage">Whether the mean and deviation are those of the input itself rather than of the training data.</param>
/// <param name="Fit">How an image with another ratio of the sides is resized.</param>
public sealed record InputNormalisation(
    ImageSize Resize, AmplitudeTransform Amplitude, float[] Mean, float[] Deviation, bool Smooth = false, bool PerImage = false,
    ResizeFit Fit = ResizeFit.Stretch)
{
    /// <summary>Leaves pixels in [0, 1] as they are, in images of this many channels.</summary>
    public static InputNormalisation None(int channels) =>
        new(Resize: 0, AmplitudeTransform.None, Mean: new float[channels], Deviation: [.. Enumerable.Repeat(1f, channels)]);

    /// <summary>What becomes of the size of images, such as <c>resized to cover 128x64 and cut to it</c>; empty if it stays.</summary>
    public string DescribeResize() => Resize.IsNone ? "" : Fit switch
    {
        ResizeFit.Crop => $"resized to cover {Resize} and cut to it",
        ResizeFit.Pad => $"resized to fit inside {Resize}",
        _ => $"resized to {Resize}",
    };
}
