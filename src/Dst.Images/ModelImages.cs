using Dst.Foundations;

namespace Dst.Images;

/// <summary>
/// Looks at images that a model is given. It warns of what is wrong with their files, and says how much of large ones the model sees, and
/// whether they are on another scale than those that it learnt from. One thread may use it at a time.
/// </summary>
/// <example>
/// <code>
/// var images = new ModelImages(Model.Load("dst.safetensors"), Console.WriteLine);
/// var photo = images.Read("photo.png");
/// images.Add(Image.FromFrame(PixelOrder.Bgr, height: 480, width: 640, new byte[480 * 640 * 3]));
/// images.SayWhatIsSeen();
/// </code>
/// </example>
/// <param name="model">The model.</param>
/// <param name="log">Takes one line at a time.</param>
public sealed class ModelImages(Model model, Action<string> log)
{
    private const int ImagesForScale = 64; // the first ones tell

    private readonly List<ImageSize> _sizes = [];
    private readonly InputScale _scale = new(model.Graph.Input);
    private readonly float[] _input = new float[model.Graph.Input.Count];

    /// <summary>Reads an image file.</summary>
    /// <exception cref="InputException">As <see cref="ImageFile.Read(string)"/>, or the model takes images of other bands.</exception>
    public Image Read(string path)
    {
        var image = ImageFile.Read(path, log);
        Add(image);
        return image;
    }

    /// <summary>Takes an image that is in memory.</summary>
    /// <exception cref="ArgumentNullException"><paramref name="image"/> is null.</exception>
    /// <exception cref="InputException">The model takes images of other bands.</exception>
    public void Add(Image image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (_sizes.Count < ImagesForScale && model.Normalisation is { } normalisation && InputScale.IsMeasured(normalisation))
        {
            Preprocessor.Prepare(image, normalisation, model.Graph.Input, _input);
            _scale.Add(_input, image);
        }

        _sizes.Add(new(image.Height, image.Width));
    }

    /// <summary>
    /// Says whether the images that it took are on another scale than those that the model learnt from, how much they are stretched, what
    /// share of them is cut off, and what share of the input is empty, a line each.
    /// </summary>
    public void SayWhatIsSeen()
    {
        if (_scale.Warning() is { } warning) log(warning);
        const string Advice = "; if the model learnt from resized images, let its normalisation resize them, with the fit crop if the "
            + "ratio of the sides was kept (dst import --resize N --fit crop)";
        var normalisation = model.Normalisation ?? InputNormalisation.None(model.Graph.Input.Channels);
        if (CropRemarks.DescribeStretch(_sizes, normalisation) is { } stretch)
            log($"{Phrases.Count(_sizes.Count, "image")}: {normalisation.DescribeResize()}, {stretch}");
        foreach (var line in CropRemarks.Of(_sizes, normalisation, model.Graph.Input))
            log(line + (normalisation.Resize.IsNone ? Advice : ""));
    }
}
