using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;
using Dst.Foundations;
using Dst.Training.Objectives;
using YamlDotNet.RepresentationModel;

namespace Dst.Training.Experiments.Recipes;

/// <summary>Reads, writes and compares recipes.</summary>
/// <example>
/// <code>
/// var recipe = RecipeFile.Load("recipes/quickstart.yaml", [SettingOverride.Parse("train.epochs=20")]);
/// Console.WriteLine(RecipeFile.Write(recipe)); // every key with its value
/// </code>
/// </example>
[RequiresUnreferencedCode("Settings are bound by reflection: recipes cannot be read or written in a trimmed program.")]
public static partial class RecipeFile
{
    /// <summary>Reads a recipe file, then applies the overrides in their order.</summary>
    /// <exception cref="InputException">The file cannot be read, or a key or value is not legal.</exception>
    /// <param name="path">The file.</param>
    /// <param name="overrides">Keys that are set in it, in their order.</param>
    /// <param name="log">Takes a line for each override whose section replaces one that has other keys.</param>
    public static Recipe Load(string path, IEnumerable<SettingOverride>? overrides = null, Action<string>? log = null) =>
        Bind(RecipeTree.Read(path), overrides ?? [], Path.GetFileNameWithoutExtension(path), log);

    /// <summary>Reads a recipe from a text.</summary>
    /// <exception cref="InputException">A key or value is not legal.</exception>
    /// <param name="source">What errors call it.</param>
    /// <param name="text">YAML.</param>
    /// <param name="overrides">Keys that are set in it, in their order.</param>
    public static Recipe Parse(string source, string text, IEnumerable<SettingOverride>? overrides = null) =>
        Bind(RecipeTree.Parse(source, text), overrides ?? [], "recipe", log: null);

    /// <summary>The recipe with every key, defaults included.</summary>
    public static string Write(Recipe recipe) => SettingWriter.WriteText(recipe);

    /// <summary>Every key with its legal values, default and help, in the order of the sections.</summary>
    public static IReadOnlyList<SettingDescription> Describe() =>
        [.. SettingWriter.Flatten(new Recipe()).Select(key => new SettingDescription(
            key.Path, key.Property.Expected, key.Value, key.Property.Setting.Help))];

    /// <summary>
    /// What differs between two recipes among the keys that results depend on, each as "train.epochs is 30, now 40". Threads, the folder
    /// of runs and the times of checkpoints may differ.
    /// </summary>
    public static IReadOnlyList<string> Differences(Recipe earlier, Recipe now) =>
    [
        .. KeysOfResults(earlier).Zip(KeysOfResults(now)).Where(pair => pair.First.Value != pair.Second.Value)
            .Select(pair => $"{pair.First.Key} is {pair.First.Value}, now {pair.Second.Value}"),
    ];

    /// <summary>A hash of the keys that results depend on: two recipes without <see cref="Differences"/> have the same.</summary>
    public static string HashOf(Recipe recipe) =>
        Fingerprint.Of(string.Join('\n', KeysOfResults(recipe).Select(key => $"{key.Key}: {key.Value}")));

    /// <summary>The keys that results depend on with their values, in the order of the sections.</summary>
    public static IReadOnlyDictionary<string, string> KeysOfResults(Recipe recipe) => new OrderedDictionary<string, string>(
        SettingWriter.Flatten(recipe with { Threads = 0, Runs = "", Checkpoint = new() })
            .Select(key => KeyValuePair.Create(key.Path, key.Value)));

    /// <summary>Those whose value is not the default.</summary>
    public static IEnumerable<string> KeysBesideDefaults(Recipe recipe)
    {
        var defaults = KeysOfResults(new());
        return KeysOfResults(recipe).Where(key => defaults.GetValueOrDefault(key.Key) != key.Value).Select(key => key.Key);
    }

