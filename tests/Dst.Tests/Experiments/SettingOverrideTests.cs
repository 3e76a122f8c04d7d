using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;

namespace Dst.Tests.Experiments;

public class SettingOverrideTests
{
    [Fact]
    public void A_value_has_the_type_of_its_key()
    {
        var recipe = Bind(
            SettingOverride.Of("seed", "7", "option --seed"),
            SettingOverride.Of("data.flip", "true", "option --data.flip"),
            SettingOverride.Of("data.validation", "0.25", "option --data.validation"),
            SettingOverride.Of("prune.score", "taylor", "option --score"),
            SettingOverride.OfList("seeds", ["3", "1"], "option --seeds"),
            SettingOverride.OfList("prune.exclude", ["conv1", "fc"], "option --exclude"));
        Assert.Equal((7, true, 0.25, PruningScore.Taylor), (recipe.Seed, recipe.Data.Flip, recipe.Data.Validation, recipe.Prune.Score));
        Assert.Equal([3L, 1], recipe.Seeds);
        Assert.Equal(["conv1", "fc"], recipe.Prune.Exclude);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("7")]
    [InlineData("[a, b]")]
    [InlineData("a: \"b\" # c")]
    [InlineData("*.png")]
    public void A_text_is_never_read_as_YAML(string text)
    {
        Assert.Equal(text, Bind(SettingOverride.Of("data.path", text, "option --data.path")).Data.Path);
        Assert.Equal([text], Bind(SettingOverride.OfList("prune.exclude", [text], "option --exclude")).Prune.Exclude);
    }

    [Theory]
    [InlineData("data.path=")]
    [InlineData("data.path= ")]
    [InlineData("train.epochs=")]
    public void A_missing_value_is_refused(string assignment)
    {
        var error = Assert.Throws<InputException>(() => SettingOverride.Parse(assignment));
        Assert.Equal($"setting {assignment} has no value; one was expected, or \"''\" for an empty one", error.Message);
        Assert.Equal("", Bind(SettingOverride.Parse("data.path=''")).Data.Path);
    }

    [Fact]
    public void A_value_that_is_not_legal_is_named_with_its_option()
    {
        var error = Assert.Throws<InputException>(() => Bind(SettingOverride.Of("data.validation", "2", "option --data.validation")));
        Assert.Equal("option --data.validation: validation in data is '2'; expected a number from 0 to 0.9", error.Message);
    }

    [Fact]
    public void Each_value_of_a_list_is_checked()
    {
        var error = Assert.Throws<InputException>(() => Bind(SettingOverride.OfList("seeds", ["3", "-1"], "option --seeds")));
        Assert.Equal("option --seeds: seeds in the recipe is '-1'; expected a whole number of at least 0", error.Message);
    }

    [Fact]
    public void Errors_call_a_text_what_its_reader_calls_it()
    {
        var error = Assert.Throws<InputException>(() => Bind(SettingOverride.Parse("train.epoch=3", "option --set")));
        Assert.Equal("option --set train.epoch=3: unknown key 'epoch' in train; did you mean 'epochs'?", error.Message);
        Assert.Throws<ArgumentNullException>(() => SettingOverride.Parse(null!));
    }

    [Fact]
    public void The_last_override_of_a_key_wins_and_sections_inherit_it()
    {
        var recipe = Bind(SettingOverride.Of("train.epochs", "3", "a"), SettingOverride.Parse("train.epochs=5"));
        Assert.Equal((5, 5, 5), (recipe.Train.Epochs, recipe.Teacher.Train.Epochs, recipe.PruneTrain.Epochs));
    }

    private static Recipe Bind(params SettingOverride[] overrides) => RecipeFile.Parse("recipe x", "name: x", overrides);
}
