using Dst.Cli.Usage;
using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Actions;

/// <summary>Loads data in the form that a model takes.</summary>
internal static class ModelInput
{
    /// <summary>The data of <paramref name="recipe"/>, prepared as the model takes it.</summary>
    /// <exception cref="InputException">The data cannot be read, or has another shape or other classes.</exception>
    public static DataSet LoadData(Recipe recipe, string path, Model model, Invocation call)
    {
        var input = model.Graph.Input;
        var normalisation = model.Normalisation ?? InputNormalisation.None(input.Channels);
        var options = recipe.Data with
        {
            Channels = input.Channels,
            Crop = input.Height == input.Width ? input.Height : 0,
            Resize = normalisation.Resize,
            Amplitude = normalisation.Amplitude,
        };
        var data = DataSet.Load(options, recipe.Seed, Environment.CurrentDirectory, call.Report.Log, call.Cancellation);
        ModelFit.Check(path, model, data);
        return data.With(normalisation);
    }
}
