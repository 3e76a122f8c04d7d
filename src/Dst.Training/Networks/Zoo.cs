using Dst.Foundations;
using Dst.Graph;

namespace Dst.Training.Networks;

/// <summary>Every network that DST can build, by name.</summary>
/// <example>
/// <code>
/// var graph = Zoo.Build("resnet20", new(3, 32, 32), classes: 10);
/// var model = Initialiser.Initialise(graph, seed: 1);
/// </code>
/// </example>
public static class Zoo
{
    private const double MinWidth = 0.05;
    private const double MaxWidth = 16;
    private const double AConvNetDropout = 0.5;
    private const string Plain4Name = "plain4";

    private static readonly Dictionary<string, Action<NetworkBuilder>> Architectures = new()
    {
        [AConvNet.Name] = AConvNet.Add,
        ["resnet8"] = b => ResNet.AddThin(b, 8, 16, 16, 32, 64),
        ["resnet14"] = b => ResNet.AddThin(b, 14, 16, 16, 32, 64),
        ["resnet20"] = b => ResNet.AddThin(b, 20, 16, 16, 32, 64),
        ["resnet32"] = b => ResNet.AddThin(b, 32, 16, 16, 32, 64),
        ["resnet44"] = b => ResNet.AddThin(b, 44, 16, 16, 32, 64),
        ["resnet56"] = b => ResNet.AddThin(b, 56, 16, 16, 32, 64),
        ["resnet110"] = b => ResNet.AddThin(b, 110, 16, 16, 32, 64),
        ["resnet8x4"] = b => ResNet.AddThin(b, 8, 32, 64, 128, 256),
        ["resnet32x4"] = b => ResNet.AddThin(b, 32, 32, 64, 128, 256),
        ["resnet18"] = ResNet.Add18,
        ["wrn-16-1"] = b => WideResNet.Add(b, 16, 1),
        ["wrn-16-2"] = b => WideResNet.Add(b, 16, 2),
        ["wrn-40-1"] = b => WideResNet.Add(b, 40, 1),
        ["wrn-40-2"] = b => WideResNet.Add(b, 40, 2),
        ["vgg8"] = b => Vgg.Add(b, 1, 1, 1, 1, 1),
        ["vgg11"] = b => Vgg.Add(b, 1, 1, 2, 2, 2),
        ["vgg13"] = b => Vgg.Add(b, 2, 2, 2, 2, 2),
        ["vgg16"] = b => Vgg.Add(b, 2, 2, 3, 3, 3),
        ["mobilenetv2"] = MobileNetV2.Add,
        ["alexnet"] = AlexNet.Add,
        ["convmixer"] = ConvMixer.Add,
        [Plain4Name] = Plain.Add4,
        ["plain6"] = Plain.Add6,
        [LeNet7.Name] = LeNet7.Add,
        [LeNet7.NormalisedName] = LeNet7.AddNormalised,
    };

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Architectures.Keys];

    /// <summary>
    /// Input and number of classes of a network's usual task: MSTAR chips for A-ConvNet, MNIST for plain4, ORL faces for the seven-layer
    /// network, CIFAR-100 for the others.
    /// </summary>
    public static (FeatureShape Input, int Classes) UsualTask(string name) => name switch
    {
        AConvNet.Name => (new(1, 88, 88), 10),
        Plain4Name => (new(1, 28, 28), 10),
        LeNet7.Name or LeNet7.NormalisedName => (new(1, 32, 32), 40),
        _ => (new(3, 32, 32), 100),
    };

    /// <summary>What to write in place of a name that is no network's: the nearest one, or else any of <see cref="Names"/>.</summary>
    public static string Advise(string name) =>
        NearestName.Find(name, Names) is { } near ? $"did you mean '{near}'?" : $"one of {string.Join(", ", Names)} was expected";

    /// <summary>Builds a network whose output is the logits [classes, 1, 1] and checks it.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="input">Shape of one image.</param>
    /// <param name="classes">Number of logits, at least 1.</param>
    /// <param name="width">
    /// Width multiplier, 0.05 to 16: every layer's channels but the classifier's are multiplied by it and rounded to the nearest
    /// multiple of 4, at least 4.
    /// </param>
    /// <param name="dropout">
    /// Rate in front of the classifier (in front of conv4 in A-ConvNet), from 0 up to but not including 1; null for the
    /// architecture's own: 0.5 for A-ConvNet, 0 for the others.
    /// </param>
    /// <param name="pooling">What takes the place of max pooling; null for max pooling.</param>
    /// <exception cref="InputException">
    /// The name is unknown, a value is out of range, the input is too small, or another pooling is asked of a network without max pooling.
    /// </exception>
    public static CheckedGraph Build(
        string name, FeatureShape input, int classes, double width = 1.0, double? dropout = null, PoolingChoice? pooling = null)
    {
        if (!Architectures.TryGetValue(name, out var addTo))
            throw new InputException($"network '{name}' is unknown; {Advise(name)}");
        if (classes < 1) throw new InputException(Invariant($"network '{name}' has {classes} classes; at least 1 was expected"));
        if (!(width is >= MinWidth and <= MaxWidth))
            throw new InputException(Invariant($"network '{name}' has the width {width}; {MinWidth} to {MaxWidth} was expected"));
        var rate = dropout ?? (name == AConvNet.Name ? AConvNetDropout : 0);
        if (!(rate is >= 0 and < 1))
            throw new InputException(Invariant($"network '{name}' has the dropout {rate}; 0 up to but not including 1 was expected"));

        pooling ??= PoolingChoice.Max;
        pooling.Check(name);
        var builder = new NetworkBuilder(name, input, classes, width, rate, pooling);
        addTo(builder);
        if (pooling != PoolingChoice.Max && !builder.HasPool)
            throw new InputException(
                $"network '{name}' has no max pooling, so another pooling and pool dropout have no effect; pooling max and pool_dropout 0 "
                + "were expected, or a network with max pooling, such as vgg8 or plain4");
        return builder.ToGraph();
    }
}
