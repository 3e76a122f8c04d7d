using Dst.Runtime;
using Dst.Training;
using Dst.Training.Data;
using Dst.Training.Recipes;

namespace Dst.Cli.Commands;

/// <summary>What verbs need to know of a model to give it images and to name its classes.</summary>
internal static class ModelInput
{
    /// <summary>The model's input normalisation; if it has none, inputs are used as they are.</summary>
    public static InputNormalisation NormalisationOf(Model model)
    {
        var channels = model.Graph.Input.Channels;
        return model.Normalisation ?? new(Resize: 0, Amplitude: "none", Mean: new float[channels], Deviation: [.. Enumerable.Repeat(1f, channels)]);
    }

    /// <summary>The data of <paramref name="recipe"/>, prepared as the model takes it.</summary>
    /// <exception cref="InputException">The data cannot be read, or has another shape or other classes.</exception>
    public static DataSet LoadData(Recipe recipe, string path, Model model, Invocation call)
    {
        var input = model.Graph.Input;
        var normalisation = NormalisationOf(model);
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

    /// <summary>Name of a class, or its number if the model has no names.</summary>
    public static string ClassNameOf(Model model, int label) => model.ClassNames.Count > 0 ? model.ClassNames[label] : $"{label}";
}
