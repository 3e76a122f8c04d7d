namespace Dst;

/// <summary>How an image whose sides have another ratio than a size is resized to it.</summary>
public enum ResizeFit
{
    /// <summary>The image becomes as large as the size. The ratio of its sides becomes that of the size.</summary>
    Stretch,

    /// <summary>The image covers the size and keeps the ratio of its sides. What lies beyond the size about the centre is cut off.</summary>
    Crop,

    /// <summary>The image fits inside the size and keeps the ratio of its sides. The rest is dark.</summary>
    Pad,
}
