using Dst.Cli;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Experiments.Recipes;

namespace Dst.Tests.Cli;

/// <summary>A run folder in place of a recipe: images that trained a model never become test images without a word.</summary>
public sealed class RunDataTests : IDisposable
{
    private const string Trained = "images that it was trained on may be among them";

    private readonly TemporaryFolder _folder = new();
    private readonly string _photos;

    public RunDataTests()
    {
        _photos = _folder.File("photos");
        for (var i = 0; i < 10; i++) AddImages("", i);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_that_were_added_since_are_refused_where_the_test_is_drawn_anew()
    {
        var (run, model) = Train();
        Done("eval", model, run);
        AddImages("", 10);
        var output = _folder.File("out.safetensors");
        string[][] commands =
        [
            ["eval", model, run], ["eval", model, Path.Combine(run, "recipe.yaml")], ["eval", model, run, "--split", "validation"],
            ["eval", model, run, "--data.flip", "true"], ["halve", model, run, "--out", output], ["quantise", model, run, "--out", output],
            ["compress", model, "--data", run, "--out", _folder.File("compressed")],
        ];
        var refusal = $"{Trained}; {_photos} with the same files (20 images then, 22 now)";
        foreach (var command in commands) Terminal.Run(command).AssertFailsWith(CommandLine.WrongInput, refusal);
        Assert.Equal([_photos, _folder.File("runs")], Directory.GetFileSystemEntries(_folder.Path).Order());
    }

    [Fact]
    public void Data_that_the_command_line_names_and_what_measures_no_split_go_on_with_a_line()
    {
        var (run, model) = Train();
        Assert.DoesNotContain("warning", Done("eval", model, run, "--data.path", _photos));
        AddImages("", 10);
        const string changed = "training, validation, test images are not those of the run";
        var named = Done("eval", model, run, "--data.path", _photos);
        Assert.Contains($"warning: {changed} {run}, because the command line names others; ", named);
        Assert.Contains("trained on may be among the test images\n", named);
        Assert.Contains($"warning: {changed} {run}: files, settings or the seed", Done("eval", model, run, "--split", "training"));
        Assert.Contains(
            $"warning: {changed} {run}: files, settings or the seed have changed (20 images then, 22 now)", Done("data", "inspect", run));
        Assert.DoesNotContain(changed, Done("halve", model, run, "--data", _photos, "--out", _folder.File("out.safetensors")));
        Assert.DoesNotContain(changed, Done("compress", run, "--dry-run")); // it trains anew
    }

    [Fact]
    public void Another_seed_is_refused_where_it_draws_another_test()
    {
        var (run, model) = Train();
        Terminal.Run("eval", model, run, "--seed", "9").AssertFailsWith(CommandLine.WrongInput, "the seed 1 were expected");
        Assert.DoesNotContain("warning", Done("eval", model, run, "--seed", "1"));
    }

    [Fact]
    public void A_test_of_its_own_may_stay_while_the_training_changes()
    {
        Directory.Move(_photos, _folder.File("train"));
        Directory.CreateDirectory(_photos);
        Directory.Move(_folder.File("train"), Path.Combine(_photos, "train"));
        for (var i = 10; i < 14; i++) AddImages("test", i);
        var (run, model) = Train();
        AddImages("train", 14);
        var log = Done("eval", model, run);
        Assert.Contains($"warning: training, validation images are not those of the run {run}: files", log);
        Assert.DoesNotContain("trained on", log);
    }

    [Fact]
    public void Of_several_seeds_one_is_named()
    {
        var (set, _) = Train("--seeds", "1,2");
        var (first, second) = (Path.Combine(set, "seed-1"), Path.Combine(set, "seed-2"));
        var model = Path.Combine(first, "student.safetensors");
        string[][] commands = [["eval", model, set], ["data", "inspect", set], ["compress", model, "--data", set]];
        foreach (var command in commands)
            Terminal.Run(command).AssertFailsWith(CommandLine.WrongInput, $"one of them was expected, such as {first}");
        Assert.DoesNotContain("warning", Done("eval", model, first));
        Assert.DoesNotContain("warning", Done("eval", model, set, "--seed", "1"));
        foreach (var log in new[] { Done("eval", model, second), Done("eval", model, set, "--seed", "2") })
            Assert.Contains($"warning: {model} is of a run that had other test images; {Trained}; {first} in place", log);
    }

    [Fact]
    public void Images_that_trained_a_model_are_told_where_data_stand_alone()
    {
        var (run, model) = Train();
        AddImages("", 10);
        string[] data = ["--data.path", _photos, "--data.test", "0.2"];
        string[][] commands =
        [
            ["eval", model, _photos], ["eval", model, .. data],
            ["quantise", model, .. data, "--out", _folder.File("int8.safetensors")],
            ["quantise", model, _photos, "--out", _folder.File("int8.safetensors")],
            ["halve", model, _photos, "--out", _folder.File("halved.safetensors")],
            ["compress", model, "--data", _photos, "--out", _folder.File("compressed"), "--epochs", "1"],
        ];
        foreach (var command in commands)
            Assert.Contains(
                $"warning: {model} is of a run that had other test images; {Trained}; {run} in place of the data", Done(command));
    }

    [Fact]
    public void A_model_that_has_left_its_folder_and_models_that_are_made_of_it_know_their_images()
    {
        var (run, trained) = Train();
        var model = _folder.File("moved.safetensors");
        File.Copy(trained, model);
        foreach (var data in new[] { run, _photos })
            Assert.DoesNotContain(Trained, Done("eval", model, data, "--seed", "1"));
        Assert.DoesNotContain(Trained, Done("eval", model, _photos, "--seed", "2", "--split", "training"));

        var (halved, int8) = (_folder.File("halved.safetensors"), _folder.File("int8.safetensors"));
        var pruned = _folder.File("pruned.safetensors");
        var (onnx, imported) = (_folder.File("model.onnx"), _folder.File("imported.safetensors"));
        Done("halve", model, run, "--out", halved);
        Done("prune", model, "--out", pruned);
        Done("quantise", halved, run, "--out", int8);
        Done("export", model, "--format", "onnx", "--out", onnx);
        Done("import", onnx, "--out", imported);
        string[][] commands =
        [
            ["eval", model, _photos], ["eval", model, _photos, "--split", "validation"], ["eval", halved, _photos], ["eval", int8, _photos],
            ["eval", pruned, _photos], ["eval", imported, _photos],
            ["compress", model, "--data", _photos, "--out", _folder.File("compressed"), "--epochs", "1"],
        ];
        foreach (var command in commands)
        {
            var split = command.Contains("validation") ? "validation" : "test";
            Assert.Contains(
                $" is of a run that had other {split} images; {Trained}; the folder of that run, of seed 1, in place of the data",
                Done([.. command, "--seed", "2"]));
        }
    }

    [Fact]
    public void A_model_that_took_the_place_of_one_of_a_run_is_told()
    {
        var (run, model) = Train();
        var (other, _) = Train("--seed", "2", "--name", "other");
        File.Copy(Path.Combine(other, "student.safetensors"), model, overwrite: true);
        var warning = $"warning: {model} is not the file that the run made, so the run's results are of another network\n";
        foreach (var split in new[] { "test", "all" }) Assert.Contains(warning, Done("eval", model, run, "--split", split));
        Assert.Contains("is of a run that had other test images", Done("eval", model, run)); // of the seed 2
    }

    [Theory]
    [InlineData("halve")]
    [InlineData("quantise")]
    public void Images_that_measure_a_model_are_left_out_of_a_folder_to_calibrate_on(string verb)
    {
        var (_, trained) = Train();
        var model = _folder.File("moved.safetensors");
        File.Copy(trained, model);
        string[] command = [verb, model, "--out", _folder.File("out.safetensors"), "--data"];
        // Of 20 images 4 are of the test, and of the others 4 of the validation.
        Assert.Contains("8 images are left out of 20, because they measure the model: its", Done([.. command, _photos]));
        AddImages("", 10);
        Assert.DoesNotContain("left out", Done([.. command, _photos])); // other data, which are split in another way
    }

    [Fact]
    public void A_folder_of_test_images_alone_is_used_to_calibrate_with_a_warning()
    {
        Directory.Move(_photos, _folder.File("train"));
        Directory.CreateDirectory(_photos);
        Directory.Move(_folder.File("train"), Path.Combine(_photos, "train"));
        for (var i = 10; i < 14; i++) AddImages("test", i);
        var (_, model) = Train();
        string[] command = ["quantise", model, "--out", _folder.File("out.safetensors"), "--data"];
        var test = Path.Combine(_photos, "test");
        Assert.Contains($"warning: all images of '{test}' are validation or test images of the model", Done([.. command, test]));
        Assert.Contains("images are left out of 28", Done([.. command, _photos]));
        Assert.DoesNotContain("of the model", Done([.. command, Path.Combine(_photos, "train", "dark")])); // without labels
    }

    [Fact]
    public void Embeddings_of_other_people_are_no_images_that_trained_a_model()
    {
        var (_, model) = Train();
        foreach (var person in new[] { "ann", "bob" })
        {
            var folder = Directory.CreateDirectory(Path.Combine(_folder.File("others"), person)).FullName;
            for (var i = 0; i < 10; i++)
                File.WriteAllBytes(Path.Combine(folder, $"{i}.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)(x * y + i + person[0])));
        }

        string[] eval = ["eval", model, "--embedding", "fc", "--data.test", "0.5", "--data.validation", "0.8", "--data.path"];
        Assert.DoesNotContain(Trained, Done([.. eval, _folder.File("others")]));
        Assert.Contains(Trained, Done([.. eval, _photos]));
    }

    [Fact]
    public void A_run_without_a_manifest_says_that_nothing_is_compared()
    {
        var (run, model) = Train();
        File.Delete(Path.Combine(run, "manifest.json"));
        Assert.Contains($"warning: {run} has no manifest.json of seed 1, so its data are not compared", Done("eval", model, run));
    }

    [Theory]
    [InlineData("pretrain={decoder: upsample, noise: 0.1, teacher: true, train: {epochs: 1}}")]
    [InlineData("prune={method: random_channels, unit: kernel, incremental: {stages: 2}}")]
    [InlineData("student={model: /model-of-the-recipe}")]
    [InlineData("student={from: /model-of-the-recipe}")]
    public void Verbs_that_halve_a_model_leave_out_what_the_recipe_says_of_its_training(string setting)
    {
        var (run, model) = Train();
        var recipe = Path.Combine(run, "recipe.yaml");
        File.WriteAllText(recipe, RecipeFile.Write(RecipeFile.Parse(recipe, File.ReadAllText(recipe), [SettingOverride.Parse(setting)])));
        Done("compress", model, "--data", run, "--dry-run");
        Done("halve", model, run, "--images", "4", "--out", _folder.File("halved.safetensors"));
        Done("prune", model, run, "--out", _folder.File("pruned.safetensors"));
        Done("train", recipe, "--teacher", "--dry-run");
    }

    [Fact]
    public void Compress_takes_the_input_of_the_model_where_the_run_has_another()
    {
        var (run, _) = Train("--size", "24");
        var (_, model) = Train("--size", "20", "--name", "small");
        string[] compress = ["compress", model, "--data", run, "--dry-run"];
        Assert.Contains("  input 1x20x20, that of the given network (--size PIXELS)\n", Done(compress));
        Terminal.Run([.. compress, "--size", "24"]).AssertFailsWith(CommandLine.WrongInput, "takes 1x20x20; the data has 1x24x24");
    }

    private void AddImages(string split, int number)
    {
        foreach (var (label, name) in new[] { "dark", "bright" }.Index())
        {
            var folder = Directory.CreateDirectory(Path.Combine(_photos, split, name)).FullName;
            var level = 120 * label + 4 * number;
            File.WriteAllBytes(
                Path.Combine(folder, $"{number}.png"), TestImages.GreyPng(16, 16, (y, x) => (byte)(level + (x * y + number) % 7)));
        }
    }

    private (string Run, string Model) Train(params string[] options)
    {
        Done(["train", _photos, "--out", _folder.File("runs"), "--epochs", "1", .. options]);
        var name = options.SkipWhile(option => option != "--name").ElementAtOrDefault(1) ?? "photos";
        var run = Assert.Single(Directory.GetDirectories(Path.Combine(_folder.File("runs"), name)));
        return (run, Path.Combine(run, "student.safetensors"));
    }

    private static string Done(params string[] arguments)
    {
        var run = Terminal.Run(arguments);
        Assert.True(run.ExitCode == CommandLine.Done, run.Error);
        return run.Error;
    }
}
