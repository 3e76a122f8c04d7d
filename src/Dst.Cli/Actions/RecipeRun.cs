using Dst.Cli.Usage;
using Dst.Report.Runs;
using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Checks;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Ranks;

namespace Dst.Cli.Actions;

/// <summary>Makes the arms of a recipe and shows their results, for <c>run</c>, <c>train</c>, <c>distill</c> and <c>compress</c>.</summary>
/// <param name="call">The call.</param>
/// <param name="request">What the verb asks for.</param>
/// <param name="recipe">The recipe.</param>
/// <param name="folder">The folder of the run to go on with, or null for a new run.</param>
internal sealed class RecipeRun(Invocation call, TrainingRequest request, Recipe recipe, string? folder)
{
    private string? _folder = folder;

    /// <summary>Runs the recipe of the command line as a verb asks.</summary>
    public static void Run(Invocation call, TrainingRequest request)
    {
        var overrides = request.OverridesOf(call);
        RunOptions.Check(call, request, overrides);
        var folder = RunOptions.ResumedFolderOf(call.Arguments);
        var isOfFolder = folder is not null && !RecipeInput.NamesSource(call.Arguments);
        var recipe = isOfFolder ? RunRecipe.Read(folder!, overrides) : request.Read(call);
        EffectiveKeys.Check(isOfFolder ? [] : request.Settings, overrides, recipe, call.Command);
        IdleKeys.Check(overrides, recipe);
        if (folder is null && !RecipeInput.NamesData(call.Arguments))
            throw new InputException(
                $"{call.Command} has neither data nor a recipe; a folder of labelled images or a recipe file was expected");
        if (!isOfFolder && request.ModelPath is not null) RunData.CheckSeed(call, recipe);
        var run = new RecipeRun(call, request, recipe, folder);
        var isSpread = SpreadRun.IsAsked(call);
        RankJob.Run(call, isSpread ? SpreadRun.MostRanks : recipe.Parts, () =>
        {
            if (isSpread && call.Ranks.Count > 1) run.SpreadOverRanks();
            else run.BeginOrResume();
        });
    }

    private void BeginOrResume()
    {
        if (call.Ranks.Count > 1 && recipe.Seeds.Count > 0)
            throw new InputException(
                $"seeds has {recipe.Seeds.Count} seeds, and {call.Ranks.Count} ranks share one run; one seed was expected, or --spread "
                + "runs");
        if (_folder is null) Begin();
        else if (recipe.Seeds.Count > 0) RunSeeds(OpenSet(), firstData: null);
        else RunOne(data: null);
    }

    /// <summary>Begins a new run, or one for each seed. A recipe that is refused leaves no folder behind.</summary>
    private void Begin()
    {
        var first = RunSet.FirstOf(recipe);
        var data = RunData.Load(call, first);
        var arms = Pipeline.Check(first, data);
        if (RunOptions.IsDryRun(call.Arguments))
        {
            foreach (var remark in RecipeRemarks.Of(first, data)) call.Report.Log(remark);
            DryRun.Write(call, recipe, data, arms);
        }
        else if (recipe.Seeds.Count > 0) RunSeeds(OpenSet(), data);
        else RunOne(data);
    }

    /// <summary>Lets ranks make the arms. Then rank 0 shows the results, as if it had made them all.</summary>
    private void SpreadOverRanks()
    {
        if (RunOptions.IsDryRun(call.Arguments) || DashboardOptions.IsAsked(call))
            throw new InputException("option --spread runs is given with --dry-run or --dashboard; one of them was expected");
        var data = RunData.Load(call, RunSet.FirstOf(recipe));
        Pipeline.Check(RunSet.FirstOf(recipe), data);
        var failures = SpreadRun.Run(call, recipe, data, OpenRuns);
        if (!call.Ranks.IsFirst) return;
        if (failures.Count > 0) throw new SpreadFailedException(SpreadRun.Describe(failures, _folder!));
        call.Ranks = RankGroup.Single;
        BeginOrResume();
    }

    /// <summary>Opens the run, or those of all seeds, and remembers the folder.</summary>
    private IReadOnlyList<RunFolder> OpenRuns()
    {
        if (recipe.Seeds.Count > 0)
        {
            var set = OpenSet();
            _folder = set.Path;
            return [.. recipe.Seeds.Select(set.Open)];
        }

        var run = OpenRun();
        _folder = run.Path;
        return [run];
    }

    private RunFolder OpenRun() => _folder is null
        ? RunFolder.Create(recipe, DateTime.Now)
        : RunFolder.Resume(_folder, recipe, RunOptions.IsForced(call.Arguments));

    private RunSet OpenSet() => _folder is null
        ? RunSet.Create(recipe, DateTime.Now)
        : RunSet.Resume(_folder, recipe, RunOptions.IsForced(call.Arguments));

    /// <summary>Runs one seed; its data may be loaded already.</summary>
    private void RunOne(DataSet? data)
    {
        using var run = SharedRun.Open(call.Ranks, recipe, OpenRun);
        data ??= RunData.Load(call, recipe);
        var summary = TrainingOf(run.Path).Run(run, data);
        if (call.Ranks.IsFirst) RunOutput.Write(call, request, run, summary, data);
    }

    /// <summary>Runs all seeds of a set; the data of the first seed may be loaded already.</summary>
    private void RunSeeds(RunSet set, DataSet? firstData)
    {
        var runs = new List<RunResults>();
        var nextCommands = Array.Empty<string>();
        foreach (var seed in set.Recipe.Seeds)
        {
            using var run = set.Open(seed);
            var data = firstData ?? RunData.Load(call, run.Recipe);
            var summary = TrainingOf(set.Path).Run(run, data, set.DiscardIfEmpty);
            firstData = null;
            runs.Add(new(run.Path, summary, run.Recipe));
            RunReport.Write(call, run.Path, runs[^1]);
            nextCommands = NextCommands.Of(run, summary, data);
        }

        RunOutput.Write(call, set, runs, nextCommands);
    }

    private RunTraining TrainingOf(string folder) => new(call, $"{request.ResumeVerb} --resume {ShellText.Quote(folder)}");
}
