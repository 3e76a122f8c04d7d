using System.CommandLine;
using Dst.Cli.Output;
using Dst.Cli.Usage;
using Dst.ModelFiles;
using Dst.Report;
using Dst.Report.Models;
using Dst.Report.Runs;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Ranks;

namespace Dst.Cli.Actions;

/// <summary>Runs the arms of a recipe and shows their results, for <c>run</c>, <c>train</c>, <c>distill</c> and <c>compress</c>.</summary>
internal static class RecipeRun
{
    /// <summary>A run to go on with.</summary>
    public static readonly Option<string?> Resume = SharedOptions.Text(
        "--resume", "run folder",
        "Goes on with a run that was stopped, or with the runs of several seeds. A recipe need not be named; if one is, "
            + "it must be the same.");

    private static readonly Option<bool> Force = new("--force")
    {
        Description = "With --resume: goes on although recipe, program, processor or vector width is another one. The result is then not "
            + "that of an unbroken run.",
    };

    private static readonly Option<bool> IsDry = new("--dry-run")
    {
        Description = "Checks everything, says what would be trained and where it would be written, and writes nothing.",
    };

    /// <summary>Adds the recipe, and the options of a run that is new or resumed.</summary>
    public static void AddTo(Verb verb)
    {
        verb.Add(RecipeInput.File);
        AddOptionsTo(verb);
    }

    /// <summary>Adds the options of a run that is new or resumed.</summary>
    public static void AddOptionsTo(Verb verb)
    {
        verb.TakesRanks = true;
        verb.Add(Resume);
        verb.Add(Force);
        ShortWords.AddTo(verb);
        verb.Add(RecipeInput.Set);
        verb.Add(RecipeInput.Seed);
        verb.Add(RecipeInput.Seeds);
        verb.Add(RecipeInput.Out);
        verb.Add(IsDry);
        DashboardOptions.AddTo(verb);
        verb.Add(SharedOptions.Threads);
        verb.Add(SpreadRun.Spread);
        verb.Add(SharedOptions.Wide);
        verb.Add(SharedOptions.Json);
        RecipeInput.AddDataTo(verb);
    }

    /// <summary>Runs the recipe of the command line as a verb asks.</summary>
    public static void Run(Invocation call, TrainingRequest request)
    {
        var (folder, force, ofLine) = (WithoutLink(call.Arguments.GetValue(Resume)), call.Arguments.GetValue(Force), request.OfLine(call));
        if (force && folder is null) throw new InputException("option --force goes with --resume, which was expected too");
        DashboardOptions.Check(call);
        if (DashboardOptions.IsAsked(call) && call.Arguments.GetValue(IsDry))
            throw new InputException("options --dry-run and --dashboard are both given; one of them was expected");
        if (folder is not null && call.Arguments.GetValue(IsDry))
            throw new InputException("options --dry-run and --resume are both given; one of them was expected");
        if (folder is not null) CheckResumed(call, request, ofLine);
        var isOfFolder = folder is not null && !RecipeInput.NamesSource(call.Arguments);
        var recipe = isOfFolder ? RunRecipe.Read(folder!, ofLine) : request.Read(call);
        EffectiveKeys.Check(isOfFolder ? [] : request.Settings, ofLine, recipe, call.Command);
        if (folder is null && !RecipeInput.NamesData(call.Arguments))
            throw new InputException(
                $"{call.Command} has neither data nor a recipe; a folder of labelled images or a recipe file was expected");
        if (!isOfFolder && request.Model is not null) RunData.CheckSeed(call, recipe);
        var isSpread = SpreadRun.IsAsked(call);
        RankJob.Run(call, isSpread ? SpreadRun.MostRanks : recipe.Parts, () =>
        {
            if (isSpread && call.Ranks.Count > 1) SpreadOver(call, request, recipe, folder, force);
            else BeginOrResume(call, request, recipe, folder, force);
        });
    }

    /// <summary>Refuses what has no effect on a run that goes on.</summary>
    private static void CheckResumed(Invocation call, TrainingRequest request, IReadOnlyList<SettingOverride> ofLine)
    {
        if (ofLine.Any(setting => setting.Keys.Contains("runs")))
            throw new InputException(
                $"option {RecipeInput.Out.Name}, or key runs, has no effect with --resume, which goes on in the folder of the run; "
                + "none was expected");
        if (RecipeInput.NamesSource(call.Arguments)) return;
        if (request.OfNewRuns.FirstOrDefault(option => call.Arguments.GetResult(option) is { Implicit: false }) is { } vain)
            throw new InputException(
                $"option {vain.Name} has no effect with --resume, which goes on with the recipe of the run; none was expected, or a new "
                + "run without --resume");
    }

