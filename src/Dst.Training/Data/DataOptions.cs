using Dst.Foundations;

namespace Dst.Training.Data;

/// <summary>The <c>data:</c> section of a recipe: where images come from, how they are split, framed and augmented.</summary>
public sealed record DataOptions
{
    /// <summary>Rows or columns that <see cref="Resize"/> and <see cref="Crop"/> have at most in a recipe.</summary>
    public const int MaxSide = 4096;

    /// <summary>The kind of data, which decides how its files are laid out.</summary>
    [Setting("kind of data set; auto finds out what data.path holds, and takes simulated chips without it")]
    public DataKind Kind { get; init; }

    /// <summary>Folder or archive; simulated data has none.</summary>
    [Setting("folder or archive of the data")]
    public string Path { get; init; } = "";

    /// <summary>What becomes of image files that cannot be read.</summary>
    [Setting("what becomes of image files that cannot be read: stop is an error, skip leaves them out with a warning")]
    public UnreadableImages Unreadable { get; init; }

    /// <summary>Share of each class's training images that is held back for validation.</summary>
    [Setting("share of the training images of each class held back for validation", Min = 0, Max = 0.9)]
    public double Validation { get; init; } = 0.1;

    /// <summary>Which images become validation images.</summary>
    [Setting(
        "training holds back the share data.validation of the training images; test takes half of the test images, for a given network "
        + "that was trained on all training images; none holds none back: the last epoch is kept, and what is called "
        + "validation is measured on the training images")]
    public ValidationSource ValidationFrom { get; init; }

    /// <summary>Share of each class's images held back as test data, where the data has no test split of its own.</summary>
    [Setting("share of the images of each class held back for the test, where the data has no test split", Min = 0.01, Max = 0.9)]
    public double Test { get; init; } = 0.2;

    /// <summary>
    /// Parts of a cross-validation, at least 2, or 0 for none: the seeds 1 to n test one part each, so that every image is tested once. The
    /// next n seeds share the images out anew.
    /// </summary>
    [Setting(
        "parts of a cross-validation, where the data has no test split: the seeds 1 to n test one part each, and so every image once; 0: "
        + "each seed draws the share data.test", Min = 0, Max = 100)]
    public int Folds { get; init; }

    /// <summary>Training images of each class that keep their labels, or 0 for all.</summary>
    [Setting(
        "training images of each class that keep their labels, drawn by the seed, or 0 for all; data.others says what becomes of the "
        + "others",
        Min = 0)]
    public int LabelsPerClass { get; init; }

    /// <summary>What becomes of training images beyond <see cref="LabelsPerClass"/>.</summary>
    [Setting(
        "what becomes of training images beyond data.labels_per_class: unlabelled trains them without labels, dropped leaves them out")]
    public OtherImages Others { get; init; }

    /// <summary>Folder of training images without labels, or empty.</summary>
    [Setting(
        "folder of images without labels, at any depth; a taught student learns from them what its teacher says, an auto-encoder to give "
        + "them back")]
    public string Unlabelled { get; init; } = "";

    /// <summary>How often the labelled training images come.</summary>
    [Setting(
        "shuffled takes each labelled training image equally often; balanced takes each class equally often, so images of a small class "
        + "come more often")]
    public Sampling Sampling { get; init; }

    /// <summary>Channels of the network's input, or 0 for the bands of the images: RGB if any image is, else grey.</summary>
    [Setting("channels of the network's input, or 0 for the bands of the images: 3 if any image has colour", Min = 0, Max = 16)]
    public int Channels { get; init; }

    /// <summary>Size to which every image is resized before the crop, or 0.</summary>
    [Setting(
        "size in pixels to which every image is resized, or 0 to leave it; if data.crop is 0 too, images of several sizes are resized "
        + "to 64",
        Min = 0, Max = MaxSide)]
    public ImageSize Resize { get; init; }

    /// <summary>How images whose sides have another ratio than <see cref="Resize"/> are resized.</summary>
    [Setting(
        "how data.resize treats images with another ratio of the sides: stretch changes the ratio; crop and pad keep it, and crop cuts "
        + "off what does not fit, pad leaves the rest dark")]
    public ResizeFit Fit { get; init; }

    /// <summary>Size in pixels of the network's input, or 0 for the images' size.</summary>
    [Setting("size in pixels of the network's input, or 0 for the size of the images", Min = 0, Max = MaxSide)]
    public ImageSize Crop { get; init; }

