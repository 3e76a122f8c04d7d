namespace Dst.Training.Data;

/// <summary>The kind of a data set, which decides how its files are laid out.</summary>
public enum DataKind
{
    /// <summary>What the path holds, or simulated chips without a path.</summary>
    Auto,

    /// <summary>MSTAR: chips by class, with a folder of each split.</summary>
    Mstar,

    /// <summary>FUSAR-Ship: <c>category/subcategory/Ship_*.tiff</c> and <c>meta.csv</c>.</summary>
    Fusar,

    /// <summary>OpenSARShip: <c>scene/Patch_Cal/Class_x_y.tif</c>.</summary>
    Opensarship,

    /// <summary>IDX files, as MNIST has them.</summary>
    Idx,

    /// <summary>CIFAR-100, binary version.</summary>
    Cifar100,

    /// <summary>CIFAR-10, binary version.</summary>
    Cifar10,

    /// <summary>A folder of images for each class.</summary>
    Folder,

    /// <summary>Simulated SAR chips.</summary>
    Simulated,
}

/// <summary>Where validation images come from.</summary>
public enum ValidationSource
{
    /// <summary>A share of the training images.</summary>
    Training,

    /// <summary>Half of the test images: for networks that were trained on all training images.</summary>
    Test,

    /// <summary>Nowhere: all images train, and the last epoch is kept (<see cref="DataSet.Observed"/>).</summary>
    None,
}

/// <summary>Whose mean and deviation normalise an image.</summary>
public enum NormalisationSource
{
    /// <summary>Those of the training data.</summary>
    Data,

    /// <summary>Those of the image itself.</summary>
    Image,
}

/// <summary>What becomes of image files that cannot be read.</summary>
public enum UnreadableImages
{
    /// <summary>They are an error.</summary>
    Stop,

    /// <summary>They are left out, with a warning.</summary>
    Skip,
}

/// <summary>What becomes of training images beyond <c>data.labels_per_class</c>.</summary>
public enum OtherImages
{
    /// <summary>They train without their labels.</summary>
    Unlabelled,

    /// <summary>They are left out.</summary>
    Dropped,
}

/// <summary>How often the labelled training images come.</summary>
public enum Sampling
{
    /// <summary>Each equally often, in random order.</summary>
    Shuffled,

    /// <summary>Each class equally often.</summary>
    Balanced,
}

/// <summary>Which folders of FUSAR-Ship are the classes.</summary>
public enum FusarLevel
{
    /// <summary>The outer folders.</summary>
    Category,

    /// <summary>The inner folders, as <c>category/subcategory</c>.</summary>
    Subcategory,
}

/// <summary>Which images of OpenSARShip are read.</summary>
public enum OpenSarShipPatch
{
    /// <summary><c>Patch_Cal</c>: calibrated intensities, floats.</summary>
    Cal,

    /// <summary><c>Patch_Uint8</c>: amplitudes of 8 bits.</summary>
    Uint8,
}

/// <summary>A polarisation of OpenSARShip.</summary>
public enum Polarisation
{
    /// <summary>Sent and received vertically.</summary>
    Vv,

    /// <summary>Sent vertically, received horizontally.</summary>
    Vh,
}