    /// <summary>
    /// The recipe with full paths of data and models, so that it means the same files in every current folder. A path of the file that
    /// <paramref name="earlier"/> names stands as it does there.
    /// </summary>
    public static Recipe WithFullPaths(Recipe recipe, Recipe? earlier = null) => recipe with
    {
        Data = recipe.Data with
        {
            Path = FullPath(recipe.Data.Path, earlier?.Data.Path)!,
            Unlabelled = FullPath(recipe.Data.Unlabelled, earlier?.Data.Unlabelled)!,
        },
        Teacher = recipe.Teacher with
        {
            From = FullPath(recipe.Teacher.From, earlier?.Teacher.From),
            Model = FullPath(recipe.Teacher.Model, earlier?.Teacher.Model),
        },
        Student = recipe.Student with
        {
            From = FullPath(recipe.Student.From, earlier?.Student.From),
            Model = FullPath(recipe.Student.Model, earlier?.Student.Model),
        },
    };

    private static string? FullPath(string? path, string? earlier)
    {
        if (string.IsNullOrEmpty(path)) return path;
        var full = Path.GetFullPath(path);
        return !string.IsNullOrEmpty(earlier) && Path.GetFullPath(earlier) == full ? earlier : full;
    }

    private static Recipe Bind(RecipeTree tree, IEnumerable<SettingOverride> overrides, string defaultName, Action<string>? log)
    {
        foreach (var setting in overrides)
        {
            if (tree.Override(setting) is { Count: > 0 } lost)
                log?.Invoke($"{setting.Where} replaces the whole section, and leaves out {string.Join(", ", lost)} of the recipe");
        }

        CheckRetired(tree);
        var binder = new SettingBinder(tree.Where);
        binder.Bind<Recipe>(tree.Root); // what is wrong is named where it stands, before other sections inherit it
        FillSections(tree);
        var recipe = binder.Bind<Recipe>(tree.Root);
        if (recipe.Name.Length == 0) recipe = recipe with { Name = defaultName };
        Check(recipe);
        return recipe;
    }

    /// <summary>Gives sections the keys that they inherit from others and from presets.</summary>
    private static void FillSections(RecipeTree tree)
    {
        tree.Inherit("teacher.train", "train", "restarts");
        tree.Inherit("pretrain.train", "train", "restarts");
        tree.Inherit("prune_train", "train", "restarts");
        tree.Inherit("quantise", "train", "restarts", "epochs", "schedule");
        FillPreset(tree, "distill");
        FillPreset(tree, "distill_pruned");
        tree.Inherit("distill_pruned", "distill");
    }

    /// <summary>Gives a section of distillation the keys of its preset that it lacks.</summary>
    private static void FillPreset(RecipeTree tree, string section)
    {
        if (tree.Find(section, "preset") is YamlScalarNode { Value: { } word }
            && EnumWords.Find<DistillationPreset>(word) is { } preset)
            tree.Fill(section, SettingWriter.Write(DistillationPresets.Of(preset)));
    }

    private static void Check(Recipe recipe)
    {
        if (!FolderName().IsMatch(recipe.Name))
            throw new InputException(
                $"recipe name '{recipe.Name}' cannot be a folder's name; expected 1 to 80 letters, digits, '-', '_' or '.', "
                + "the first a letter or digit");
        if (recipe.Name.Equals(Recipe.LatestName, StringComparison.OrdinalIgnoreCase))
            throw new InputException(
                $"recipe name '{recipe.Name}' is that of the link to the run that began last; expected another one as key name or option "
                + "--name");
        if (recipe.Arms.Count == 0)
            throw new InputException($"recipe {recipe.Name} has no arms; expected at least one of {string.Join(", ", ArmNames.All)}");
        if (Duplicate.Find(recipe.Arms) is { } arm)
            throw new InputException($"recipe {recipe.Name} has the arm {arm} twice; expected different arms");
        if (Duplicate.Find(recipe.Seeds.Select(seed => SettingWriter.Format(seed))) is { } twice)
            throw new InputException($"recipe {recipe.Name} has the seed {twice} twice; expected different seeds");
    }

    // Folders of earlier runs have this key in their recipe, with 0 unless it was used.
    private static void CheckRetired(RecipeTree tree)
    {
        if (tree.Remove("distill", "beta") is not { } beta || beta is YamlScalarNode { Value: "0" }) return;
        throw new InputException(
            $"{tree.Where(beta)}: beta in distill is {RecipeTree.Describe(beta)}; "
            + "expected distill_pruned: {teacher: both} for a dense student that teaches beside the teacher");
    }

    [GeneratedRegex(@"^[\p{L}\p{Nd}][\p{L}\p{Nd}._-]{0,79}\z")]
    private static partial Regex FolderName();
}