    /// <summary>Mean of each channel, or empty.</summary>
    [Setting(
        "mean of each channel with which inputs are normalised, of pixels in [0, 1] after the amplitude transform; empty to measure it "
        + "on the training images")]
    public IReadOnlyList<double> Mean { get; init; } = [];

    /// <summary>Deviation of each channel, or empty.</summary>
    [Setting("deviation of each channel, above 0; empty to measure it on the training images", Min = 1e-6)]
    public IReadOnlyList<double> Deviation { get; init; } = [];

    /// <summary>
    /// Zero pixels added to each side of an image before the crop. Images smaller than the crop are always padded up to it.
    /// </summary>
    [Setting("zero pixels added to each side of an image before the crop", Min = 0, Max = 1024)]
    public int Pad { get; init; }

    /// <summary>
    /// Largest displacement in pixels of the training crop from the centre, along each axis, drawn uniformly.
    /// The crop stays inside the padded image.
    /// </summary>
    [Setting("largest random displacement in pixels of the training crop, inside the padded image", Min = 0, Max = 1024)]
    public int Shift { get; init; }

    /// <summary>Whether half of the training images are mirrored left to right.</summary>
    [Setting("mirror half of the training images left to right")]
    public bool Flip { get; init; }

    /// <summary>Training images are rotated about their centre by a uniform angle of at most this many degrees either way.</summary>
    [Setting("largest random rotation in degrees of a training image, either way", Min = 0, Max = 180)]
    public double Rotate { get; init; }

    /// <summary>
    /// Training images are multiplied by a uniform factor in [1 − gain, 1 + gain], after the amplitude transform: their brightness.
    /// </summary>
    [Setting("brightness: training images are multiplied by a random factor in [1 - gain, 1 + gain]", Min = 0, Max = 0.95)]
    public double Gain { get; init; }

    /// <summary>
    /// Distances from the mean grey of a training image are multiplied by a uniform factor in [1 − contrast, 1 + contrast].
    /// </summary>
    [Setting(
        "distances from a training image's mean grey are multiplied by a random factor in [1 - contrast, 1 + contrast]", Min = 0,
        Max = 0.95)]
    public double Contrast { get; init; }

    /// <summary>
    /// Distances from the grey of each pixel of a training image are multiplied by a uniform factor in [1 − saturation, 1 + saturation].
    /// </summary>
    [Setting(
        "distances from each pixel's grey are multiplied by a random factor in [1 - saturation, 1 + saturation]; for colour images",
        Min = 0, Max = 1)]
    public double Saturation { get; init; }

    /// <summary>Transform of each sample in [0, 1].</summary>
    [Setting("transform of each sample in [0, 1]")]
    public AmplitudeTransform Amplitude { get; init; }

    /// <summary>
    /// Each pixel of a training image is multiplied by max(0, 1 + s·n), n nearly standard normal, after the amplitude transform.
    /// One s for each image is drawn uniformly from [0, speckle].
    /// </summary>
    [Setting(
        "largest strength s of the noise max(0, 1 + s n) that multiplies each pixel of a training image; s is drawn for each image",
        Min = 0, Max = 2)]
    public double Speckle { get; init; }

    /// <summary>Whether inputs are smoothed by the 3×3 binomial filter, after any noise.</summary>
    [Setting("smooth every input by the 3x3 binomial filter, after any noise")]
    public bool Smooth { get; init; }

    /// <summary>Whether inputs are normalised by the mean and deviation of the training data or by their own.</summary>
    [Setting("normalise by the mean and deviation of the training data or of each image")]
    public NormalisationSource Normalise { get; init; }

    /// <summary>Probability that a rectangle of a training image is erased.</summary>
    [Setting("probability that a random rectangle of 2 to 40 % of a training image is erased (set to the mean)", Min = 0, Max = 1)]
    public double Erase { get; init; }

    /// <summary>α of mixup, or 0 for none.</summary>
    [Setting(
        "mixup: training images and labels are mixed in pairs, λ of one with 1 - λ of the other, λ from Beta(α, α); this is α, 0 for none",
        Min = 0, Max = 100)]
    public double Mixup { get; init; }

    /// <summary>α of CutMix, or 0 for none.</summary>
    [Setting(
        "CutMix: pairs of training images exchange a box of a share 1 - λ of their area, labels as with mixup; this is α, 0 for none; "
        + "with mixup too, chance takes one of them for each batch",
        Min = 0, Max = 100)]
    public double Cutmix { get; init; }

