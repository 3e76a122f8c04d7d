namespace Dst.Images;

/// <summary>
/// Reads image files that a model is given. It warns of what is wrong with them, and says how much of large ones the model sees.
/// </summary>
/// <example>
/// <code>
/// var images = new ModelImages(Model.Load("dst.safetensors"), Console.WriteLine);
/// var photo = images.Read("photo.png");
/// images.SayWhatIsSeen();
/// </code>
/// </example>
/// <param name="model">The model.</param>
/// <param name="log">Takes one line at a time.</param>
public sealed class ModelImages(Model model, Action<string> log)
{
    private readonly List<(int Height, int Width)> _sizes = [];

    /// <summary>Reads an image file.</summary>
    /// <exception cref="InputException">As <see cref="ImageFile.Read(string)"/>.</exception>
    public Image Read(string path)
    {
        var image = ImageFile.Read(path, log);
        _sizes.Add((image.Height, image.Width));
        return image;
    }

    /// <summary>Says in a line what share of the images that were read is cut off, if any is.</summary>
    public void SayWhatIsSeen()
    {
        if (CentreCrop.Describe(_sizes, model.Normalisation?.Resize ?? 0, model.Graph.Input) is { } line) log(line);
    }
}
