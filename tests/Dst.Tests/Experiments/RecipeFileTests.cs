using System.Text.RegularExpressions;
using Dst.Graph;
using Dst.Tests.Foundations;
using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;
using Dst.Training.Networks;
using Dst.Training.Objectives;
using Dst.Training.Optimizers;

namespace Dst.Tests.Experiments;

/// <summary>Recipes as a whole: files, inheritance of training settings, round trip, comparison.</summary>
public class RecipeFileTests
{
    public static TheoryData<string> ShippedRecipes =>
        [.. Directory.GetFiles(Path.Combine(RepositoryRoot, "recipes"), "*.yaml", SearchOption.AllDirectories)];

    private static string RepositoryRoot
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder!.FullName, "Dst.slnx"))) folder = folder.Parent;
            return folder.FullName;
        }
    }

    [Theory]
    [MemberData(nameof(ShippedRecipes))]
    public void Shipped_recipes_are_legal_and_survive_a_round_trip(string path)
    {
        var recipe = RecipeFile.Load(path);
        var text = RecipeFile.Write(recipe);
        var again = RecipeFile.Parse("recipe again", text);
        Assert.Equal(text, RecipeFile.Write(again));
        Assert.Empty(RecipeFile.Differences(recipe, again));
        string[] left = recipe.Student.IsTeacher ? [ArmNames.Student, ArmNames.StudentKd, ArmNames.DenseLonger, ArmNames.HalfWidth] : [];
        Assert.Equal(ArmNames.OfFloats.Except(left), recipe.Arms);
    }

    [Fact]
    public void The_check_of_the_quick_start_looks_at_each_arm()
    {
        const string start = "arms=(";
        var lines = File.ReadLines(Path.Combine(RepositoryRoot, ".ci", "run"));
        var line = lines.Single(line => line.StartsWith(start, StringComparison.Ordinal));
        var recipe = RecipeFile.Load(Path.Combine(RepositoryRoot, "recipes", "quickstart.yaml"));
        Assert.Equal(recipe.Arms.Order(), line[start.Length..^1].Split(' ').Order());
    }

    [Fact]
    public void Simulated_chips_fit_the_network_if_neither_is_chosen()
    {
        var recipe = new Recipe();
        var (size, classes) = (recipe.Data.Simulated.Size, recipe.Data.Simulated.Classes);
        Assert.Equal(new(classes, 1, 1), Zoo.Build(recipe.Student.Arch, new(1, size, size), classes).OutputShape);
    }

    [Theory]
    [MemberData(nameof(ShippedRecipes))]
    public void Networks_of_shipped_recipes_fit_their_data_can_be_pruned_and_have_legal_schedules(string path)
    {
        var recipe = RecipeFile.Load(path);
        var (input, classes) = TaskOf(recipe.Data);
        NetworkOptions student = recipe.Student.IsTeacher ? recipe.Teacher : recipe.Student;
        foreach (var network in new[] { recipe.Teacher, student })
        {
            var graph = Build(network);
            Assert.Equal(new(classes, 1, 1), graph.OutputShape);
        }

        Assert.NotEmpty(PruningPlan.Create(Initialiser.Initialise(Build(student), recipe.Seed), recipe.Prune).Masks);
        foreach (var train in new[] { recipe.Teacher.Train, recipe.Train, recipe.PruneTrain })
        {
            var schedule = Schedule.Create(train.Schedule, train.Epochs, stepsPerEpoch: 2);
            Assert.True(
                schedule.LearningRate(2 * train.Epochs - 1) < train.Schedule.LearningRate / 50,
                "the learning rate has not fallen at the end");
            Assert.All(train.Schedule.Milestones, milestone => Assert.InRange(milestone, 1, train.Epochs - 1));
            Optimizer.Create(train.Optimizer, []);
        }

        CheckedGraph Build(NetworkOptions network) =>
            Zoo.Build(network.Arch, input, classes, network.Width, network.Dropout, network.PoolingChoice);
    }

    /// <summary>Input and number of classes that the data of a recipe gives.</summary>
    private static (FeatureShape Input, int Classes) TaskOf(DataOptions data) => data.Kind switch
    {
        DataKind.Cifar100 => (new(3, data.Crop.Height, data.Crop.Width), 100),
        DataKind.Folder => (new(1, data.Crop.Height, data.Crop.Width), 40), // the people of the ORL faces
        DataKind.Mstar => (new(1, data.Crop.Height, data.Crop.Width), 10),
        DataKind.Simulated => (new(1, data.Crop.Height, data.Crop.Width), data.Simulated.Classes),
        DataKind.Opensarship => (new(data.Bands.Count, data.Crop.Height, data.Crop.Width), 3),
        DataKind.Idx => (new(1, data.Crop.Height, data.Crop.Width), 10),
        DataKind.Fusar => (new(1, data.Crop.Height, data.Crop.Width), 10),
        _ => throw new ArgumentOutOfRangeException(nameof(data), data.Kind, "a recipe of this kind of data was not shipped before"),
    };

    [Fact]
    public void Phases_inherit_from_train_at_every_depth_and_overrides_reach_them()
    {
        var recipe = RecipeFile.Parse("recipe x", """
            train: {epochs: 9, optimizer: {momentum: 0.5, weight_decay: 0.001}}
            prune_train: {epochs: 3, optimizer: {momentum: 0.25}}
            """, Overrides("train.batch=17", "train.optimizer.kind=adamw"));
        Assert.Equal((9, 17, 0.5), (recipe.Teacher.Train.Epochs, recipe.Teacher.Train.Batch, recipe.Teacher.Train.Optimizer.Momentum));
        var (train, optimizer) = (recipe.PruneTrain, recipe.PruneTrain.Optimizer);
        Assert.Equal((3, 17, 0.25, 0.001), (train.Epochs, train.Batch, optimizer.Momentum, optimizer.WeightDecay));
        Assert.Equal(OptimizerKind.Adamw, optimizer.Kind);
        Assert.Equal("resnet20", recipe.Teacher.Arch);
    }

    [Theory]
    [InlineData("train.epochs=0", "epochs in train is '0'; expected a whole number")]
    [InlineData("train.epochs.x=1", "epochs in train is a section; expected a whole number")]
    [InlineData("distill.alpha=x", "alpha in distill is 'x'; expected a number")]
    public void A_wrong_value_that_others_inherit_is_named_in_its_own_section(string setting, string expected)
    {
        var message = Assert.Throws<InputException>(() => RecipeFile.Parse(
            "recipe x", "teacher: {train: {batch: 3}}\ndistill_pruned: {alpha: 1}", Overrides(setting))).Message;
        Assert.StartsWith($"setting {setting}: {expected}", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", 4, 0.9, null, false, 0)]
    [InlineData("distill: {temperature: 3, alpha: 0.5}", 3, 0.5, null, false, 0)] // as dense networks
    [InlineData("distill: {temperature: 3, alpha: 0.5}\ndistill_pruned: {alpha: 0.2}", 3, 0.2, null, false, 0)]
    [InlineData("distill: {preset: standardised, alpha: 8}", 2, 8, 0.1, true, 0)]
    [InlineData("distill: {preset: standardised}\ndistill_pruned: {preset: dist}", 4, 0, 1.0, false, 2)] // all of its keys
    [InlineData("distill: {alpha: 0.5, labels: 3}\ndistill_pruned: {preset: kd}", 4, 0.9, null, false, 0)]
    [InlineData("distill: {alpha: 0.5}\ndistill_pruned: {preset: dist, dist: {intra_class: 1}, temperature: 5}", 5, 0, 1.0, false, 1)]
    [InlineData("distill: {beta: 0}", 4, 0.9, null, false, 0)] // as in the folders of earlier runs
    public void Pruned_networks_learn_what_their_section_says_then_its_preset_then_the_section_of_dense_ones(
        string text, double temperature, double alpha, double? labels, bool standardise, double intraClass)
    {
        var recipe = RecipeFile.Parse("recipe x", text + "\nseed: 1");
        var options = recipe.DistillPruned;
        Assert.Equal((temperature, alpha, labels), (options.Temperature, options.Alpha, options.Labels));
        Assert.Equal((standardise, intraClass), (options.Standardise, options.Dist.IntraClass));
        Assert.Empty(RecipeFile.Differences(recipe, RecipeFile.Parse("recipe x", RecipeFile.Write(recipe))));
    }

    [Fact]
    public void Presets_and_teachers_of_pruned_networks_can_be_set_alone()
    {
        var recipe = RecipeFile.Parse("recipe x", "distill: {alpha: 0.5}", Overrides("distill_pruned.preset=dist"));
        Assert.Equal((0.5, 0, 2), (recipe.Distill.Alpha, recipe.DistillPruned.Alpha, recipe.DistillPruned.Dist.InterClass));
        recipe = RecipeFile.Parse("recipe x", "distill: {alpha: 0.5}", Overrides("distill_pruned.teacher=dense"));
        Assert.Equal((0.5, TeacherChoice.Dense), (recipe.DistillPruned.Alpha, recipe.DistillPruned.Teacher));
    }

    [Theory]
    [InlineData("distill: {beta: 0.5}", "recipe x line 1: beta in distill is '0.5'; expected distill_pruned: {teacher: both}")]
    [InlineData("distill: {beta: [1]}", "beta in distill is a list")]
    [InlineData("distill_pruned: {beta: 0.5}", "unknown key 'beta' in distill_pruned")]
    [InlineData("distill: {teacher: dense}", "unknown key 'teacher' in distill")]
    [InlineData("distill: {preset: hinton}", "preset in distill is 'hinton'; expected kd, standardised or dist")]
    [InlineData("distill_pruned: dist", "distill_pruned in the recipe is 'dist'; expected a section")]
    public void Sections_of_distillation_are_checked(string text, string expected) =>
        Assert.Contains(
            expected, Assert.Throws<InputException>(() => RecipeFile.Parse("recipe x", text)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_section_with_some_keys_keeps_the_defaults_of_its_place()
    {
        Assert.Equal("resnet20", RecipeFile.Parse("recipe x", "teacher: {width: 2}").Teacher.Arch);
        Assert.Equal("aconvnet", RecipeFile.Parse("recipe x", "student: {width: 2}").Student.Arch);
    }

    [Fact]
    public void The_name_is_that_of_the_file_unless_given()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("small.yaml"), "seed: 3");
        Assert.Equal("small", RecipeFile.Load(folder.File("small.yaml")).Name);
        Assert.Equal("other", RecipeFile.Load(folder.File("small.yaml"), Overrides("name=other")).Name);
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("a/b")]
    [InlineData(".hidden")]
    [InlineData("'x y'")]
    public void A_name_that_cannot_be_a_folder_is_refused(string name) =>
        Assert.Contains(
            "cannot be a folder's name", Assert.Throws<InputException>(() => RecipeFile.Parse("recipe x", $"name: {name}")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_byte_order_mark_is_no_part_of_the_first_key()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("x.yaml"), "name: marked", new System.Text.UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.Equal("marked", RecipeFile.Load(folder.File("x.yaml")).Name);
    }

    [Fact]
    public void Files_that_cannot_be_recipes_are_one_sentence()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("does not exist", Message(folder.File("missing.yaml")), StringComparison.Ordinal);
        Assert.Contains("is a folder", Message(folder.Path), StringComparison.Ordinal);
        File.WriteAllText(folder.File("large.yaml"), new string('#', 2 << 20));
        Assert.Contains("bytes; at most", Message(folder.File("large.yaml")), StringComparison.Ordinal);
        File.WriteAllBytes(folder.File("binary.yaml"), [0, 255, 1, 254, 7]);
        Assert.Contains("binary.yaml", Message(folder.File("binary.yaml")), StringComparison.Ordinal);

        static string Message(string path) => Assert.Throws<InputException>(() => RecipeFile.Load(path)).Message;
    }

    [Theory]
    [InlineData("arms: []", "has no arms")]
    [InlineData("arms: [student, teacher, student]", "has the arm student twice; expected different arms")]
    [InlineData(
        "data: {kind: what}",
        "kind in data is 'what'; expected auto, mstar, fusar, opensarship, idx, cifar100, cifar10, folder or simulated")]
    [InlineData("arms: [teacher, studnet]", "arms in the recipe is 'studnet'; expected teacher, student, student-kd")]
    public void Arms_are_checked(string text, string expected) =>
        Assert.Contains(
            expected, Assert.Throws<InputException>(() => RecipeFile.Parse("recipe x", text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Differences_name_what_results_depend_on_and_nothing_else()
    {
        var recipe = RecipeFile.Parse("recipe x", "train: {epochs: 3}");
        var same = RecipeFile.Parse(
            "recipe x", "train: {epochs: 3}", Overrides("threads=2", "runs=elsewhere", "checkpoint.every_epochs=7"));
        Assert.Empty(RecipeFile.Differences(recipe, same));
        var other = RecipeFile.Parse(
            "recipe x", "train: {epochs: 4}",
            Overrides("teacher.train.epochs=3", "prune_train.epochs=3", "pretrain.train.epochs=3", "arms=[dst]"));
        Assert.Equal(
            [
                "arms is [teacher, student, student-kd, unstructured-kd, uhp, dst, dense-longer, half-width], now [dst]",
                "train.epochs is 3, now 4",
            ],
            RecipeFile.Differences(recipe, other));
    }

    [Fact]
    public void Every_key_has_help_and_a_default_that_is_legal()
    {
        var keys = RecipeFile.Describe();
        Assert.Contains(keys, key => key is { Path: "train.optimizer.momentum", Default: "0.9" });
        Assert.Contains(keys, key => key is { Path: "data.simulated.classes" });
        Assert.All(keys, key => Assert.NotEmpty(key.Help));
        Assert.Equal(keys.Count, keys.Select(key => key.Path).Distinct().Count());
        Assert.Empty(RecipeFile.Differences(new Recipe { Name = "recipe" }, RecipeFile.Parse("recipe x", RecipeFile.Write(new Recipe()))));
    }

    [Theory]
    [InlineData("train: { epochs: 3\nseed: 1\n", 1)]
    [InlineData("seed: 1\narms: [teacher, dst\n", 2)]
    [InlineData("seed: 1\nname: \"a\n", 2)]
    [InlineData("seed: 1\ntrain:\n  epochs: 3\n epochs: 4\n", 4)]
    [InlineData("seed: 1\n? [a\n", 2)]
    public void A_text_that_is_not_closed_is_named_with_its_line(string text, int line)
    {
        var message = Assert.Throws<InputException>(() => RecipeFile.Parse("recipe x", text)).Message;
        Assert.Contains("expected", message);
        Assert.InRange(int.Parse(Regex.Match(message, @"^recipe x line (\d+): ").Groups[1].Value), line - 1, line + 1);
    }

    [Theory]
    [InlineData("runs: \"\\ud800\"")]
    [InlineData("runs: \"\\ud800x\"")]
    [InlineData("runs: \"a\\0b\"")]
    public void Text_that_cannot_be_written_is_refused(string text) =>
        Assert.Contains("line 1", Assert.Throws<InputException>(() => RecipeFile.Parse("recipe x", text)).Message);

    [Fact]
    public void A_list_of_sections_is_read_written_and_compared()
    {
        var recipe = RecipeFile.Parse("recipe x", """
            distill:
              hints:
                weight: 2
                layers:
                  - {teacher: a, student: b}
                  - student: c
            """);
        Assert.Equal([new() { Teacher = "a", Student = "b" }, new() { Student = "c" }], recipe.Distill.Hints.Layers);
        Assert.Equal(recipe.Distill.Hints.Layers, RecipeFile.Parse("recipe x", RecipeFile.Write(recipe)).Distill.Hints.Layers);
        var other = RecipeFile.Parse("recipe x", "distill: {hints: {weight: 2, layers: [{teacher: a, student: b}]}}");
        Assert.Equal(
            "distill.hints.layers is [{teacher: a, student: b}, {teacher: , student: c}], now [{teacher: a, student: b}]",
            RecipeFile.Differences(recipe, other)[0]);
        Assert.Equal(
            "sections such as {teacher: text, student: text}",
            RecipeFile.Describe().Single(key => key.Path == "distill.hints.layers").Expected);
    }

    [Theory]
    [InlineData("distill: {hints: {layers: [a]}}", "layers in distill.hints has 'a'; expected sections such as")]
    [InlineData("distill: {hints: {layers: [{teachr: a}]}}", "unknown key 'teachr' in distill.hints.layers; did you mean 'teacher'?")]
    [InlineData("distill: {hints: {layers: {teacher: a}}}", "layers in distill.hints is a section; expected a list")]
    public void A_list_of_sections_is_checked(string text, string expected) =>
        Assert.Contains(
            expected, Assert.Throws<InputException>(() => RecipeFile.Parse("recipe x", text)).Message, StringComparison.Ordinal);

    private static IEnumerable<SettingOverride> Overrides(params string[] assignments) => assignments.Select(SettingOverride.Parse);
}
