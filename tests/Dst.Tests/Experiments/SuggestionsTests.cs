using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Networks;
using Dst.Training.Objectives;

namespace Dst.Tests.Experiments;

public class SuggestionsTests
{
    private static readonly DataSurvey Photos = new()
    {
        Classes = 3,
        Images = 1500,
        SmallestClass = 400,
        SmallestName = "owls",
        LargestClass = 600,
        HasValidation = false,
        HasTest = false,
        Channels = 3,
        Size = null,
        MedianSide = 480,
        MedianRatio = 1,
    };

    [Theory]
    [InlineData(100, "resnet8", 16, 60)]
    [InlineData(1_999, "resnet8", 32, 40)]
    [InlineData(2_000, "resnet20", 64, 30)]
    [InlineData(60_000, "resnet20", 64, 20)]
    public void Network_batch_and_epochs_follow_the_number_of_images(int images, string arch, int batch, int epochs)
    {
        var recipe = RecipeFor(Photos with { Images = images }, "arms=[student]");
        Assert.Equal((arch, batch, epochs), (recipe.Student.Arch, recipe.Train.Batch, recipe.Train.Epochs));
        Assert.Equal(epochs / 2, recipe.Train.Patience);
        Assert.Equal(0.1 * batch / 64, recipe.Train.Schedule.LearningRate, 12);
    }

    [Theory]
    [InlineData(null, 480, 64, 8)] // several sizes
    [InlineData(null, 40, 32, 4)]
    [InlineData(28, 28, 0, 3)] // as they are
    [InlineData(300, 300, 64, 8)]
    public void The_input_is_the_size_of_small_images_and_else_a_resize(int? own, int median, int resize, int shift)
    {
        var data = RecipeFor(Photos with { Size = own is { } side ? side : null, MedianSide = median }, "arms=[student]").Data;
        Assert.Equal((resize, shift, shift), (data.Resize, data.Shift, data.Pad));
    }

    [Theory]
    [InlineData(1, 480, "64", "")]
    [InlineData(0.9, 480, "64", "")]
    [InlineData(0.75, 480, "56x72", "; most are wider than high")]
    [InlineData(1.5, 480, "80x56", "; most are higher than wide")]
    [InlineData(10, 480, "112x40", "; most are higher than wide")]
    [InlineData(0.5, 30, "24x48", "; most are wider than high")]
    public void The_input_has_the_ratio_of_most_images(double ratio, int median, string size, string why)
    {
        var survey = Photos with { MedianRatio = ratio, MedianSide = median };
        Assert.True(ImageSize.TryParse(size, out var resize));
        Assert.Equal(resize, RecipeFor(survey, "arms=[student]").Data.Resize);
        Assert.Contains($"input {resize}, to which images are resized{why}", TextsFor(survey));
    }

    [Fact]
    public void Images_move_as_far_with_a_model_of_their_size_as_without()
    {
        var survey = Photos with { Size = new(20, 24) };
        var model = Initialiser.Initialise(Zoo.Build("resnet8", new(3, 20, 24), 3), seed: 1);
        Assert.Equal(2, RecipeFor(survey, "arms=[student]").Data.Shift); // an eighth of the shorter side
        var recipe = Parse([SettingOverride.Parse("arms=[student]")]);
        Assert.Contains(
            "training images move by up to 2 pixels", Suggestions.For(survey, recipe, [], model).Select(suggestion => suggestion.Text));
    }

    [Fact]
    public void Grey_images_are_not_mirrored_and_keep_their_brightness()
    {
        Assert.True(RecipeFor(Photos, "arms=[student]").Data is { Flip: true, Gain: 0.2, Contrast: 0.2 });
        Assert.True(RecipeFor(Photos with { Channels = 1 }, "arms=[student]").Data is { Flip: false, Gain: 0, Contrast: 0 });
        Assert.Contains(TextsFor(Photos with { Channels = 1 }), text => text.Contains("grey images may be characters"));
        Assert.DoesNotContain(TextsFor(Photos with { Channels = 13 }), text => text.Contains("grey"));
    }

