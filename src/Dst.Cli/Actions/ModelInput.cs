using Dst.Cli.Usage;
using Dst.Training.Data;
using Dst.Training.Experiments.Checks;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Starts;

namespace Dst.Cli.Actions;

/// <summary>A model and data that fit together.</summary>
internal static class ModelInput
{
    /// <summary>Keys that the model decides.</summary>
    private static readonly string[] KeysOfModel =
    [
        "data.channels", "data.crop", "data.resize", "data.fit", "data.amplitude", "data.smooth", "data.normalise", "data.mean",
        "data.deviation",
    ];

    /// <summary>
    /// The data of <paramref name="recipe"/>, prepared as the model takes it, and the model with its classes in the order of the data.
    /// </summary>
    /// <exception cref="InputException">As <see cref="LoadData"/>, or the data has another shape or other classes.</exception>
    public static (Model Model, DataSet Data) Load(Recipe recipe, string path, Model model, Invocation call)
    {
        var data = LoadData(recipe, model, call);
        return (ModelFit.Fit(path, model, data, call.Report.Log), data);
    }

    /// <summary>The data of <paramref name="recipe"/>, prepared as the model takes it. Its classes may be others.</summary>
    /// <exception cref="InputException">The data cannot be read, or the command line sets a key that the model decides.</exception>
    public static DataSet LoadData(Recipe recipe, Model model, Invocation call)
    {
        EffectiveKeys.Refuse(
            RecipeInput.Overrides(call.Arguments), KeysOfModel,
            $"in {call.Command}, because the model says how its images are prepared; leave it out");
        var input = model.Graph.Input;
        var normalisation = model.Normalisation ?? InputNormalisation.None(input.Channels);
        var options = recipe.Data with
        {
            Channels = input.Channels,
            Crop = new(input.Height, input.Width),
            Resize = normalisation.Resize,
            Fit = normalisation.Fit,
            Amplitude = normalisation.Amplitude,
            Smooth = normalisation.Smooth,
            Normalise = NormalisationSource.Data,
            Mean = [.. new double[input.Channels]], // is not measured, because the model's own replaces it
            Deviation = [.. Enumerable.Repeat(1.0, input.Channels)],
        };
        RunData.CheckSeed(call, recipe);
        var data = RunData.Load(call, recipe with { Data = options }, model);
        ModelFit.CheckScale(model, data, call.Report.Log);
        return data.For(model with { Normalisation = normalisation });
    }
}
