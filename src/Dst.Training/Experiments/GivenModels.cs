using Dst.Foundations;
using Dst.ModelFiles;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments;

/// <summary>Finished models that a recipe gives instead of an arm.</summary>
internal sealed class GivenModels(Recipe recipe, DataSet data)
{
    /// <summary>Reads the model of an arm and prepares it for this data.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="path">Its model file.</param>
    /// <param name="log">Takes lines that say what was changed.</param>
    /// <exception cref="InputException">It cannot be read, does not fit the data, or is pruned already and to be pruned.</exception>
    public Model Load(Arm arm, string path, Action<string>? log = null)
    {
        var key = arm.ModelKey;
        var model = ModelFit.Fit($"{key} {path}", ModelFile.Load(path), data, log);
        if (model.Normalisation is { } normalisation && !IsNear(normalisation, data.Normalisation))
            throw new InputException(
                $"{key} {path} takes inputs as {Describe(normalisation)}; the data has {Describe(data.Normalisation)}");
        if (arm != Arm.BestStudentOf(recipe) || model.Masks.Count == 0) return For(data, model);
        var (layer, mask) = model.Masks.First();
        throw new InputException(
            $"{key} {path} is pruned already (layer '{layer}' has the mask {mask.PatternName}); "
            + "a dense model was expected, because it is this run that prunes it");
    }

    /// <summary>A model with the class names and the normalisation of the data.</summary>
    public static Model For(DataSet data, Model model) =>
        model with { ClassNames = data.ClassNames, Normalisation = data.Normalisation };

    // Another validation split gives slightly different means. The run then uses its own means for the model.
    private static bool IsNear(InputNormalisation a, InputNormalisation b)
    {
        const double tolerance = 0.05;
        if ((a.Resize, a.Amplitude, a.Smooth, a.PerImage) != (b.Resize, b.Amplitude, b.Smooth, b.PerImage)) return false;
        return a.PerImage || a.Mean.Length == b.Mean.Length && Enumerable.Range(0, a.Mean.Length)
            .All(i => Math.Abs(a.Mean[i] - b.Mean[i]) + Math.Abs(a.Deviation[i] - b.Deviation[i]) <= tolerance * b.Deviation[i]);
    }

    private static string Describe(InputNormalisation n) =>
        $"resize {n.Resize}, amplitude {Words.Of(n.Amplitude)}, {(n.Smooth ? "smoothed" : "not smoothed")}, "
        + (n.PerImage ? "normalised image by image" : $"mean {string.Join(" ", n.Mean)}, deviation {string.Join(" ", n.Deviation)}");
}
