using Dst.Graph;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Tests.Cli;

/// <summary>A small model file with random weights, one layer of which is halved.</summary>
internal static class SampleModel
{
    public const string Network = "resnet8";
    public const string HalvedLayer = "layer1.0.conv1";

    public static readonly FeatureShape Input = new(1, 16, 16);
    public static readonly string[] ClassNames = ["tank", "truck", "clutter"];

    /// <summary>Writes the file; its classes are <paramref name="classNames"/>, or <see cref="ClassNames"/> if none are given.</summary>
    public static string SaveHalved(TemporaryFolder folder, params string[] classNames)
    {
        var names = classNames.Length > 0 ? classNames : ClassNames;
        var dense = Initialiser.Initialise(Zoo.Build(Network, Input, names.Length), seed: 1);
        var weight = dense.Parameters[$"{HalvedLayer}.weight"];
        var kept = Enumerable.Range(0, weight.Shape[1]).Select(channel => channel % 2 == 0).ToArray();
        var mask = new LayerMask(weight.Shape, new(PruningUnit.Kernel, block: 16, group: 2), kept);
        mask.Apply(weight.Data);
        var path = folder.File("halved.safetensors");
        ModelFile.Save(path, new Model(dense.Graph, dense.Parameters)
        {
            Masks = new Dictionary<string, LayerMask> { [HalvedLayer] = mask },
            ClassNames = names,
            Normalisation = new InputNormalisation(0, AmplitudeTransform.Sqrt, [0.4f], [0.2f]),
        });
        return path;
    }
}