    // The link runs/latest points elsewhere as soon as another run begins, and what is printed shall stay true.
    private static string? WithoutLink(string? folder) =>
        folder is not null && Path.TrimEndingDirectorySeparator(folder) is var link && new DirectoryInfo(link).LinkTarget is { } target
            ? Path.Combine(Path.GetDirectoryName(link)!, target)
            : folder;

    private static void BeginOrResume(Invocation call, TrainingRequest request, Recipe recipe, string? folder, bool force)
    {
        if (call.Ranks.Count > 1 && recipe.Seeds.Count > 0)
            throw new InputException(
                $"seeds has {recipe.Seeds.Count} seeds, and {call.Ranks.Count} ranks share one run; one seed was expected, or --spread "
                + "runs");
        if (folder is null) Begin(call, request, recipe);
        else if (recipe.Seeds.Count > 0) RunSeeds(call, request, RunSet.Resume(folder, recipe, force), firstData: null);
        else
        {
            using var run = SharedRun.Open(call.Ranks, recipe, () => RunFolder.Resume(folder, recipe, force));
            RunOne(call, request, run, Load(call, recipe));
        }
    }

    /// <summary>Lets ranks make the arms. Then rank 0 shows the results, as if it had made them all.</summary>
    private static void SpreadOver(Invocation call, TrainingRequest request, Recipe recipe, string? folder, bool force)
    {
        if (call.Arguments.GetValue(IsDry) || DashboardOptions.IsAsked(call))
            throw new InputException("option --spread runs is given with --dry-run or --dashboard; one of them was expected");
        var data = Load(call, RunSet.FirstOf(recipe));
        Pipeline.Check(RunSet.FirstOf(recipe), data);
        var failures = SpreadRun.Run(call, recipe, data, Open);
        if (!call.Ranks.IsFirst) return;
        if (failures.Count > 0) throw new SpreadFailedException(SpreadRun.Describe(failures, folder!));
        call.Ranks = RankGroup.Single;
        BeginOrResume(call, request, recipe, folder, force);

        IReadOnlyList<RunFolder> Open()
        {
            if (recipe.Seeds.Count > 0)
            {
                var set = folder is null ? RunSet.Create(recipe, DateTime.Now) : RunSet.Resume(folder, recipe, force);
                folder = set.Path;
                return [.. recipe.Seeds.Select(set.Open)];
            }

            var run = folder is null ? RunFolder.Create(recipe, DateTime.Now) : RunFolder.Resume(folder, recipe, force);
            folder = run.Path;
            return [run];
        }
    }

    /// <summary>Begins a new run, or one for each seed. A recipe that is refused leaves no folder behind.</summary>
    private static void Begin(Invocation call, TrainingRequest request, Recipe recipe)
    {
        var first = RunSet.FirstOf(recipe);
        var data = Load(call, first);
        var arms = Pipeline.Check(first, data);
        if (call.Arguments.GetValue(IsDry))
        {
            DryRun.Write(call, recipe, data, arms);
            return;
        }

        if (recipe.Seeds.Count > 0)
        {
            RunSeeds(call, request, RunSet.Create(recipe, DateTime.Now), data);
            return;
        }

        using var run = SharedRun.Open(call.Ranks, recipe, () => RunFolder.Create(recipe, DateTime.Now));
        RunOne(call, request, run, data);
    }

    private static DataSet Load(Invocation call, Recipe recipe)
    {
        var data = DataSet.Load(recipe.Data, recipe.Seed, Environment.CurrentDirectory, call.Report.Log, call.Cancellation);
        RunData.Check(call, recipe, data);
        return data;
    }

    private static string TrafficOf(RankGroup ranks)
    {
        var traffic = ranks.Traffic;
        var overlap = traffic.Overlap is { } share
            ? $"; gradients were under way for {Format.Duration(traffic.GradientsSent)}, {100 * share:0} % of it while rank 0 computed"
            : "";
        return $"{ranks.Count} ranks; rank 0 sent {Format.Bytes(traffic.Bytes)} in {traffic.Messages} messages and waited for messages for "
            + $"{Format.Duration(traffic.Waited)}{overlap}";
    }

    private static void RunOne(Invocation call, TrainingRequest request, RunFolder run, DataSet data)
    {
        var summary = RunToEnd(call, run, data, $"{request.ResumeVerb} --resume {ShellText.Quote(run.Path)}");
        if (!call.Ranks.IsFirst) return;
        if (call.Ranks.Count > 1) call.Report.Log(TrafficOf(call.Ranks));
        Block[] blocks =
        [
            .. !IsWide(call) && request.Blocks is { } blocksOf ? blocksOf(summary) : BlocksOf(call, run, summary),
            new Lines([
                $"run folder: {run.Path}", .. RunReport.Write(call, run.Path, new FinishedRun(run.Path, summary, run.Recipe)),
                .. NextCommands.Of(run, summary, data),
            ]),
        ];
        call.Report.Write(new(new { Folder = run.Path, summary.Recipe, summary.Seed, summary.Arms }, blocks));
    }

