using Dst.Cli.Usage;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks.Repair;

namespace Dst.Cli.Actions;

/// <summary>
/// A model that is halved or quantised on some images: those of a folder, or of labelled data, on which its accuracy is measured too.
/// </summary>
internal sealed class CalibratedModel
{
    private readonly Invocation _call;
    private readonly DataSet? _data; // null if the images come from a folder
    private readonly SampleSet? _samples; // the split on which the accuracy is measured

    /// <summary>Loads the data that the command line names, if it names any.</summary>
    /// <param name="call">The call.</param>
    /// <param name="recipe">The recipe with the data.</param>
    /// <param name="path">The model's file.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="InputException">The data cannot be read or do not fit the model, or have no images of the split.</exception>
    public CalibratedModel(Invocation call, Recipe recipe, string path, Model model)
    {
        (_call, Model) = (call, model);
        if (call.Arguments.GetValue(CalibrationInput.Folder) is not null) return;
        (Model, _data) = ModelInput.Load(recipe, path, model, call);
        _samples = ModelEvaluation.SplitOf(_data, call);
    }

    /// <summary>The model, with its classes in the order of the data.</summary>
    public Model Model { get; }

    /// <inheritdoc cref="CalibrationInput.Draw"/>
    public CalibrationImages Draw(int count, long seed) => CalibrationInput.Draw(_call, Model, _data, count, seed);

    /// <summary>Measures what a smaller form of the model loses in accuracy; null without labels.</summary>
    public AccuracyChange? MeasureChangeTo(Model smaller) =>
        _data is null ? null : AccuracyChange.Measure(_call, _data, _samples!, Model, smaller);
}
