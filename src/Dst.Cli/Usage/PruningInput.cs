using System.CommandLine;
using Dst.Masks;
using Dst.Training.Experiments.Checks;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;

namespace Dst.Cli.Usage;

/// <summary>The options of verbs that prune a model.</summary>
internal static class PruningInput
{
    /// <summary>Keys of the pattern.</summary>
    public static readonly Option<string?> Pattern = SharedOptions.Text(
        "--pattern", "unit:block:group[:keep]",
        "Pattern: what is dropped (kernel, row or weight), filters that share a choice, candidates in a run and how many are kept (half). "
            + $"Default: the recipe's, which is {new PruningOptions().Pattern}.");

    /// <summary>Layers that stay dense.</summary>
    public static readonly Option<string[]> Exclude = new("--exclude")
    {
        Description = "Layers that stay dense, by name; * stands for any characters. May be given again.",
        HelpName = "layer",
        DefaultValueFactory = _ => [],
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>The model file to write.</summary>
    public static readonly Option<string?> Out = SharedOptions.Text("--out", "FILE", "Model file to write.");

    // Nothing is pruned during a training here.
    private static readonly string[] Keys =
    [
        "threads",
        .. RecipeFile.Describe().Select(key => key.Path).Where(path => path.StartsWith("prune.", StringComparison.Ordinal))
            .Where(path => path.Split('.')[1] is not ("method" or "gradual" or "sr_ste" or "incremental")),
    ];

    /// <summary>Refuses keys on the command line that have no effect.</summary>
    /// <param name="call">The call.</param>
    /// <param name="others">Other keys and sections that the verb reads.</param>
    /// <exception cref="InputException">There is such a key.</exception>
    public static void CheckKeys(Invocation call, params string[] others) =>
        EffectiveKeys.Check(RecipeInput.Overrides(call.Arguments), [.. Keys, .. others], call.Command);

    /// <summary>Refuses keys on the command line that another key switches off, and names those of the recipe.</summary>
    /// <exception cref="InputException">There is such a key.</exception>
    public static void CheckIdle(Invocation call, Recipe recipe)
    {
        IdleKeys.Check(RecipeInput.Overrides(call.Arguments), recipe, Keys);
        foreach (var remark in IdleKeys.Remarks(recipe, Keys)) call.Report.Log(remark);
    }

    /// <summary>The recipe with these options. The pattern sets the keys of it at once.</summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="first">Keys that the verb sets; what the command line sets comes later.</param>
    public static Recipe Load(ParseResult arguments, IEnumerable<SettingOverride> first)
    {
        var overrides = first.ToList();
        if (arguments.GetValue(Exclude)! is { Length: > 0 } exclude)
            overrides.Add(SettingOverride.OfList("prune.exclude", exclude, RecipeOptions.Where(Exclude)));
        var recipe = RecipeInput.Load(arguments, log: null, overrides);
        return arguments.GetValue(Pattern) is { } pattern
            ? recipe with { Prune = recipe.Prune with { Pattern = UhpPattern.Parse(pattern) } }
            : recipe;
    }

    /// <summary>Checks that there is something to prune.</summary>
    /// <exception cref="InputException">Every layer stays as it is.</exception>
    public static void CheckLayers(string path, Model model, PruningOptions options)
    {
        if (model.Masks.Count == 0) PruningPlan.CheckPrunesAny(path, model.Graph, options);
        else if (!PruningPlan.Outline(model, options).Pruned.Any())
            throw new InputException(
                $"{path} is pruned already (layer '{model.Masks.Keys.First()}'), and no other layer can be pruned; a dense model was "
                + "expected");
    }
}