    [Fact]
    public void Few_images_hold_back_more_and_splits_of_the_data_are_kept()
    {
        Assert.Equal(0.1, RecipeFor(Photos, "arms=[student]").Data.Validation);
        Assert.Equal(0.2, RecipeFor(Photos with { Images = 300 }, "arms=[student]").Data.Validation);
        Assert.Contains("data.validation", KeysFor(Photos with { HasTest = true }));
        Assert.DoesNotContain("data.test", KeysFor(Photos with { HasTest = true }));
        Assert.DoesNotContain("data.test", KeysFor(Photos, "data.folds=5"));
        Assert.DoesNotContain("data.validation", KeysFor(Photos with { HasValidation = true }));
    }

    [Fact]
    public void Training_ends_early_only_where_images_are_held_back()
    {
        Assert.Equal(20, RecipeFor(Photos, "arms=[student]").Train.Patience);
        Assert.Equal(0, RecipeFor(Photos, "arms=[student, dst]", "data.validation_from=none").Train.Patience);
    }

    [Fact]
    public void Classes_of_very_different_sizes_weigh_the_same()
    {
        Assert.DoesNotContain("train.class_weights", KeysFor(Photos));
        Assert.Contains("train.class_weights", KeysFor(Photos with { SmallestClass = 100 }));
        Assert.DoesNotContain("train.class_weights", KeysFor(Photos with { SmallestClass = 100 }, "data.sampling=balanced"));
    }

    [Theory]
    [InlineData(16, ClassWeighting.Balanced, "classes weigh the same, though they have 16 to 600 images")]
    [InlineData(15, ClassWeighting.None, "classes are not weighed, because 'owls' has 15 images, too few to weigh")]
    [InlineData(1, ClassWeighting.None, "classes are not weighed, because 'owls' has 1 image, too few to weigh")]
    public void A_class_of_few_images_gets_no_weight(int images, ClassWeighting weights, string text)
    {
        var survey = Photos with { SmallestClass = images };
        Assert.Equal(weights, RecipeFor(survey, "arms=[student]").Train.ClassWeights);
        Assert.Contains(text, TextsFor(survey));
        Assert.Equal(
            ClassWeighting.Balanced, RecipeFor(survey, "arms=[student]", "train.class_weights=balanced").Train.ClassWeights);
    }

    [Theory]
    [InlineData("data.flip=false")]
    [InlineData("data.gain=0")]
    [InlineData("data.contrast=0")]
    [InlineData("data.pad=0")]
    [InlineData("train.schedule.learning_rate=0.1")]
    [InlineData("train.schedule.kind=cosine")]
    public void A_key_that_is_set_changes_itself_alone(string setting)
    {
        var suggested = Suggest(Photos, "arms=[student]", setting);
        var all = Suggest(Photos, "arms=[student]");
        Assert.Equal(all.Where(suggestion => suggestion.Key != setting.Split('=')[0]), suggested, Same);
        Assert.All(suggested, suggestion => Assert.Equal([suggestion.Key], suggestion.Settings.SelectMany(value => value.Keys)));

        static bool Same(Suggestion one, Suggestion other) => (one.Key, one.Text) == (other.Key, other.Text);
    }

    [Fact]
    public void Lines_say_what_is_true_after_the_settings()
    {
        var texts = TextsFor(Photos, "data.shift=3", "train.schedule.kind=cosine");
        Assert.Contains("training images get a border of zeros to move in, 3 pixels wide", texts);
        Assert.DoesNotContain(texts, text => text.Contains("up to") || text.Contains("one cycle"));
        Assert.DoesNotContain(TextsFor(Photos, "data.shift=0"), text => text.Contains("move"));
    }

    [Fact]
    public void The_line_on_the_input_follows_a_crop()
    {
        var small = Photos with { Size = 16, MedianSide = 16 };
        Assert.Contains("input 16x16, the size of the images", TextsFor(small));
        Assert.Contains("input 20x20, to which images are cropped or padded", TextsFor(small, "data.crop=20"));
        Assert.Contains("input 20x20, to which images are resized", TextsFor(Photos, "data.crop=20"));
        Assert.Contains("input 20x30, to which images are resized", TextsFor(Photos, "data.crop=20x30"));
        Assert.DoesNotContain(TextsFor(small, "data.crop=7"), text => text.Contains("move"));
    }

