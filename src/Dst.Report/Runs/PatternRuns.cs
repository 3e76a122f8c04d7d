using System.Text.Json.Serialization;
using Dst.Foundations;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;

namespace Dst.Report.Runs;

/// <summary>The runs of one recipe that pruned with one pattern, or pruned nothing, one run or more for each seed.</summary>
/// <param name="Recipe">Name of the recipe.</param>
/// <param name="Pattern">
/// The pattern, <c>unit:block:group[:keep]</c>, and the shares of single layers; null if no arm was pruned.
/// </param>
/// <param name="Settings">
/// Keys, each with its value, in which the recipe differs from others of its name and pattern; empty if there are no others.
/// </param>
/// <param name="Seeds">The seeds, ascending.</param>
/// <param name="Arms">The arms over these seeds.</param>
public sealed record PatternRuns(
    string Recipe, string? Pattern, IReadOnlyList<string> Settings, IReadOnlyList<long> Seeds, IReadOnlyList<ArmStatistic> Arms)
{
    /// <summary>The runs, each with the arms that count.</summary>
    [JsonIgnore]
    public IReadOnlyList<RunResults> Runs { get; init; } = [];

    /// <summary>By how much the arm <c>dst</c> is better than each other one; empty unless two seeds have it.</summary>
    public IReadOnlyList<ArmDifference> Differences => ArmDifference.AllOf(Runs);

    /// <summary>How many of the <see cref="Settings"/>, from the first, the label names: enough to tell it from the others.</summary>
    [JsonIgnore]
    public int NamedSettings { get; init; }

    /// <summary>The pattern, if there is one, and what tells the recipe from others of its name; may be empty.</summary>
    [JsonIgnore]
    public string Label =>
        string.Join(", ", Settings.Take(NamedSettings).Prepend(Pattern).OfType<string>())
        + (Settings.Count > NamedSettings ? $" and {Phrases.Count(Settings.Count - NamedSettings, "more key")}" : "");

    /// <summary>
    /// Groups runs by recipe, then by pattern, both in alphabetical order, then by the other keys of their recipes. Runs that differ in
    /// seed, arms and given models alone are one group, but for runs of one seed whose models differ. Runs on other images are another
    /// group. If a seed trained an arm twice, the last run counts, with a line.
    /// </summary>
    /// <param name="runs">The runs, by path.</param>
    /// <param name="log">Takes one line at a time.</param>
    public static IReadOnlyList<PatternRuns> GroupsOf(IReadOnlyList<RunResults> runs, Action<string> log)
    {
        ArgumentNullException.ThrowIfNull(log);
        var pruned = runs.Where(HasPruned).Select(KeyOf).ToHashSet();
        return
        [
            .. runs.GroupBy(run => KeyOf(run) is var key && pruned.Contains(key) ? key : (key.Recipe, Pattern: null))
                .OrderBy(group => group.Key.Recipe, StringComparer.Ordinal).ThenBy(group => group.Key.Pattern, StringComparer.Ordinal)
                .SelectMany(group => GroupsOf(group.Key.Recipe, group.Key.Pattern, group, log)),
        ];
    }

    /// <summary>The pattern of a run, or null if no arm of it was pruned.</summary>
    internal static string? PatternOf(RunResults run) => HasPruned(run) ? KeyOf(run).Pattern : null;

    /// <summary>An arm, or null if no run has it.</summary>
    public ArmStatistic? Find(string arm) => Arms.FirstOrDefault(row => row.Arm == arm);

    private static (string Recipe, string? Pattern) KeyOf(RunResults run) => (run.Summary.Recipe, run.Recipe.Prune.PatternText);

    private static bool HasPruned(RunResults run) =>
        run.Summary.Arms.Any(arm => Arm.All.Any(known => known.Name == arm.Arm && known.Masks is not null));

    private static IEnumerable<PatternRuns> GroupsOf(string recipe, string? pattern, IEnumerable<RunResults> runs, Action<string> log)
    {
        var variants = runs.GroupBy(run => HashOf(WithoutModels(run.Recipe))).SelectMany(OfEachData).SelectMany(OfEachModel).ToList();
        var keys = KeysOf(variants);
        var (different, named) = TellingFirst([.. keys[0].Keys.Where(key => keys.Exists(other => other[key] != keys[0][key]))], keys);
        return variants.Select((variant, i) =>
        {
            RunResults[] counted = [.. LastOfEachSeed(variant, log).Where(run => run.Summary.Arms.Count > 0)];
            return new PatternRuns(
                recipe, pattern, different.ConvertAll(key => $"{key} {(keys[i][key] is { Length: > 0 } value ? value : "none")}"),
                [.. variant.Select(run => run.Summary.Seed).Distinct().Order()],
                ArmStatistic.AllOf([.. counted.Select(run => run.Summary)]))
            {
                Runs = counted,
                NamedSettings = named,
            };
        });
    }

    /// <summary>Runs of equal recipes by their images. Where these differ, runs that do not know theirs are a group too.</summary>
    private static IEnumerable<RunResults[]> OfEachData(IEnumerable<RunResults> runs)
    {
        RunResults[] all = [.. runs];
        var isOne = all.Select(run => run.Images).OfType<string>().Distinct().Count() <= 1;
        return isOne ? [all] : all.GroupBy(run => run.Images).Select(group => group.ToArray());
    }

    /// <summary>Runs of equal recipes. Given models tell recipes apart only where one seed trained an arm with several.</summary>
    private static IEnumerable<RunResults[]> OfEachModel(RunResults[] runs)
    {
        var hasTwice = ArmsOf(runs).CountBy(arm => arm).Any(arm => arm.Value > 1);
        return hasTwice ? runs.GroupBy(run => HashOf(Common(run.Recipe))).Select(group => group.ToArray()) : [runs];
    }

    /// <summary>The keys of each recipe that results depend on, and the images where these alone tell some apart.</summary>
    private static List<IReadOnlyDictionary<string, string>> KeysOf(List<RunResults[]> variants)
    {
        var keys = variants.ConvertAll(variant => RecipeFile.KeysOfResults(Common(variant[0].Recipe)));
        if (variants.DistinctBy(variant => HashOf(Common(variant[0].Recipe))).Count() == variants.Count) return keys;
        return
        [
            .. keys.Zip(variants, (recipe, variant) =>
                new OrderedDictionary<string, string>(recipe) { ["images"] = variant[0].Images ?? "unknown" }),
        ];
    }

    // Puts those keys first that together tell all recipes apart, and says how many a label names: all if they are few, else those that
    // are needed.
    private static (List<string> Keys, int Named) TellingFirst(List<string> keys, List<IReadOnlyDictionary<string, string>> recipes)
    {
        const int few = 3;
        if (keys.Count <= few) return (keys, keys.Count);
        var telling = new List<string>();
        foreach (var key in keys)
            if (CountDifferent([.. telling, key]) > CountDifferent(telling)) telling.Add(key);
        return ([.. telling, .. keys.Except(telling)], Math.Max(telling.Count, few));

        int CountDifferent(List<string> some) => recipes.DistinctBy(recipe => string.Join('\n', some.Select(key => recipe[key]))).Count();
    }

    // Folders of older versions have relative paths.
    private static string HashOf(Recipe recipe) => RecipeFile.HashOf(RecipeFile.WithFullPaths(recipe));

    /// <summary>The recipe without what may differ between runs of one group.</summary>
    private static Recipe Common(Recipe recipe) => recipe with { Seed = 0, Seeds = [], Arms = [] };

    private static Recipe WithoutModels(Recipe recipe) => Common(recipe) with
    {
        Teacher = recipe.Teacher with { Model = null, From = null },
        Student = recipe.Student with { Model = null, From = null },
    };

    private static IEnumerable<(long Seed, string Arm)> ArmsOf(IEnumerable<RunResults> runs) =>
        runs.SelectMany(run => run.Summary.Arms.Select(arm => (run.Summary.Seed, arm.Arm)));

    private static IEnumerable<RunResults> LastOfEachSeed(RunResults[] runs, Action<string> log)
    {
        var counted = new Dictionary<(long Seed, string Arm), RunResults>();
        foreach (var run in runs)
        {
            var arms = ArmsOf([run]).ToList();
            foreach (var twice in arms.Where(counted.ContainsKey).GroupBy(arm => counted[arm].Folder))
                log(
                    $"{twice.Key} and {run.Folder} trained {string.Join(", ", twice.Select(arm => arm.Arm))} of one recipe with the seed "
                    + Invariant($"{run.Summary.Seed}; the last is counted"));
            foreach (var arm in arms) counted[arm] = run;
        }

        return runs.Select(run => run with
        {
            Summary = run.Summary with { Arms = [.. run.Summary.Arms.Where(arm => counted[(run.Summary.Seed, arm.Arm)] == run)] },
        });
    }
}
