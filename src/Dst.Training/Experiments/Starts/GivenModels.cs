using Dst.ModelFiles;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks.Repair;

namespace Dst.Training.Experiments.Starts;

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
        var model = ModelFit.Fit($"{key} {path}", Read($"{key} {path}", path, log), data, log);
        ModelFit.CheckScale(model, data, log);
        if (recipe.Student.IsTeacher && arm == Arm.DenseOf(recipe) && model.Masks.Count > 0)
            throw new InputException(
                $"{key} {path} is pruned already (layer '{model.Masks.Keys.First()}'); a dense model was expected, because it is this "
                + "run that prunes it");
        if (arm == Arm.DenseOf(recipe) && BatchNormRestorer.Describe(model.Graph) is { } line) log?.Invoke($"{key} {path}: {line}");
        return For(data, model);
    }

    /// <summary>Reads a model file. A model that says nothing of its inputs gets values from 0 to 1, as in every other verb.</summary>
    /// <exception cref="InputException">It cannot be read.</exception>
    public static Model Read(string what, string path, Action<string>? log)
    {
        var model = ModelFile.Load(path).OfFloats(what);
        if (model.Normalisation is not null) return model;
        log?.Invoke($"{what} says nothing of its inputs; it gets values from 0 to 1 as they are, unless dst import --normalise says more");
        return model with { Normalisation = InputNormalisation.None(model.Graph.Input.Channels) };
    }

    /// <summary>A model with the class names of the data, and with its normalisation if it has none of its own.</summary>
    public static Model For(DataSet data, Model model) =>
        model with { ClassNames = data.ClassNames, Normalisation = data.For(model).Normalisation };
}
