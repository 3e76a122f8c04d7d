using System.CommandLine;
using Dst.Cli.Usage;
using Dst.Training.Experiments.Recipes;

namespace Dst.Cli.Actions;

/// <summary>The options of verbs that make the arms of a recipe: <c>run</c>, <c>train</c>, <c>distill</c> and <c>compress</c>.</summary>
internal static class RunOptions
{
    private static readonly Option<bool> Force = new("--force")
    {
        Description = "With --resume: goes on although recipe, program, processor or vector width is another one. The result is then not "
            + "that of an unbroken run.",
    };

    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Checks everything, says what would be trained and where it would be written, and writes nothing.",
    };

    /// <summary>Adds the recipe, and the options of a run that is new or resumed.</summary>
    public static void AddTo(Verb verb)
    {
        verb.Add(RecipeOptions.File);
        AddOptionsTo(verb);
    }

    /// <summary>Adds the options of a run that is new or resumed.</summary>
    public static void AddOptionsTo(Verb verb)
    {
        verb.TakesRanks = true;
        verb.AddOptions(RecipeOptions.Resume, Force);
        KeyShortcuts.AddTo(verb);
        verb.AddOptions(RecipeOptions.Set, RecipeOptions.Seed, RecipeOptions.Seeds, RecipeOptions.Out, DryRun);
        DashboardOptions.AddTo(verb);
        verb.AddOptions(SharedOptions.Threads, SpreadRun.Spread, SharedOptions.Wide, SharedOptions.Json);
        RecipeOptions.AddDataTo(verb);
    }

    /// <summary>The folder of the run to go on with, or null for a new run.</summary>
    public static string? ResumedFolderOf(ParseResult arguments) => WithoutLink(arguments.GetValue(RecipeOptions.Resume));

    /// <summary>Whether a run goes on although something is not as it was.</summary>
    public static bool IsForced(ParseResult arguments) => arguments.GetValue(Force);

    /// <summary>Whether nothing is to be trained or written.</summary>
    public static bool IsDryRun(ParseResult arguments) => arguments.GetValue(DryRun);

    /// <summary>Refuses options that contradict each other, or have no effect.</summary>
    /// <exception cref="InputException">There are such options.</exception>
    public static void Check(Invocation call, TrainingRequest request, IReadOnlyList<SettingOverride> overrides)
    {
        var isResumed = call.Arguments.GetValue(RecipeOptions.Resume) is not null;
        if (IsForced(call.Arguments) && !isResumed)
            throw new InputException("option --force goes with --resume, which was expected too");
        DashboardOptions.Check(call);
        if (IsDryRun(call.Arguments) && DashboardOptions.IsAsked(call))
            throw new InputException("options --dry-run and --dashboard are both given; one of them was expected");
        if (IsDryRun(call.Arguments) && isResumed)
            throw new InputException("options --dry-run and --resume are both given; one of them was expected");
        if (isResumed) CheckResumed(call, request, overrides);
    }

    /// <summary>Refuses what has no effect on a run that goes on.</summary>
    private static void CheckResumed(Invocation call, TrainingRequest request, IReadOnlyList<SettingOverride> overrides)
    {
        if (overrides.Any(setting => setting.Keys.Contains("runs")))
            throw new InputException(
                $"option {RecipeOptions.Out.Name}, or key runs, has no effect with --resume, which goes on in the folder of the run; "
                + "none was expected");
        if (RecipeInput.NamesSource(call.Arguments)) return;
        if (call.Arguments.FirstGiven(request.NewRunOptions) is { } vain)
            throw new InputException(
                $"option {vain.Name} has no effect with --resume, which goes on with the recipe of the run; none was expected, or a new "
                + "run without --resume");
    }

    // The link runs/latest points elsewhere as soon as another run begins, and what is printed shall stay true.
    private static string? WithoutLink(string? folder) =>
        folder is not null && Path.TrimEndingDirectorySeparator(folder) is var link && new DirectoryInfo(link).LinkTarget is { } target
            ? Path.Combine(Path.GetDirectoryName(link)!, target)
            : folder;
}
