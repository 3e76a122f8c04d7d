using Dst.Graph;
using Dst.Masks;
using Dst.Runtime.Inference;
using Dst.Runtime.Quantisation;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Cli.Bench;

/// <summary>Networks of the zoo with random weights, which are as fast as trained ones.</summary>
internal static class RandomModel
{
    private const int CalibrationImages = 16;

    /// <summary>Builds and initialises a network.</summary>
    /// <param name="arch">Architecture, by its name in the zoo.</param>
    /// <param name="width">Width multiplier.</param>
    /// <param name="input">Shape of one image, or null for the architecture's usual one.</param>
    /// <param name="pattern">Pattern of the masks, or null for a dense network.</param>
    /// <param name="unstructured">Whether masks keep as many weights as the pattern does, but without it.</param>
    /// <exception cref="InputException">There is no such network, it does not take the input, or nothing of it can be pruned.</exception>
    public static Model Create(string arch, double width, FeatureShape? input, UhpPattern? pattern, bool unstructured = false)
    {
        var (usualInput, classes) = Zoo.UsualTask(arch);
        return Create(Zoo.Build(arch, input ?? usualInput, classes, width), pattern, unstructured);
    }

    /// <summary>Initialises a network.</summary>
    /// <exception cref="InputException">Nothing of it can be pruned.</exception>
    public static Model Create(CheckedGraph graph, UhpPattern? pattern, bool unstructured = false)
    {
        var model = Initialiser.Initialise(graph, seed: 1);
        if (pattern is null) return model;
        var options = new PruningOptions { Pattern = pattern };
        var plan = unstructured ? PruningPlan.CreateUnstructured(model, options) : PruningPlan.Create(model, options);
        return plan.Masks.Count > 0
            ? plan.ApplyTo(model)
            : throw new InputException($"network '{graph.Name}' has no layer that {pattern} can prune; at least one was expected");
    }

    /// <summary>A network in 8-bit integers. The ranges of its values are those of random images.</summary>
    /// <exception cref="InputException">It is quantised already, or it cannot be.</exception>
    public static Model Quantised(Model model, CancellationToken cancellation) =>
        Quantiser.Quantise(model, NetworkRun.RandomImages(model, CalibrationImages), CalibrationImages, cancellation: cancellation).Model;
}
