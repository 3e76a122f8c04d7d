using Dst.Images;

namespace Dst.Training.Data;

/// <summary>An image in memory with its class, to train on.</summary>
/// <param name="Image">Image of any size.</param>
/// <param name="ClassName">Name of its class.</param>
/// <example>
/// <code>
/// LabelledImage[] images = [new(Image.Read("cat.png"), "cat"), new(Image.Read("dog.png"), "dog")];
/// var result = new Experiment(images).Run();
/// </code>
/// </example>
public sealed record LabelledImage(Image Image, string ClassName);
