using Dst.Foundations;
using Dst.Graph;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Checks;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Optimizers;

namespace Dst.Training.Experiments;

/// <summary>
/// Chooses network, input, augmentation and training for a data set by what is found in it: rules of thumb, not a search.
/// </summary>
/// <example>
/// <code>
/// var survey = DataSurvey.Of(new DataOptions { Path = "photos" });
/// var recipe = RecipeFile.Parse("a program", "name: photos");
/// foreach (var suggestion in Suggestions.For(survey, recipe, [], null)) Console.WriteLine(suggestion.Text);
/// </code>
/// </example>
public sealed class Suggestions
{
    private const int LargestOwnSide = 64;
    private const double MostRatio = 3; // of the sides of an input
    private const int FewImages = 500;
    private const int FewOfClass = 16; // 10 of them are left to train on, once test and validation images are drawn
    private const double RateOf64 = 0.1; // of SGD with momentum, for batches of 64; it grows with the batch
    private const double AdamRate = 0.002;

    private static readonly Scale[] Scales =
    [
        new(FewImages, "resnet8", "resnet20", Batch: 16, Epochs: 60),
        new(2_000, "resnet8", "resnet20", Batch: 32, Epochs: 40),
        new(10_000, "resnet20", "resnet56", Batch: 64, Epochs: 30),
        new(int.MaxValue, "resnet20", "resnet56", Batch: 64, Epochs: 20),
    ];

    private readonly DataSurvey _survey;
    private readonly Recipe _recipe;
    private readonly FeatureShape? _input;
    private readonly InputNormalisation? _normalisation;
    private readonly HashSet<string> _set;
    private readonly string _section; // section that trains the first network: prune_train if the network to prune is given
    private readonly Scale _scale;

    private Suggestions(DataSurvey survey, Recipe recipe, IEnumerable<string> set, Model? model)
    {
        (_survey, _recipe, _set) = (survey, recipe, [.. set]);
        (_input, _normalisation) = (model?.Graph.Input, model?.Normalisation);
        _section = TrainsNew(recipe) ? "train" : "prune_train";
        _scale = Scales.First(scale => survey.Images < scale.Below);
    }

    private TrainOptions Options => _section == "train" ? _recipe.Train : _recipe.PruneTrain;

    private string Images => $"for {Phrases.Count(_survey.Images, "image")}";

    private bool IsCropped => _set.Contains("data.crop") && !_recipe.Data.Crop.IsNone;

    // From here on: what the user has set, or else what suits the data.
    private ImageSize Size
    {
        get
        {
            if (_input is { } input) return new(input.Height, input.Width);
            if (IsCropped) return _recipe.Data.Crop;
            if (_set.Contains("data.resize") && !_recipe.Data.Resize.IsNone) return _recipe.Data.Resize;
            if (_survey.Size is { } own && IsSmall(own)) return own;
            return Resized(_survey.MedianSide < 48 ? 32 : LargestOwnSide, _survey.MedianRatio);
        }
    }

    private string WhyNotSquare => IsCropped || Size.Height == Size.Width ? ""
        : Size.Height < Size.Width ? "; most are wider than high"
        : "; most are higher than wide";

    private int Shift => _set.Contains("data.shift") ? _recipe.Data.Shift : Math.Min(Size.Height, Size.Width) / 8;

    private int BatchSize => _set.Contains($"{_section}.batch") ? Options.Batch
        : _set.Contains("train.batch") ? _recipe.Train.Batch
        : _scale.Batch;

    private int Epochs => _set.Contains($"{_section}.epochs") ? Options.Epochs
        : _set.Contains("train.epochs") ? _recipe.Train.Epochs
        : _scale.Epochs;

    private double LearningRate
    {
        get
        {
            if (_set.Contains("train.schedule.learning_rate")) return _recipe.Train.Schedule.LearningRate;
            return Options.Optimizer.Kind == OptimizerKind.Adamw ? AdamRate : RateOf64 * BatchSize / 64;
        }
    }

