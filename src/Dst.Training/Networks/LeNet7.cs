namespace Dst.Training.Networks;

/// <summary>
/// The seven-layer network for faces of 32×32 pixels: Liu, Fang, Zhao, Wang, Zhang, "Implementation of Training Convolutional Neural
/// Networks", arXiv 1506.01195, 2015. Input, C1, S1, C2, S2, H, F: 5×5 convolutions, each with a subsampling, a hidden layer and the
/// classes. The numbers of maps are those of LeNet-5: LeCun, Bottou, Bengio, Haffner, "Gradient-Based Learning Applied to Document
/// Recognition", Proc. IEEE 86(11), 1998.
/// <code>
/// C: y = tanh(w ∗ x + b)        S: y[c] = tanh(β[c] · mean2×2(x[c]) + b[c])        H: y = tanh(w · x + b)        F: logits = w · x + b
/// </code>
/// The hidden layer is a convolution as large as its input, so that it can be pruned.
/// </summary>
internal static class LeNet7
{
    /// <summary>The network of the paper.</summary>
    public const string Name = "lenet7";

    /// <summary>The same with a batch normalisation and a ReLU in place of each tanh, and maxima in place of the subsampling.</summary>
    public const string NormalisedName = "lenet7-bn";

    private const int Kernel = 5;
    private const int FirstMaps = 6;
    private const int SecondMaps = 16;
    private const int HiddenUnits = 120;

    /// <summary>Adds the network of the paper.</summary>
    public static void Add(NetworkBuilder b)
    {
        AddConvolution(b, "c1", FirstMaps);
        AddSubsampling(b, "s1");
        AddConvolution(b, "c2", SecondMaps);
        AddSubsampling(b, "s2");
        AddHidden(b, bias: true);
        b.Tanh("h.tanh");
        AddClasses(b);
    }

    /// <summary>Adds the network with batch normalisation and ReLU.</summary>
    public static void AddNormalised(NetworkBuilder b)
    {
        b.Conv("c1", b.Scale(FirstMaps), Kernel);
        AddNormalisation(b, "c1");
        b.Pool("s1", kernel: 2);
        b.Conv("c2", b.Scale(SecondMaps), Kernel);
        AddNormalisation(b, "c2");
        b.Pool("s2", kernel: 2);
        AddHidden(b, bias: false);
        AddNormalisation(b, "h");
        AddClasses(b);
    }

    private static void AddConvolution(NetworkBuilder b, string name, int maps)
    {
        b.Conv(name, b.Scale(maps), Kernel, bias: true);
        b.Tanh($"{name}.tanh");
    }

    private static void AddSubsampling(NetworkBuilder b, string name)
    {
        b.AvgPool($"{name}.mean");
        b.Affine(name);
        b.Tanh($"{name}.tanh");
    }

    private static void AddNormalisation(NetworkBuilder b, string name)
    {
        b.BatchNorm($"{name}.bn");
        b.Relu($"{name}.relu");
    }

    private static void AddHidden(NetworkBuilder b, bool bias) => b.ConvWholeMap("h", b.Scale(HiddenUnits), bias);

    private static void AddClasses(NetworkBuilder b)
    {
        b.Dropout("dropout");
        b.Linear("f", b.Classes);
    }
}
