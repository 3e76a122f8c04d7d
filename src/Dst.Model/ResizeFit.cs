namespace Dst;

/// <summary>How an image whose sides have another ratio than a size is resized to it.</summary>
public enum ResizeFit
{
    /// <summary>The image becomes as large as the size, whatever the ratio of its sides.</summary>
    Stretch,

    /// <summary>The image covers the size and keeps the ratio of its sides. What its centre of this size leaves over is cut off.</summary>
    Crop,

    /// <summary>The image fits inside the size and keeps the ratio of its sides. The rest is dark.</summary>
    Pad,
}