    /// <summary>Which folders of FUSAR-Ship are the classes.</summary>
    [Setting("fusar: which folders are the classes")]
    public FusarLevel Level { get; init; }

    /// <summary>Classes of FUSAR-Ship and OpenSARShip with fewer images are dropped.</summary>
    [Setting("fusar, opensarship: classes with fewer images are dropped", Min = 1)]
    public int MinSamples { get; init; } = 1;

    /// <summary>
    /// Whether a class with too few images for the splits gives a warning, and is left out of some of them; else it is refused. A program
    /// that looks at data sets it; it is no key of a recipe.
    /// </summary>
    public bool AllowsSmallClasses { get; init; }

    /// <summary>
    /// Classes of which data may have one alone, while other data have at least two. A program that measures a model sets those of the
    /// model; it is no key of a recipe.
    /// </summary>
    public IReadOnlyList<string> LoneClasses { get; init; } = [];

    /// <summary>Which images of OpenSARShip are read.</summary>
    [Setting("opensarship: cal reads Patch_Cal, calibrated intensities; uint8 reads Patch_Uint8, 8 bits")]
    public OpenSarShipPatch Patch { get; init; }

    /// <summary>Polarisations of OpenSARShip that become channels, in this order.</summary>
    [Setting("opensarship: polarisations that become channels, in this order; a chip that lacks one is left out")]
    public IReadOnlyList<Polarisation> Bands { get; init; } = [Polarisation.Vv];

    /// <summary>Settings of simulated data.</summary>
    [Setting("simulated data")]
    public SimulatedOptions Simulated { get; init; } = new();

    /// <summary>Whether training images are mixed with each other.</summary>
    internal bool IsMixed => Mixup > 0 || Cutmix > 0;

    /// <summary>Whether a training image differs from epoch to epoch.</summary>
    internal bool IsAugmented =>
        Shift > 0 || Flip || Rotate > 0 || Gain > 0 || Contrast > 0 || Saturation > 0 || Speckle > 0 || Erase > 0 || IsMixed;

    /// <summary>Whether <see cref="Mean"/> and <see cref="Deviation"/> are given.</summary>
    /// <param name="channels">Channels of the network's input.</param>
    /// <exception cref="InputException">They are not for this many channels, or have no effect.</exception>
    internal bool HasStatistics(int channels)
    {
        if (Mean.Count == 0 && Deviation.Count == 0) return false;
        if (Mean.Count != channels || Deviation.Count != channels)
            throw new InputException(
                $"data.mean has {Mean.Count} numbers and data.deviation {Deviation.Count}; {channels} of each were expected, one for "
                + "each channel");
        if (Normalise == NormalisationSource.Image)
            throw new InputException("data.mean is given with data.normalise image; one of them was expected");
        return true;
    }

    /// <summary>Refuses sizes of which one side, or both, has no pixels.</summary>
    /// <exception cref="InputException">There is one.</exception>
    internal void CheckSizes()
    {
        foreach (var (name, size) in new[] { ("resize", Resize), ("crop", Crop) })
        {
            if (!size.IsNone && size is not { Height: >= 1, Width: >= 1 })
                throw new InputException($"data.{name} is {size}; 0, or at least one pixel a side was expected");
        }
    }

    /// <summary>Refuses a fit without a resize.</summary>
    /// <exception cref="InputException">There is one.</exception>
    internal void CheckFit()
    {
        if (Fit != ResizeFit.Stretch && Resize.IsNone)
            throw new InputException($"data.fit is {EnumWords.Of(Fit)}, and images are not resized; data.resize was expected too");
    }

    /// <summary>Refuses augmentation that has no effect.</summary>
    /// <param name="channels">Channels of the network's input.</param>
    /// <exception cref="InputException">Some has none.</exception>
    internal void CheckAugmentation(int channels)
    {
        if (Saturation > 0 && channels != 3)
            throw new InputException(
                Invariant($"data.saturation is {Saturation}, and the network's input has {Phrases.Count(channels, "channel")}; ")
                + "expected 0, because only RGB has colour");
        foreach (var (name, value) in new[] { ("gain", Gain), ("contrast", Contrast) })
        {
            if (value > 0 && Normalise == NormalisationSource.Image)
                throw new InputException(
                    Invariant($"data.{name} is {value} with data.normalise image; expected 0, ")
                    + "because each image's own mean and deviation undo it");
        }
    }
}
