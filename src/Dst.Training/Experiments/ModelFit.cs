using Dst.Training.Data;

namespace Dst.Training.Experiments;

/// <summary>Checks that a finished model fits a data set.</summary>
public static class ModelFit
{
    /// <summary>Compares the input's shape, the number of classes and, where the model has them, their names.</summary>
    /// <param name="what">What messages call the model: its file.</param>
    /// <param name="model">The model.</param>
    /// <param name="data">The data that it is given.</param>
    /// <exception cref="InputException">They differ; the message says in what.</exception>
    public static void Check(string what, Model model, DataSet data)
    {
        var classes = model.Graph.OutputShape.Channels;
        if (model.Graph.Input != data.Shape || classes != data.ClassNames.Count)
            throw new InputException(
                $"{what} takes {model.Graph.Input} and has {classes} classes; the data has {data.Shape} and {data.ClassNames.Count}");
        if (model.ClassNames.Count > 0 && !model.ClassNames.SequenceEqual(data.ClassNames))
            throw new InputException(
                $"{what} has the classes {string.Join(", ", model.ClassNames)}; the data has {string.Join(", ", data.ClassNames)}");
    }
}
