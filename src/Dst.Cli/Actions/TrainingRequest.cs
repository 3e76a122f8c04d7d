using System.CommandLine;
using Dst.Cli.Usage;
using Dst.Graph;
using Dst.Report;
using Dst.Report.Runs;
using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Actions;

/// <summary>What a verb that trains, or shows what training would see, asks of a recipe and of <see cref="RecipeRun"/>.</summary>
/// <param name="Settings">Keys that the verb sets. What the command line sets comes later and wins.</param>
internal sealed record TrainingRequest(params IReadOnlyList<SettingOverride> Settings)
{
    private static readonly string[] KeysOfInput = ["data.resize", "data.fit", "data.crop", "data.channels"];

    /// <summary>The section of the recipe that <c>--epochs</c>, <c>--batch</c> and <c>--lr</c> set.</summary>
    public string Section { get; init; } = "train";

    /// <summary>A model file whose input the data must have, or null.</summary>
    public string? ModelPath { get; init; }

    /// <summary>Whether only the data of a recipe are taken, so that the rest is chosen as for data alone.</summary>
    public bool TakesDataAlone { get; init; }

    /// <summary>
    /// What <see cref="Settings"/> choose, in the words of a line: of each key what it does. Nothing is said of keys that the command line
    /// sets.
    /// </summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string>> Choices { get; init; } = [];

    /// <summary>Whether nothing is trained, so that only choices of the section <c>data</c> are made.</summary>
    public bool TrainsNothing { get; init; }

    /// <summary>What is shown of a finished run, or null for the usual tables of its arms.</summary>
    public Func<RunResults, IEnumerable<Block>>? Blocks { get; init; }

    /// <summary>Options of the verb that say what a new run trains. A run that goes on has its recipe; they have no effect on it.</summary>
    public IReadOnlyList<Option> NewRunOptions { get; init; } = [];

    /// <summary>The verb that goes on with a run that was stopped, and shows it in the same way.</summary>
    public string ResumeVerb { get; init; } = "run";

    /// <summary>Keys that the command line sets.</summary>
    public IReadOnlyList<SettingOverride> OverridesOf(Invocation call) =>
        [.. KeyShortcuts.Overrides(call.Arguments, Section), .. RecipeInput.Overrides(call.Arguments)];

    /// <summary>
    /// The recipe of the command line. Where data stands in place of a recipe, keys that nobody sets are chosen for this data, each with a
    /// line that says what, why, and how to change it.
    /// </summary>
    /// <exception cref="InputException">The recipe or the data cannot be read.</exception>
    public Recipe Read(Invocation call)
    {
        SettingOverride[] first = [.. Settings, .. KeyShortcuts.Overrides(call.Arguments, Section)];
        var recipe = RecipeInput.Load(call.Arguments, call.Report.Log, first);
        var isData = RecipeInput.DataOf(call.Arguments) is not null;
        if (!isData && !TakesDataAlone) return recipe;
        var survey = DataSurvey.Of(recipe.Data, call.Cancellation);
        var set = Settings.Concat(OverridesOf(call)).SelectMany(setting => setting.Keys);
        var model = ModelPath is null ? null : Model.Load(ModelPath);
        if (!isData) set = set.Concat(KeysOfData(recipe.Data, model));
        var suggestions = Suggestions.For(survey, recipe, set, model)
            .Where(suggestion => !TrainsNothing || RecipeOptions.IsOfData(suggestion.Key)).ToList();
        call.Report.Log($"{(recipe.Data.Path.Length > 0 ? recipe.Data.Path : "data")}: {survey}");
        var command = call.Arguments.CommandResult.Command;
        foreach (var (key, text, _) in suggestions) call.Report.Log($"  {text} ({KeyShortcuts.Describe(key, Section, command)})");
        foreach (var line in DescribeChoices(call)) call.Report.Log($"  {line}");
        return RecipeInput.Load(call.Arguments, log: null, [.. suggestions.SelectMany(suggestion => suggestion.Settings), .. first]);
    }

    private IEnumerable<string> DescribeChoices(Invocation call)
    {
        var given = OverridesOf(call).SelectMany(setting => setting.Keys).ToHashSet();
        return Choices.Select(line => line.Where(choice => !given.Contains(choice.Key)).ToList()).Where(line => line.Count > 0)
            .Select(line => $"{string.Join(", ", line.Select(choice => choice.Value))} "
                + $"({string.Join(", ", line.Select(choice => $"--set {choice.Key}=VALUE"))})");
    }

    /// <summary>The keys of the data that a recipe has set: all, but for the input where a model takes another.</summary>
    private static IEnumerable<string> KeysOfData(DataOptions data, Model? model)
    {
        var keys = RecipeFile.Describe().Select(key => key.Path).Where(RecipeOptions.IsOfData);
        return model is null || TakesInputOf(model, data) ? keys : keys.Except(KeysOfInput);
    }

    private static bool TakesInputOf(Model model, DataOptions data)
    {
        var size = data.Crop.IsNone ? data.Resize : data.Crop;
        return model.Graph.Input == new FeatureShape(data.Channels, size.Height, size.Width)
            && (model.Normalisation is not { Resize.IsNone: false } own || (own.Resize, own.Fit) == (data.Resize, data.Fit));
    }
}