    private static bool IsWide(Invocation call) => call.Arguments.GetValue(SharedOptions.Wide);

    private static IEnumerable<Block> BlocksOf(Invocation call, RunFolder run, RunSummary summary)
    {
        var validation = run.Recipe.Data.ValidationFrom;
        var tables = ArmTables.Of(ArmStatistic.AllOf(summary), validation, IsWide(call));
        yield return IsWide(call) ? tables[0] : ArmTables.Accuracy(summary.Arms, validation);
        yield return ArmTables.Noise(summary.Arms);
        foreach (var table in tables.Skip(1)) yield return table;
        if (summary.Arms.LastOrDefault(arm => arm.Layers.Count > 0) is { } pruned) yield return LayersOf(run, pruned);
    }

    /// <summary>Runs all seeds of a set; the data of the first seed may be loaded already.</summary>
    private static void RunSeeds(Invocation call, TrainingRequest request, RunSet set, DataSet? firstData)
    {
        var runs = new List<FinishedRun>();
        var next = Array.Empty<string>();
        foreach (var seed in set.Recipe.Seeds)
        {
            using var run = set.Open(seed);
            var data = firstData ?? Load(call, run.Recipe);
            var summary = RunToEnd(call, run, data, $"{request.ResumeVerb} --resume {ShellText.Quote(set.Path)}", set.DiscardIfEmpty);
            firstData = null;
            runs.Add(new(run.Path, summary, run.Recipe));
            RunReport.Write(call, run.Path, runs[^1]);
            next = NextCommands.Of(run, summary, data);
        }

        var arms = ArmStatistic.AllOf([.. runs.Select(run => run.Summary)]);
        var document = new
        {
            Folder = set.Path,
            Recipe = set.Recipe.Name,
            set.Recipe.Seeds,
            Arms = arms,
            Runs = runs.Select(run => new { run.Folder, run.Summary.Seed, run.Summary.Arms }),
        };
        Block[] blocks =
        [
            .. ArmTables.Of(arms, set.Recipe.Data.ValidationFrom, IsWide(call)),
            new Lines([$"run folder: {set.Path}", .. RunReport.Write(call, set.Path, [.. runs]), .. next]),
        ];
        call.Report.Write(new(document, blocks));
    }

    /// <summary>What pruning did to each layer. Every pruned arm of a run keeps the same number of weights in each.</summary>
    private static Table LayersOf(RunFolder run, ArmSummary arm)
    {
        var skipped = arm.Layers.Where(layer => layer.Skipped is not null).ToDictionary(layer => layer.Name, layer => layer.Skipped!);
        return LayerTable.Of(LayerRow.AllOf(ModelFile.Load(run.ModelPath(arm.Arm))), skipped) with { Title = $"layers of {arm.Arm}:" };
    }

    /// <summary>Rank 0 measures; what the others keep of it nobody reads.</summary>
    private static Latency MeasureLatency(Invocation call, Model model) =>
        call.Ranks.IsFirst ? LatencyMeter.Measure(call.Tier, model) : new(0, 0);

    /// <summary>Trains the arms that are not finished.</summary>
    /// <param name="call">The call.</param>
    /// <param name="run">The run.</param>
    /// <param name="data">Its data.</param>
    /// <param name="resumeWith">The command that resumes the run, for a message.</param>
    /// <param name="refused">Called if the recipe is refused.</param>
    private static RunSummary RunToEnd(Invocation call, RunFolder run, DataSet data, string resumeWith, Action? refused = null)
    {
        var report = call.Report;
        report.Log($"run folder: {run.Path}");
        foreach (var part in Directory.GetDirectories(run.Path, "*.part"))
            report.Log($"{Path.GetFileNameWithoutExtension(part)} begins again: only --spread runs goes on with its state in {part}");
        try
        {
            using var pool = run.Recipe.CreatePool();
            using var dashboard = DashboardOptions.Begin(call, run);
            var monitor = new TrainingMonitor(report, dashboard);
            var compute = new ComputeContext(pool, call.Tier) { Ranks = call.Ranks };
            var pipeline = new Pipeline(run, data, compute, model => MeasureLatency(call, model))
            {
                Command = call.CommandLine,
                Planned = monitor.Begin,
                Progress = monitor,
                EpochEnded = monitor.EpochEnded,
                Log = report.Log,
            };
            call.HasStateToSave = () => pipeline.IsTraining;
            var summary = pipeline.Run(call.Cancellation);
            dashboard?.Finish();
            return summary;
        }
        catch (OperationCanceledException)
        {
            report.Log($"the state is saved; to go on: {ProgramName.Value} {resumeWith}");
            throw;
        }
        catch (Exception e) when (e is InputException or NotFiniteNumberException)
        {
            run.DiscardIfUntrained();
            refused?.Invoke();
            throw;
        }
        finally
        {
            report.ClearStatus();
        }
    }
}
