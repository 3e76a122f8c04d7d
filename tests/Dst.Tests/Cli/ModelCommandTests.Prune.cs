using System.Text.Json;
using Dst.Cli;
using Dst.Graph;
using Dst.ModelFiles;
using Dst.Training.Experiments.Recipes;

namespace Dst.Tests.Cli;

/// <summary>The verb <c>prune</c>.</summary>
public sealed partial class ModelCommandTests
{
    [Fact]
    public void Prune_writes_a_halved_model_and_says_why_layers_are_skipped()
    {
        var pruned = _folder.File("pruned.safetensors");
        var run = Terminal.Run(
            "prune", SampleModel.SaveHalved(_folder), "--pattern", "kernel:8:4", "--exclude", "layer3.*", "--out", pruned, "--json");
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        using var document = JsonDocument.Parse(run.Output);
        var skipped = document.RootElement.GetProperty("skipped");
        Assert.Equal("linear layer", skipped.GetProperty("fc").GetString());
        Assert.Equal("each filter has one kernel", skipped.GetProperty("conv1").GetString());
        Assert.Equal("excluded by name", skipped.GetProperty("layer3.0.conv1").GetString());

        var masks = ModelFile.Load(pruned).Masks;
        Assert.DoesNotContain("layer3.0.conv1", masks.Keys);
        Assert.Equal((8, 4), (masks["layer2.0.conv1"].Block, masks["layer2.0.conv1"].Pattern!.Group));
        Assert.Equal(masks["layer2.0.conv1"].WeightShape.Aggregate(1, (a, b) => a * b) / 2, masks["layer2.0.conv1"].KeptWeights);
    }

    [Fact]
    public void Prune_of_a_pruned_model_leaves_its_pruned_layers_as_they_are()
    {
        var (model, again) = (SampleModel.SaveHalved(_folder), _folder.File("again.safetensors"));
        var run = Terminal.Run("prune", model, "--unstructured", "0.5", "--out", again, "--json");
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        using var document = JsonDocument.Parse(run.Output);
        Assert.Equal("pruned already", document.RootElement.GetProperty("skipped").GetProperty(SampleModel.HalvedLayer).GetString());
        var (before, after) = (ModelFile.Load(model), ModelFile.Load(again));
        Assert.Equal(before.Masks[SampleModel.HalvedLayer].Kept, after.Masks[SampleModel.HalvedLayer].Kept);
        Assert.Equal(
            after.Graph.Parameters.Where(shape => shape.Role != ParameterRole.Statistic).Sum(shape => shape.Count)
                - after.Masks.Values.Sum(mask => mask.WeightShape.Aggregate(1L, (a, b) => a * b) - mask.KeptWeights),
            document.RootElement.GetProperty("nonzero").GetInt64());
        Terminal.Run("prune", again, "--out", _folder.File("third.safetensors")).AssertWrongInput("pruned already", "no other layer");
        Terminal.Run("prune", model, "--permute", "--out", _folder.File("third.safetensors"))
            .AssertWrongInput("pruned already", "prune.permute false");
    }

    [Fact]
    public void A_pattern_and_no_pattern_are_not_one_request() => Terminal.Run(
        "prune", SampleModel.SaveDense(_folder, "a", "b"), "--pattern", "row:16:4", "--unstructured", "0.5", "--out", _folder.File("p"))
        .AssertWrongInput("prune has --pattern row:16:4 and --unstructured, which has no pattern");

    [Theory]
    [InlineData("prune.method=gradual", "prune.unit, prune.block, prune.group, ")]
    [InlineData("prune.gradual.stages=3", "prune.unit, ")]
    [InlineData("data.kind=folder", "prune, threads")]
    [InlineData("train.epochs=2", "prune, threads")]
    [InlineData("seed=2", "prune, threads")] // nothing is drawn without data
    public void Prune_refuses_keys_without_effect_and_names_those_that_it_reads(string setting, string read) =>
        Terminal.Run("prune", SampleModel.SaveHalved(_folder), "--set", setting, "--out", _folder.File("x.safetensors"))
            .AssertWrongInput(setting.Split('=')[0], $"has no effect in dst prune, which reads {read}");

