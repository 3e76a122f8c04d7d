using Dst.Images;

namespace Dst.Training.Data;

/// <summary>An image in memory with its class, to train on.</summary>
/// <example>
/// <code>
/// LabelledImage[] images = [new(Image.Read("cat.png"), "cat"), new(Image.Read("dog.png"), "dog")];
/// var result = new Experiment(images).Run();
/// </code>
/// </example>
public sealed record LabelledImage
{
    /// <summary>Gives an image its class.</summary>
    /// <param name="image">Image of any size.</param>
    /// <param name="className">Name of its class.</param>
    /// <exception cref="ArgumentException">The image or name is null, or the name is empty.</exception>
    public LabelledImage(Image image, string className)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentException.ThrowIfNullOrEmpty(className);
        (Image, ClassName) = (image, className);
    }

    /// <summary>Image of any size.</summary>
    public Image Image { get; }

    /// <summary>Name of its class.</summary>
    public string ClassName { get; }
}
