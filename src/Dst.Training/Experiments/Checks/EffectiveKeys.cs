using Dst.Training.Experiments.Recipes;
using Dst.Training.Objectives;

namespace Dst.Training.Experiments.Checks;

/// <summary>Knows which keys have an effect in a recipe, and refuses those that a command sets in vain.</summary>
/// <seealso cref="Dst.Training.Experiments.Recipes.RecipeFile"/>
public static class EffectiveKeys
{
    private static readonly string[] KeysOfArchitecture = ["arch", "width", "dropout", "pooling", "pool_dropout", "pool_inference"];
    private static readonly string[] KeysOfQuantising = ["quantise.epochs", "quantise.images", "quantise.method", "quantise.keep_float"];
    private const string Arms = "arms";

    /// <summary>The keys and sections that the arms of a recipe, and the arms that they need, depend on.</summary>
    public static IReadOnlyCollection<string> Of(Recipe recipe)
    {
        var keys = new SortedSet<string>(["name", "seed", "seeds", "threads", "parts", "runs", Arms, "checkpoint", "data"]);
        foreach (var arm in Arm.NeededBy(recipe)) keys.UnionWith(Of(arm, recipe));
        return keys;
    }

    /// <summary>Refuses the first setting without effect, of a command that trains a recipe.</summary>
    /// <param name="ofVerb">What the verb sets. If it sets the arms, the command line cannot.</param>
    /// <param name="ofLine">What the command line sets.</param>
    /// <param name="recipe">The recipe with both.</param>
    /// <param name="command">The command, for the message.</param>
    /// <exception cref="InputException">There is such a setting.</exception>
    public static void Check(
        IEnumerable<SettingOverride> ofVerb, IEnumerable<SettingOverride> ofLine, Recipe recipe, string command)
    {
        foreach (var setting in ofVerb.Concat(ofLine)) CheckArchitecture(setting, recipe);
        var setsArms = ofVerb.Any(setting => setting.Keys.Contains(Arms));
        var effective = Of(recipe);
        Check(ofLine, setsArms ? [.. effective.Where(key => key != Arms)] : effective, command);
        Check(ofVerb, effective, command);
    }

    /// <summary>Refuses the first of some settings that has no effect.</summary>
    /// <param name="settings">What the command line sets.</param>
    /// <param name="effective">The keys and sections that have one.</param>
    /// <param name="command">The command, for the message.</param>
    /// <exception cref="InputException">There is such a setting.</exception>
    public static void Check(IEnumerable<SettingOverride> settings, IReadOnlyCollection<string> effective, string command)
    {
        foreach (var setting in settings)
        {
            foreach (var key in setting.Keys)
            {
                if (!Includes(effective, key))
                    throw new InputException(
                        $"{setting.Where}: {key} has no effect in {command}, which reads {string.Join(", ", ReadBeside(key, effective))}");
            }
        }
    }

    /// <summary>Refuses the first of some settings that sets a key that something else decides.</summary>
    /// <param name="settings">What the command line sets.</param>
    /// <param name="decided">The keys that are decided.</param>
    /// <param name="reason">What decides them and what to do, for the message.</param>
    /// <exception cref="InputException">There is such a setting.</exception>
    public static void Refuse(IEnumerable<SettingOverride> settings, IReadOnlyCollection<string> decided, string reason)
    {
        foreach (var setting in settings)
        {
            if (setting.Keys.FirstOrDefault(decided.Contains) is { } key)
                throw new InputException($"{setting.Where}: {key} has no effect {reason}");
        }
    }

    /// <summary>Whether a key is one of some keys and sections, or lies below one, or holds one.</summary>
    internal static bool Includes(IEnumerable<string> keys, string key) =>
        keys.Any(other => key == other || IsBelow(key, other) || IsBelow(other, key));

    /// <summary>Refuses the architecture of a network that a model file has given one.</summary>
    private static void CheckArchitecture(SettingOverride setting, Recipe recipe)
    {
        foreach (var (name, from) in new[] { ("student", recipe.Student.From), ("teacher", recipe.Teacher.From) })
        {
            if (from is not null)
                Refuse(
                    [setting], [.. KeysOfArchitecture.Select(key => $"{name}.{key}")],
                    $"with {name}.from {from}, which has an architecture of its own; one of them was expected");
        }
    }

    /// <summary>The keys that are read of the section of a key, else all sections that are read.</summary>
    private static IEnumerable<string> ReadBeside(string key, IReadOnlyCollection<string> effective)
    {
        var section = key.Split('.')[0];
        var beside = effective.Where(other => IsBelow(other, section)).ToList();
        return beside.Count > 0 ? beside : effective.Select(other => other.Split('.')[0]).Distinct().Order();
    }

    private static bool IsBelow(string key, string section) => key.StartsWith(section + ".", StringComparison.Ordinal);

    private static IEnumerable<string> Of(Arm arm, Recipe recipe)
    {
        if (arm.Start != ArmStart.Teacher) yield return "student.is_teacher";
        // A null takes back the file of a recipe.
        if (arm.Name is ArmNames.Teacher or ArmNames.StudentKd) yield return arm.ModelKey;
        if (recipe.Student.IsTeacher || arm.IsPrunedFromScratch(recipe))
        {
            yield return "student.from";
            yield return "student.model";
        }

        if (arm.Given(recipe) is not null) yield break;

        if (arm.Quantises is null)
        {
            foreach (var key in OfStart(arm, recipe)) yield return key;
        }
        else
        {
            foreach (var key in recipe.Quantise.IsTrained ? ["quantise"] : KeysOfQuantising) yield return key;
            if (!recipe.Quantise.IsTrained) yield break;
        }

        yield return "train"; // teacher.train, prune_train and quantise inherit from it
        var start = arm.StartIn(recipe);
        if (start == ArmStart.Teacher) yield return "teacher.train";
        if (start == ArmStart.DenseNetwork) yield return "prune_train";
        if (arm.Masks is not null || start == ArmStart.NarrowStudent) yield return "prune";
        if (arm.Distill(recipe) is not { } distill) yield break;
        yield return "distill"; // distill_pruned inherits from it
        if (distill is PrunedDistillationOptions) yield return "distill_pruned";
    }

    /// <summary>The keys of the network that an arm starts from, unless that is another arm's.</summary>
    private static IEnumerable<string> OfStart(Arm arm, Recipe recipe)
    {
        var start = arm.StartIn(recipe);
        if (start == ArmStart.DenseNetwork) yield break;
        var network = start == ArmStart.Teacher || recipe.Student.IsTeacher ? "teacher" : "student";
        yield return $"{network}.from";
        var isFresh = (network == "teacher" ? recipe.Teacher.From : recipe.Student.From) is null;
        foreach (var key in isFresh ? KeysOfArchitecture : []) yield return $"{network}.{key}";
        if (start == ArmStart.Student) yield return "pretrain.decoder";
        if (start == ArmStart.Teacher) yield return "pretrain.teacher";
        if (arm.AutoEncoderIn(recipe) is not null) yield return "pretrain";
    }
}