    [Theory]
    [InlineData("prune.taylor_batches=3", "prune.score l1; expected taylor")]
    [InlineData("prune.calibration.images=9", "prune.repair none; expected batch_norm or least_squares")]
    public void Prune_refuses_keys_that_another_one_switches_off_and_names_those_of_a_recipe(string setting, string reason)
    {
        var (model, recipe, key) = (SampleModel.SaveHalved(_folder), _folder.File("recipe.yaml"), setting.Split('=')[0]);
        string[] prune = ["prune", model, recipe, "--out", _folder.File("x.safetensors")];
        File.WriteAllText(recipe, "name: plain\narms: [student]\n");
        Terminal.Run([.. prune, "--set", setting]).AssertWrongInput($"option --set {setting}: {key} has no effect with {reason}");
        File.WriteAllText(recipe, RecipeFile.Write(RecipeFile.Load(recipe, [SettingOverride.Parse(setting)])));
        var run = Terminal.Run(prune);
        Assert.Equal(
            (CommandLine.Done, $"recipe: {key} has no effect with {reason.Replace("; expected", ", only with")}\n"),
            (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData("--permute", "option --permute: prune.permute has no effect with --unstructured")]
    [InlineData("--set", "option --set prune.keep=0.25: prune.keep has no effect with --unstructured", "prune.keep=0.25")]
    [InlineData("--set", "option --set prune.block=8: prune.block has no effect with --unstructured", "prune.block=8")]
    public void Prune_without_a_pattern_refuses_keys_of_one(string option, string reason, params string[] value) => Terminal.Run(
        ["prune", SampleModel.SaveHalved(_folder), "--unstructured", "0.5", "--out", _folder.File("x.safetensors"), option, .. value])
        .AssertWrongInput(reason);

    [Fact]
    public void Prune_without_a_pattern_names_the_keys_of_one_in_a_recipe()
    {
        var (model, recipe) = (SampleModel.SaveHalved(_folder), _folder.File("recipe.yaml"));
        string[] prune = ["prune", model, recipe, "--unstructured", "0.5", "--out", _folder.File("x.safetensors")];
        File.WriteAllText(recipe, "name: plain\narms: [student]\nprune: {unit: kernel, group: 4, permute: true, exclude: [layer3.*]}\n");
        var run = Terminal.Run(prune);
        const string reason = "has no effect with --unstructured, which drops single weights";
        Assert.Equal(
            (CommandLine.Done, $"recipe: prune.group {reason}\nrecipe: prune.permute {reason}\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public void Prune_without_a_pattern_drops_the_share_that_is_named()
    {
        var pruned = _folder.File("sparse.safetensors");
        var run = Terminal.Run("prune", SampleModel.SaveHalved(_folder), "--unstructured", "0.75", "--out", pruned);
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        var mask = ModelFile.Load(pruned).Masks["layer2.0.conv1"];
        Assert.Null(mask.Pattern);
        Assert.Equal(mask.Kept.Length / 4, mask.KeptWeights);
    }

    [Theory]
    [InlineData("--pattern", "kernel:16:3", "even")]
    [InlineData("--pattern", "filter:16:2", "'filter:16:2'")]
    [InlineData("--unstructured", "1", "from 0 to 0.99")]
    [InlineData("--exclude", "conv99", "conv99")]
    public void Prune_names_what_is_wrong(string option, string value, string word) =>
        Terminal.Run("prune", SampleModel.SaveHalved(_folder), option, value, "--out", _folder.File("x.safetensors"))
            .AssertWrongInput(word);

    [Fact]
    public void Prune_needs_an_output_file() => Terminal.Run("prune", SampleModel.SaveHalved(_folder)).AssertWrongInput("--out");

    [Fact]
    public void Prune_permutes_and_scores_by_gradients_of_the_data()
    {
        var (model, plain, pruned) = (
            SaveDenseOfSimulatedClasses(), _folder.File("plain.safetensors"), _folder.File("permuted.safetensors"));
        Assert.Equal(CommandLine.Done, Terminal.Run("prune", model, "--pattern", "kernel:4:4", "--out", plain).ExitCode);
        var run = Terminal.Run(
            ["prune", model, "--pattern", "kernel:4:4", "--permute", "--score", "taylor", .. SimulatedData, "--out", pruned]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Matches(@"permuted .*: [\d.]+ ?% of the score kept before, [\d.]+ ?% after", run.Error);
        var (a, b) = (ModelFile.Load(plain), ModelFile.Load(pruned));
        Assert.Equal(a.Masks.Keys.Order(), b.Masks.Keys.Order());
        Assert.Contains(a.Masks, layer => !layer.Value.Kept.SequenceEqual(b.Masks[layer.Key].Kept));
    }

    [Fact]
    public void Prune_repairs_if_the_recipe_says_so()
    {
        var (model, pruned) = (SaveDenseOfSimulatedClasses(), _folder.File("repaired.safetensors"));
        string[] settings = ["--set", "prune.repair=least_squares", "--set", "prune.calibration.images=9", .. SimulatedData];
        var run = Terminal.Run(["prune", model, "--pattern", "kernel:4:4", "--score", "obs", .. settings, "--out", pruned]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Matches(@"repair least_squares: 9 images without labels, [\d.]+ s", run.Error);
        Assert.Contains("missed", run.Output);
        Terminal.Run(["prune", model, .. settings, "--sensitivity", _folder.File("layers.csv")])
            .AssertWrongInput("prune.repair least_squares");
    }

    [Fact]
    public void Prune_measures_each_layer_alone()
    {
        var (model, csv) = (SaveDenseOfSimulatedClasses(), _folder.File("layers.csv"));
        var run = Terminal.Run(
            ["prune", model, "--pattern", "kernel:4:4", "--exclude", "layer3.*", "--sensitivity", csv, .. SimulatedData]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        var rows = File.ReadAllLines(csv).Select(line => line.Split(',')).ToList();
        Assert.Equal(["layer", "weights", "kept", "validation_top1", "validation_loss"], rows[0]);
        Assert.Equal(
            ["(none)", "layer1.0.conv1", "layer1.0.conv2", "layer2.0.conv1", "layer2.0.conv2", "layer2.0.downsample.0", "(all)"],
            rows.Skip(1).Select(row => row[0]));
        Assert.Equal(int.Parse(rows[2][1]), 2 * int.Parse(rows[2][2]));
        Assert.Equal(rows[^1][1], $"{rows.Skip(2).SkipLast(1).Sum(row => int.Parse(row[1]))}");
        Assert.True(rows.Skip(1).Select(row => row[4]).Distinct().Count() > 5, "the losses are the same whatever is pruned");
        Assert.Matches(@"\(none\) +0 +0 +[\d.]+ ?% +0\.00 ", run.Output);
    }

    [Theory]
    [InlineData("score: obs, repair: least_squares", "l1")]
    [InlineData("score: l2, repair: batch_norm", "l2")]
    public void Prune_measures_layers_without_the_repair_of_a_recipe(string settings, string score)
    {
        var (model, csv, recipe) = (SaveDenseOfSimulatedClasses(), _folder.File("layers.csv"), _folder.File("recipe.yaml"));
        File.WriteAllText(recipe, $"name: repaired\nprune: {{ unit: kernel, block: 4, group: 4, {settings} }}\n");
        string[] command = ["prune", model, recipe, "--sensitivity", csv, .. SimulatedData];
        var run = Terminal.Run(command);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains(
            $"prune: each layer is measured as it is, with prune.repair none and prune.score {score}, whatever the recipe says", run.Error);
        string[] same = ["--score", score, "--set", "prune.repair=none"];
        Assert.Equal((CommandLine.Done, run.Output), (Terminal.Run([.. command, .. same]).ExitCode, run.Output));
        Terminal.Run([.. command, "--score", "obs"]).AssertWrongInput(
            "prune --sensitivity has prune.score obs, which needs a repair; l1, l2 or taylor was expected");
    }

    [Fact]
    public void Prune_writes_a_model_or_measures_but_not_both() =>
        Terminal.Run("prune", SampleModel.SaveHalved(_folder), "--out", _folder.File("a"), "--sensitivity", _folder.File("b"))
            .AssertWrongInput("--sensitivity");
}
