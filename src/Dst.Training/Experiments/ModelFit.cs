using Dst.Foundations;
using Dst.Training.Data;

namespace Dst.Training.Experiments;

/// <summary>Fits a finished model to a data set.</summary>
public static class ModelFit
{
    /// <summary>
    /// Compares the input's shape, the number of classes and, where the model has them, their names. Classes in another order are put in the
    /// order of the data.
    /// </summary>
    /// <param name="what">What messages call the model: its file.</param>
    /// <param name="model">The model.</param>
    /// <param name="data">The data that it is given.</param>
    /// <param name="log">Takes a line if the classes are reordered.</param>
    /// <returns>The model, with its classes in the order of the data.</returns>
    /// <exception cref="InputException">They differ; the message says in what.</exception>
    public static Model Fit(string what, Model model, DataSet data, Action<string>? log)
    {
        CheckShape(what, model, data);
        var (classes, names) = (Words.Count(model.Classes, "class", "classes"), data.ClassNames);
        if (model.Classes != names.Count) throw new InputException($"{what} has {classes}; the data has {names.Count}");
        if (model.ClassNames.Count == 0 || model.ClassNames.SequenceEqual(names)) return model;
        if (!model.ClassNames.ToHashSet().SetEquals(names))
            throw new InputException($"{what} has the classes {string.Join(", ", model.ClassNames)}; the data has {string.Join(", ", names)}");
        var order = names.Select(name => model.ClassNames.Index().First(own => own.Item == name).Index).ToArray();
        log?.Invoke($"{what} has the classes of the data in another order; they are put in the order of the data");
        return ClassifierHead.Reorder(model, order) ?? throw new InputException(
            $"{what} has the classes {string.Join(", ", model.ClassNames)}, and its last layer cannot be put in another order; the order of the "
            + $"data was expected, {string.Join(", ", names)}");
    }

    /// <summary>Compares the input's shape.</summary>
    /// <exception cref="InputException">It is another one.</exception>
    public static void CheckShape(string what, Model model, DataSet data)
    {
        if (model.Graph.Input != data.Shape) throw new InputException($"{what} takes {model.Graph.Input}; the data has {data.Shape}");
    }
}
