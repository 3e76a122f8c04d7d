using Dst.Training.Experiments.Recipes;
using Dst.Training.Objectives;
using Dst.Training.Optimizers;

namespace Dst.Training.Experiments.Checks;

/// <summary>Finds keys that another key of their section switches off, such as the milestones of a cosine.</summary>
/// <seealso cref="Dst.Training.Experiments.Recipes.RecipeFile"/>
public static class IdleKeys
{
    private static readonly Rule[] OfSchedule =
    [
        new(["schedule.milestones", "schedule.gamma"], ["schedule.kind"], "step"),
        new(["schedule.final_learning_rate"], ["schedule.kind"], "cosine"),
        new(["schedule.rising_share", "schedule.start_divisor", "schedule.final_divisor"], ["schedule.kind"], "one_cycle"),
    ];

    private static readonly Rule[] OfOptimizer =
    [
        new(["optimizer.momentum", "optimizer.nesterov"], ["optimizer.kind"], "sgd"),
        new(["optimizer.beta1", "optimizer.beta2", "optimizer.epsilon"], ["optimizer.kind"], "adamw"),
    ];

    private static readonly Rule[] OfDistillation =
    [
        new(["dkd.warmup_epochs"], ["dkd.target", "dkd.non_target"]),
        .. new DistillationOptions().LayerTerms.Select(term => new Rule([$"{term.Section}.layers"], [$"{term.Section}.weight"])),
        new(["temperature", "standardise"], [.. new DistillationOptions().LogitWeights.Select(term => term.Key)]),
    ];

    private static readonly Rule[] OfPruning =
    [
        new(["gradual.share", "gradual.stages"], ["method"], "gradual"),
        new(["sr_ste.decay"], ["method"], "sr_ste"),
        new(["incremental.stages"], ["method"], "random_channels"),
        new(["incremental.start", "incremental.share"], ["incremental.stages"]),
        new(["taylor_batches"], ["score"], "taylor"),
        new(["calibration.images"], ["repair"], "batch_norm", "least_squares"),
        new(["calibration.ridge"], ["repair"], "least_squares"),
    ];

    // The first section of a row is inherited by the others.
    private static readonly (string[] Sections, Rule[] Rules)[] Families =
    [
        (["train", "teacher.train", "pretrain.train", "prune_train"], OfSchedule),
        (["quantise"], OfSchedule),
        (["train", "teacher.train", "pretrain.train", "prune_train", "quantise"], OfOptimizer),
        (["distill", "distill_pruned"], OfDistillation),
        (["prune"], OfPruning),
    ];

    /// <summary>Refuses the first setting of a command line that another key switches off.</summary>
    /// <param name="settings">What the command line sets.</param>
    /// <param name="recipe">The recipe with them.</param>
    /// <exception cref="InputException">There is such a setting.</exception>
    public static void Check(IEnumerable<SettingOverride> settings, Recipe recipe) => Check(settings, recipe, EffectiveKeys.Of(recipe));

    /// <inheritdoc cref="Check(IEnumerable{SettingOverride}, Recipe)"/>
    /// <param name="settings">What the command line sets.</param>
    /// <param name="recipe">The recipe with them.</param>
    /// <param name="effective">The keys and sections that a verb reads which trains no arm.</param>
    public static void Check(IEnumerable<SettingOverride> settings, Recipe recipe, IReadOnlyCollection<string> effective)
    {
        var idle = Of(recipe, effective).ToDictionary(key => key.Path);
        foreach (var setting in settings)
        {
            if (setting.Keys.FirstOrDefault(idle.ContainsKey) is { } key)
                throw new InputException(
                    $"{setting.Where}: {key} has no effect with {idle[key].Switch}; expected {idle[key].Needed}, or {key} left out");
        }
    }

    /// <summary>A line for each key of a recipe that has no effect.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="effective">The keys and sections that are read.</param>
    public static IEnumerable<string> Remarks(Recipe recipe, IReadOnlyCollection<string> effective) =>
        Of(recipe, effective).Select(key => $"recipe: {key.Path} has no effect with {key.Switch}, only with {key.Needed}");

    /// <summary>The keys of a recipe that have no effect, and another value than the default and the inherited one.</summary>
    internal static IEnumerable<IdleKey> Of(Recipe recipe, IReadOnlyCollection<string> effective)
    {
        var (values, defaultOf) = (RecipeFile.KeysOfResults(recipe), DefaultsOf(recipe));
        return
            from family in Families
            from rule in family.Rules
            from key in rule.Keys
            let root = family.Sections[0]
            let sections = family.Sections.Where(section => EffectiveKeys.Includes(effective, section)).ToList()
            from section in sections
            let path = $"{section}.{key}"
            where EffectiveKeys.Includes(effective, path)
            where values[path] != defaultOf(section, key) && !IsRewound(path, recipe)
            let isOwn = section == root || values[path] != values[$"{root}.{key}"]
            let readers = section == root ? sections : [section] // what a section inherits may have an effect there
            where isOwn && !readers.Any(reader => rule.IsOn(values, reader))
            select new IdleKey(path, rule.DescribeSwitch(values, section), rule.Needed);
    }

    /// <summary>What each key is without a word of the recipe: its default, or what the preset of its section sets.</summary>
    private static Func<string, string, string> DefaultsOf(Recipe recipe)
    {
        var (defaults, pruned) = (WithPreset(recipe.Distill.Preset), WithPreset(recipe.DistillPruned.Preset));
        return (section, key) => section == "distill_pruned" ? pruned[$"distill.{key}"] : defaults[$"{section}.{key}"];

        static IReadOnlyDictionary<string, string> WithPreset(DistillationPreset? preset) =>
            RecipeFile.KeysOfResults(new() { Distill = preset is { } word ? DistillationPresets.Of(word) : new() });
    }

    /// <summary>Whether a key lies in a schedule that is replaced as a whole, of which a run has a line of its own.</summary>
    private static bool IsRewound(string path, Recipe recipe) =>
        recipe.PruneTrain.Schedule.Kind == ScheduleKind.Rewind && path.StartsWith("prune_train.schedule.", StringComparison.Ordinal);

    /// <summary>A key without effect.</summary>
    /// <param name="Path">Its sections and name.</param>
    /// <param name="Switch">What switches it off, with its value.</param>
    /// <param name="Needed">What would switch it on.</param>
    internal sealed record IdleKey(string Path, string Switch, string Needed);

    /// <summary>Keys that have an effect only if one of the keys that switch them has one of some values.</summary>
    /// <param name="Keys">The keys.</param>
    /// <param name="Switches">The keys that switch them.</param>
    /// <param name="Words">The values that switch them on; none if any number but 0 does.</param>
    private sealed record Rule(string[] Keys, string[] Switches, params string[] Words)
    {
        public string Needed => Words.Length > 0 ? string.Join(" or ", Words)
            : Switches.Length == 1 ? "a value above 0"
            : "one of them above 0";


        public bool IsOn(IReadOnlyDictionary<string, string> values, string section) =>
            Switches.Select(name => values[$"{section}.{name}"]).Any(value => Words.Length == 0 ? value != "0" : Words.Contains(value));

        public string DescribeSwitch(IReadOnlyDictionary<string, string> values, string section) =>
            string.Join(", ", Switches.Select(name => $"{section}.{name} {values[$"{section}.{name}"]}"));
    }
}
