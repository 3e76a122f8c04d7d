using Dst.Graph;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Tests.Cli;

/// <summary>Small model files with random weights.</summary>
internal static class SampleModel
{
    public const string Network = "resnet8";
    public const string HalvedLayer = "layer1.0.conv1";

    public static readonly FeatureShape Input = new(1, 16, 16);
    public static readonly string[] ClassNames = ["tank", "truck", "clutter"];

    /// <summary>Writes a dense model; its classes are <paramref name="names"/>.</summary>
    public static string SaveDense(TemporaryFolder folder, params string[] names)
    {
        var path = folder.File("dense.safetensors");
        ModelFile.Save(path, Dense(names));
        return path;
    }

    /// <summary>
    /// Writes a model with one halved layer; its classes are <paramref name="classNames"/>, or <see cref="ClassNames"/> if none are given.
    /// </summary>
    public static string SaveHalved(TemporaryFolder folder, params string[] classNames)
    {
        var dense = Dense(classNames.Length > 0 ? classNames : ClassNames);
        var weight = dense.Parameters[$"{HalvedLayer}.weight"];
        var kept = Enumerable.Range(0, weight.Shape[1]).Select(channel => channel % 2 == 0).ToArray();
        var mask = new LayerMask(weight.Shape, new(PruningUnit.Kernel, block: 16, group: 2), kept);
        mask.Apply(weight.Data);
        var path = folder.File("halved.safetensors");
        ModelFile.Save(path, dense with { Masks = new Dictionary<string, LayerMask> { [HalvedLayer] = mask } });
        return path;
    }

    private static Model Dense(string[] names) => Initialiser.Initialise(Zoo.Build(Network, Input, names.Length), seed: 1) with
    {
        ClassNames = names,
        Normalisation = new InputNormalisation(0, AmplitudeTransform.Sqrt, [0.4f], [0.2f]),
    };
}