    [Fact]
    public void Training_that_cannot_end_early_says_nothing_of_it()
    {
        Assert.DoesNotContain("train.patience", KeysFor(Photos, "train.epochs=5"));
        Assert.Contains("train.patience", KeysFor(Photos, "train.epochs=6"));
    }

    [Fact]
    public void What_the_user_sets_is_kept_and_others_follow_it()
    {
        var recipe = RecipeFor(
            Photos, "arms=[dst]", "train.epochs=7", "train.batch=64", "data.crop=48", "data.resize=48", "data.flip=false");
        Assert.Equal((7, 3, 64), (recipe.Train.Epochs, recipe.PruneTrain.Epochs, recipe.Train.Batch));
        Assert.Equal(0.1, recipe.Train.Schedule.LearningRate);
        Assert.Equal((48, 48, false), (recipe.Data.Crop, recipe.Data.Resize, recipe.Data.Flip));
        Assert.DoesNotContain("data.resize", KeysFor(Photos, "data.resize=48"));
    }

    [Fact]
    public void A_model_in_8_bit_integers_takes_an_eighth_of_the_epochs_and_the_batch_of_its_training()
    {
        string[] ofModel = ["arms=[dst-int8]", "teacher.model=model.safetensors", "student.is_teacher=true"];
        var chosen = RecipeFor(Photos, ofModel);
        Assert.Equal((20, 5, 32, 32), (chosen.PruneTrain.Epochs, chosen.Quantise.Epochs, chosen.PruneTrain.Batch, chosen.Quantise.Batch));
        var given = RecipeFor(Photos, [.. ofModel, "prune_train.epochs=16", "prune_train.batch=48"]);
        Assert.Equal((2, 48), (given.Quantise.Epochs, given.Quantise.Batch));
        Assert.Equal(0, RecipeFor(Photos, [.. ofModel, "quantise.epochs=0"]).Quantise.Epochs);
        Assert.Equal(32, RecipeFor(Photos, [.. ofModel, "quantise.epochs=3"]).Quantise.Batch);
        var ofAll = RecipeFor(Photos, [.. ofModel, "train.batch=8"]);
        Assert.Equal((8, 8), (ofAll.PruneTrain.Batch, ofAll.Quantise.Batch));
    }

    [Fact]
    public void Keys_without_effect_are_not_chosen()
    {
        Assert.DoesNotContain(KeysFor(Photos), key => key.StartsWith("prune", StringComparison.Ordinal) || key == "teacher.arch");
        Assert.Contains("prune_train.epochs", KeysFor(Photos, "arms=[dst]"));
        Assert.DoesNotContain("student.arch", KeysFor(Photos, "student.from=model.safetensors"));
    }

    private static string[] KeysFor(DataSurvey survey, params string[] settings) =>
        [.. Suggest(survey, ["arms=[student]", .. settings]).Select(suggestion => suggestion.Key)];

    private static string[] TextsFor(DataSurvey survey, params string[] settings) =>
        [.. Suggest(survey, ["arms=[student]", .. settings]).Select(suggestion => suggestion.Text)];

    private static Recipe RecipeFor(DataSurvey survey, params string[] settings) =>
        Parse([.. Suggest(survey, settings).SelectMany(suggestion => suggestion.Settings), .. settings.Select(SettingOverride.Parse)]);

    private static IReadOnlyList<Suggestion> Suggest(DataSurvey survey, params string[] settings)
    {
        var set = Array.ConvertAll(settings, SettingOverride.Parse);
        return Suggestions.For(survey, Parse(set), set.SelectMany(setting => setting.Keys));
    }

    private static Recipe Parse(IEnumerable<SettingOverride> settings) => RecipeFile.Parse("a test", "name: test", settings);
}