    /// <summary>The choices that have an effect in a recipe and are not made yet.</summary>
    /// <param name="survey">The data.</param>
    /// <param name="recipe">The recipe without the choices.</param>
    /// <param name="set">Keys that the user has set.</param>
    /// <param name="model">A finished network whose input the data must have, or null.</param>
    public static IReadOnlyList<Suggestion> For(DataSurvey survey, Recipe recipe, IEnumerable<string> set, Model? model = null)
    {
        ArgumentNullException.ThrowIfNull(survey);
        var suggestions = new Suggestions(survey, recipe, set, model);
        // A network of 8-bit integers is trained unless the user says otherwise.
        var quantise = suggestions._set.Contains("quantise.epochs") ? recipe.Quantise : recipe.Quantise with { Epochs = 1 };
        var effective = EffectiveKeys.Of(recipe with { Quantise = quantise });
        return
        [
            .. suggestions.All().Where(suggestion => !suggestions._set.Contains(suggestion.Key))
                .Select(suggestion => suggestion with
                {
                    Settings = [.. suggestion.Settings.Where(setting =>
                        setting.Keys.All(key => EffectiveKeys.Includes(effective, key) && !suggestions._set.Contains(key)))],
                })
                .Where(suggestion => suggestion.Settings.Count > 0),
        ];
    }

    /// <summary>Whether a recipe trains a network that is not the pruned form of a given one.</summary>
    public static bool TrainsNew(Recipe recipe) =>
        Arm.NeededBy(recipe).Any(arm =>
            arm.Given(recipe) is null && arm.StartIn(recipe) is not (ArmStart.DenseNetwork or ArmStart.Finished));

    private IEnumerable<Suggestion> All() =>
        [Teacher(), Student(), Input(), .. Augmentation(), .. Split(), .. Classes(), .. Batch(), .. Training(), .. AfterPruning()];

    private Suggestion Teacher() => Suggestion.Of("teacher.arch", $"teacher {_scale.Teacher} {Images}", ("teacher.arch", _scale.Teacher));

    private Suggestion Student() => Suggestion.Of("student.arch", $"network {_scale.Student} {Images}", ("student.arch", _scale.Student));

    private Suggestion Input()
    {
        const string key = "data.resize";
        if (_input is { } input)
            return Suggestion.Of(
                key, $"input {input}, that of the given network", (key, _normalisation?.Resize ?? default),
                ("data.fit", _normalisation?.Fit ?? default), ("data.crop", Size), ("data.channels", input.Channels));
        if (_survey.Size is not { } own || !IsSmall(own))
            return Suggestion.Of(key, $"input {Size}, to which images are resized{WhyNotSquare}", (key, Size));
        var text = IsCropped ? $"input {Size}, to which images are cropped or padded" : $"input {own}, the size of the images";
        return Suggestion.Of(key, text, (key, 0));
    }

    private IEnumerable<Suggestion> Augmentation()
    {
        var isColour = _survey.Channels == 3;
        var pixels = Phrases.Count(Shift, "pixel");
        if (Shift > 0)
        {
            yield return Suggestion.Of("data.shift", $"training images move by up to {pixels}", ("data.shift", Shift));
            yield return Suggestion.Of("data.pad", $"training images get a border of zeros to move in, {pixels} wide", ("data.pad", Shift));
        }

        var mirror = isColour ? "training images are mirrored"
            : _survey.Channels == 1 ? "training images are not mirrored, because grey images may be characters"
            : "training images are not mirrored, because only colour images are, unless data.flip says so";
        yield return Suggestion.Of("data.flip", mirror, ("data.flip", isColour));
        if (!isColour || _recipe.Data.Normalise != NormalisationSource.Data) yield break;
        yield return Suggestion.Of("data.gain", "training images vary in brightness", ("data.gain", 0.2));
        yield return Suggestion.Of("data.contrast", "training images vary in contrast", ("data.contrast", 0.2));
    }

    private IEnumerable<Suggestion> Split()
    {
        var percent = _survey.Images < FewImages ? 20 : 10;
        if (!_survey.HasTest && _recipe.Data.Folds == 0)
            yield return Suggestion.Of("data.test", "20 % of the images of each class are the test", ("data.test", 0.2));
        if (!_survey.HasValidation && _recipe.Data.ValidationFrom == ValidationSource.Training)
            yield return Suggestion.Of(
                "data.validation", $"{percent} % of the training images choose the best epoch", ("data.validation", percent / 100.0));
    }

