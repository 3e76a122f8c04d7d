using System.CommandLine;
using Dst.Cli.Usage;
using Dst.Foundations;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Experiments.Spread;

namespace Dst.Cli.Actions;

/// <summary>Gives the seeds and arms of a recipe to ranks, each to one, instead of sharing each batch among them.</summary>
internal static class SpreadRun
{
    private const string Batches = "batches", Runs = "runs";

    /// <summary>What ranks share.</summary>
    public static readonly Option<string> Spread = SharedOptions.Choice(
        "--spread",
        "What the processes of mpirun or srun share: each batch (batches, the default), or seeds and arms, each made by one of them "
            + "(runs).",
        [Batches, Runs], Batches);

    /// <summary>The most ranks, a power of two as their number is.</summary>
    public const int MostRanks = 64;

    /// <summary>Whether a call gives arms to ranks.</summary>
    public static bool IsAsked(Invocation call) => call.Arguments.GetValue(Spread) == Runs;

    /// <summary>Makes all arms that are not finished. Every rank calls it.</summary>
    /// <param name="call">The call, with its ranks.</param>
    /// <param name="recipe">The recipe with its seeds.</param>
    /// <param name="data">The data of the first seed.</param>
    /// <param name="open">Opens the runs; called on rank 0.</param>
    /// <returns>On rank 0 what has failed.</returns>
    public static IReadOnlyList<string> Run(Invocation call, Recipe recipe, DataSet data, Func<IReadOnlyList<RunFolder>> open)
    {
        var first = RunSet.FirstOf(recipe);
        using var pool = recipe.CreatePool();
        var compute = new ComputeContext(pool, call.Tier);
        var manifest = RunManifest.Describe(compute, first, DateTime.UtcNow, data);
        SharedRun.Check(call.Ranks, manifest);
        call.HasStateToSave = () => true;
        var maker = new ArmMaker(call, compute, first.Seed, data);
        if (!call.Ranks.IsFirst)
        {
            SpreadRuns.Help(call.Ranks, recipe, maker.Make);
            return [];
        }

        var runs = open();
        try
        {
            return SpreadRuns.Run(
                call.Ranks, recipe, runs, Pipeline.Check(first, data), manifest, maker.Make, call.Report.Log, call.Cancellation);
        }
        finally
        {
            foreach (var run in runs) run.Dispose();
        }
    }

    /// <summary>The sentence that names what has failed.</summary>
    public static string Describe(IReadOnlyList<string> failures, string folder) =>
        $"{Phrases.Count(failures.Count, "arm")} failed: {string.Join("; ", failures)}; the others are finished, and "
        + $"{ProgramName.Value} run --resume {ShellText.Quote(folder)} makes those that are not";

    /// <summary>Makes single arms of runs on this rank, and keeps the data of the last seed for the next arm.</summary>
    private sealed class ArmMaker(Invocation call, ComputeContext compute, long seed, DataSet data)
    {
        private (long Seed, DataSet Data) _loaded = (seed, data);

        public void Make(RunFolder run, string arm, Action<string> log, Action checkpointSaved)
        {
            if (run.Recipe.Seed != _loaded.Seed) _loaded = (run.Recipe.Seed, RunData.Load(call, run.Recipe, log: log));
            var pipeline = new Pipeline(run, _loaded.Data, compute)
            {
                Command = call.CommandLine,
                CheckpointSaved = checkpointSaved,
                Log = log,
                Only = arm,
            };
            pipeline.Run(call.Cancellation);
        }
    }
}

/// <summary>Some arms of several have failed.</summary>
internal sealed class SpreadFailedException(string message) : Exception(message);
