using System.Diagnostics.CodeAnalysis;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Checks;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Training.Experiments;

/// <summary>
/// Trains networks from a program as <c>dst train</c> and <c>dst compress</c> do: what nobody sets is chosen by what is found in the data.
/// It keeps all that it makes in a run folder, <c>runs/name/time</c> unless the settings say otherwise.
/// </summary>
/// <example>
/// <code>
/// var experiment = new Experiment("photos", SettingPresets.Compress)
/// {
///     Settings = ["train.epochs=20", "seed=2"],
///     EpochEnded = epoch => Console.WriteLine($"{epoch.Arm} {epoch.Epoch}: {epoch.ValidationTop1:P1}"),
/// };
/// var result = experiment.Run();
/// Console.WriteLine($"{result.Arm.TestTop1:P1}, {result.ModelPath}");
/// </code>
/// </example>
[RequiresUnreferencedCode("Settings are bound by reflection: training does not work in a trimmed program, prediction does.")]
public sealed class Experiment
{
    private const string Source = "the experiment";

    private readonly string _path = "";
    private readonly SourceData? _images;
    private readonly IReadOnlyList<SettingOverride> _preset;

    /// <summary>An experiment on data on the disk.</summary>
    /// <param name="path">A folder with a folder of images for each class, or other data that <c>data.path</c> may be.</param>
    /// <param name="preset">What is to be done, such as <see cref="SettingPresets.Train"/>, the default.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    public Experiment(string path, IReadOnlyList<SettingOverride>? preset = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        (_path, _preset) = (path, preset ?? SettingPresets.Train);
    }

    /// <summary>An experiment on images in memory.</summary>
    /// <param name="images">Images to train on; validation images are drawn from them.</param>
    /// <param name="preset">What is to be done, such as <see cref="SettingPresets.Train"/>, the default.</param>
    /// <param name="test">Test images, or null to draw them from the others.</param>
    /// <exception cref="ArgumentException"><paramref name="images"/> or one of them is null.</exception>
    /// <exception cref="InputException">The images are of fewer than two classes, or a test image is of another class.</exception>
    public Experiment(
        IEnumerable<LabelledImage> images, IReadOnlyList<SettingOverride>? preset = null, IEnumerable<LabelledImage>? test = null)
    {
        (_images, _preset) = (SourceData.OfImages(images, test ?? []), preset ?? SettingPresets.Train);
    }

    /// <summary>Keys of the recipe, each as <c>train.epochs=20</c>; <c>dst settings</c> lists them. They win over what is chosen.</summary>
    public IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Called after each step, on the thread that trains.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Called after each epoch, on the thread that trains.</summary>
    public Action<EpochMetrics>? EpochEnded { get; init; }

    /// <summary>Takes what is chosen, what is found in the data, and warnings, a line at a time.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>
    /// The full path of the run folder, from the moment that it is made. After a cancellation <see cref="Resume"/> takes it. Null before,
    /// and if nothing was trained because the data or a setting is wrong.
    /// </summary>
    public string? Folder { get; private set; }

    /// <summary>Trains all arms.</summary>
    /// <param name="cancellation">Saves the state and ends; <see cref="Resume"/> goes on from <see cref="Folder"/>.</param>
    /// <exception cref="ArgumentNullException">A setting is null.</exception>
    /// <exception cref="InputException">The data or a setting is wrong; see the message.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="DivergedException">A loss is NaN or infinite.</exception>
    public ExperimentResult Run(CancellationToken cancellation = default)
    {
        var recipe = ChooseRecipe(cancellation);
        var data = Load(recipe, cancellation);
        Pipeline.Check(recipe, data);
        using var run = RunFolder.Create(recipe, DateTime.Now);
        return Run(run, data, cancellation);
    }

    /// <summary><see cref="Run(CancellationToken)"/> on a thread of its own.</summary>
    /// <param name="cancellation">As there.</param>
    public Task<ExperimentResult> RunAsync(CancellationToken cancellation = default) => Task.Factory.StartNew(
        () => Run(cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Goes on with an experiment on the same data that was cancelled. It ends with the bits of one that was not.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="cancellation">Saves the state and ends.</param>
    /// <inheritdoc cref="Run(CancellationToken)"/>
    public ExperimentResult Resume(string folder, CancellationToken cancellation = default)
    {
        using var run = RunFolder.Resume(folder, [.. Settings.Select(SettingOverride.Parse)]);
        return Run(run, Load(run.Recipe, cancellation), cancellation);
    }

    /// <summary><see cref="Resume"/> on a thread of its own.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="cancellation">As there.</param>
    public Task<ExperimentResult> ResumeAsync(string folder, CancellationToken cancellation = default) => Task.Factory.StartNew(
        () => Resume(folder, cancellation), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private Recipe ChooseRecipe(CancellationToken cancellation)
    {
        SettingOverride[] own = [.. Settings.Select(SettingOverride.Parse)];
        SettingOverride[] path = _path.Length > 0 ? [SettingOverride.Of("data.path", _path, Source)] : [];
        SettingOverride[] set = [.. _preset, .. path, .. own];
        var recipe = Parse(set);
        EffectiveKeys.Check(_preset, own, recipe, Source);
        var survey = _images is null
            ? DataSurvey.Of(recipe.Data, cancellation)
            : DataSurvey.Of(_images, cancellation);
        var model = recipe.Teacher.Model is { } file ? Model.Load(file) : null;
        var suggestions = Suggestions.For(survey, recipe, set.SelectMany(setting => setting.Keys), model);
        foreach (var suggestion in suggestions) Log?.Invoke(suggestion.Text);
        recipe = Parse([.. suggestions.SelectMany(suggestion => suggestion.Settings), .. set]);
        IdleKeys.Check(own, recipe);
        return recipe;
    }

    private static Recipe Parse(IEnumerable<SettingOverride> settings) => RecipeFile.Parse(Source, "name: experiment", settings);

    private DataSet Load(Recipe recipe, CancellationToken cancellation)
    {
        void Say(string line) => Log?.Invoke(line);
        return _images is null
            ? DataSet.Load(recipe.Data, recipe.Seed, Say, cancellation)
            : DataSet.Load(_images, recipe.Data, recipe.Seed, Say, cancellation);
    }

    private ExperimentResult Run(RunFolder run, DataSet data, CancellationToken cancellation)
    {
        Folder = Path.GetFullPath(run.Path);
        using var pool = run.Recipe.CreatePool();
        var pipeline = new Pipeline(run, data, new ComputeContext(pool))
        {
            Progress = Progress,
            EpochEnded = EpochEnded,
            Log = Log,
        };
        try
        {
            return new(Folder, pipeline.Run(cancellation));
        }
        catch (Exception e) when (e is InputException or NotFiniteNumberException)
        {
            run.DiscardIfUntrained();
            if (!Directory.Exists(Folder)) Folder = null;
            throw;
        }
    }
}