    private IEnumerable<Suggestion> Classes()
    {
        const int skew = 3;
        var (small, large) = (_survey.SmallestClass, _survey.LargestClass);
        if (large < skew * small || _recipe.Data.Sampling == Sampling.Balanced) yield break;
        var key = $"{_section}.class_weights";
        yield return small >= FewOfClass
            ? Suggestion.Of(key, $"classes weigh the same, though they have {small} to {large} images", (key, "balanced"))
            : Suggestion.Of(
                key, $"classes are not weighed, because '{_survey.SmallestName}' has {Phrases.Count(small, "image")}, too few to weigh",
                (key, "none"));
    }

    // All sections take the batch of train, where it is set.
    private IEnumerable<Suggestion> Batch()
    {
        if (_set.Contains("train.batch")) yield break;
        yield return Suggestion.Of($"{_section}.batch", $"batches of {_scale.Batch} {Images}", ($"{_section}.batch", _scale.Batch));
        if (_section != "train")
            yield return Suggestion.Of("quantise.batch", $"batches of {BatchSize} with 8 bits", ("quantise.batch", BatchSize));
    }

    private IEnumerable<Suggestion> Training()
    {
        if (_section != "train") yield break;
        var patience = Math.Max(Epochs / 2, 5);
        yield return Suggestion.Of(
            "train.epochs", $"{Phrases.Count(_scale.Epochs, "epoch")} {Images}", ("train.epochs", _scale.Epochs));
        if (patience < Epochs && _recipe.Data.ValidationFrom != ValidationSource.None) // else no image shows an improvement
            yield return Suggestion.Of(
                "train.patience", $"training ends early after {Phrases.Count(patience, "epoch")} without a better one",
                ("train.patience", patience));
        var goesOn = (_recipe.Arms.Contains(ArmNames.Teacher) ? _recipe.Teacher.From : _recipe.Student.From) is not null;
        var rate = goesOn ? LearningRate / 10 : LearningRate;
        yield return Rate("train", Invariant($"learning rate {rate:G3} at its peak{(goesOn ? ", low, to go on" : "")}"), rate);
        yield return OneCycle("train", "learning rate rises and falls in one cycle");
    }

    private IEnumerable<Suggestion> AfterPruning()
    {
        var epochs = Math.Max(Epochs / 2, 1);
        yield return Suggestion.Of(
            "prune_train.epochs", $"{Phrases.Count(epochs, "epoch")} after halving", ("prune_train.epochs", epochs));
        var rate = LearningRate / (_section == "train" ? 2 : 10);
        yield return Rate("prune_train", Invariant($"learning rate {rate:G3} after halving"), rate);
        yield return OneCycle("prune_train", "learning rate rises and falls in one cycle after halving");
        var rounded = Math.Max(Epochs / 8, 1);
        var text = $"{Phrases.Count(rounded, "epoch")} with weights and values rounded to 8 bits";
        yield return Suggestion.Of("quantise.epochs", text, ("quantise.epochs", rounded));
    }

    // The size of about side² pixels whose sides have a ratio and are multiples of 8, which most networks halve three times.
    private static ImageSize Resized(int side, double ratio)
    {
        var root = Math.Sqrt(Math.Clamp(ratio, 1 / MostRatio, MostRatio));
        return new(InEights(side * root), InEights(side / root));

        static int InEights(double length) => 8 * (int)Math.Round(length / 8);
    }

    private static bool IsSmall(ImageSize size) => Math.Max(size.Height, size.Width) <= LargestOwnSide;

    private static Suggestion Rate(string section, string text, double rate) =>
        Suggestion.Of($"{section}.schedule.learning_rate", text, ($"{section}.schedule.learning_rate", rate));

    private static Suggestion OneCycle(string section, string text) =>
        Suggestion.Of($"{section}.schedule.kind", text, ($"{section}.schedule.kind", "one_cycle"));

    /// <summary>What suits a number of images.</summary>
    /// <param name="Below">Fewer images than this.</param>
    /// <param name="Student">Network.</param>
    /// <param name="Teacher">A network of about three times its cost, to teach it.</param>
    /// <param name="Batch">Images in a step.</param>
    /// <param name="Epochs">Passes over the images.</param>
    private sealed record Scale(int Below, string Student, string Teacher, int Batch, int Epochs);
}
