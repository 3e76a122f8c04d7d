using System.Collections.Concurrent;
using Dst.Foundations;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Ranks;

namespace Dst.Training.Experiments.Spread;

/// <summary>
/// Gives the arms of runs to ranks from a queue, each arm to one rank. Rank 0 has the run folders: it sends the files that an arm needs and
/// takes those that come of it. It makes arms too, on another thread, so that one thread alone sends and receives.
/// </summary>
/// <seealso cref="Pipeline"/>
public sealed class SpreadRuns
{
    private readonly IReadOnlyList<SpreadFolder> _folders;
    private readonly List<SpreadItem> _items = [];
    private readonly SpreadQueue _queue;
    private readonly List<string> _failures = [];
    private readonly Action<string>? _log;
    private bool _isCancelled;

    private SpreadRuns(IReadOnlyList<RunFolder> runs, IReadOnlyList<PlannedArm> plan, Action<string>? log)
    {
        _folders = [.. runs.Select(run => new SpreadFolder(run))];
        foreach (var (number, run) in runs.Index())
        {
            var left = plan.Where(arm => run.Summary.Find(arm.Arm) is null).ToList();
            _items.AddRange(SpreadItem.AllOf(number, run.Recipe, left, _items.Count));
        }

        (_queue, _log) = (new(_items), log);
    }

    /// <summary>Makes all arms that are not finished. Called by rank 0.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="recipe">The recipe with its seeds.</param>
    /// <param name="runs">The open run of each seed.</param>
    /// <param name="plan">Of <see cref="Pipeline.Check"/>.</param>
    /// <param name="manifest">Program and machine, and the data of the first seed.</param>
    /// <param name="make">Makes an arm on this rank.</param>
    /// <param name="log">Takes one line at a time.</param>
    /// <param name="cancellation">Asks to hand out nothing more. Each rank has its own.</param>
    /// <returns>What has failed, a sentence each without its full stop.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; the states of all arms are kept.</exception>
    public static IReadOnlyList<string> Run(
        RankGroup ranks, Recipe recipe, IReadOnlyList<RunFolder> runs, IReadOnlyList<PlannedArm> plan, RunManifest manifest,
        MakeArm make, Action<string>? log = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(runs);
        foreach (var run in runs.Where(run => run.Recipe.Seed == manifest.Seed)) SpreadFolder.CheckData(run, manifest);
        foreach (var run in runs.Where(run => !run.IsFinished))
        {
            var ofRun = manifest with { Seed = run.Recipe.Seed, RecipeHash = run.RecipeHash };
            foreach (var change in run.GoOn(ofRun, hasData: false))
                log?.Invoke($"warning: the result is not that of an unbroken run: {change}");
        }

        var spread = new SpreadRuns(runs, plan, log);
        spread.Serve(ranks, new(recipe, make), cancellation);
        foreach (var folder in spread._folders) folder.Sort();
        if (spread._isCancelled) throw new OperationCanceledException(cancellation);
        return spread._failures;
    }

    /// <summary>Makes what rank 0 tells this rank to make. Called by the others.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="recipe">The recipe with its seeds.</param>
    /// <param name="make">Makes an arm on this rank.</param>
    public static void Help(RankGroup ranks, Recipe recipe, MakeArm make)
    {
        var connection = new RankConnection(ranks, partner: 0);
        new SpreadWorker(recipe, make).Run(connection.Send, connection.Receive);
    }

    /// <summary>Hands out arms, to this rank too, and takes what comes back, until each rank has been sent away.</summary>
    private void Serve(RankGroup ranks, SpreadWorker worker, CancellationToken cancellation)
    {
        using BlockingCollection<RankMessage> toUs = [], fromUs = [];
        var own = Task.Factory.StartNew(
            () => worker.Run(fromUs.Add, toUs.Take), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        Helper[] helpers =
        [
            new(0, toUs.Add, () => own.IsFaulted ? throw own.Exception!.InnerException! : fromUs.TryTake(out var message) ? message : null),
            .. Enumerable.Range(1, ranks.Count - 1).Select(rank => Helper.Of(rank, new(ranks, rank))),
        ];
        var working = helpers.ToHashSet();
        var idle = new List<Helper>();
        while (working.Count + idle.Count > 0)
        {
            _isCancelled |= cancellation.IsCancellationRequested;
            var (hasReceived, hasSent) = (Receive(working, idle), HandOut(working, idle));
            if (!hasReceived && !hasSent) Thread.Sleep(RankConnection.Pause);
        }

        own.Wait(CancellationToken.None);
    }

    /// <summary>Takes the messages that have arrived. Who has finished an arm becomes idle. Returns whether there was a message.</summary>
    private bool Receive(HashSet<Helper> working, List<Helper> idle)
    {
        var hasReceived = false;
        foreach (var helper in working.ToList())
        {
            if (helper.TryReceive() is not { } message) continue;
            hasReceived = true;
            Handle(message, helper.Rank);
            if (message.Kind == RankMessageKind.Checkpoint) continue;
            working.Remove(helper);
            idle.Add(helper);
        }

        return hasReceived;
    }

    /// <summary>Gives each idle rank an arm, or sends it away if none is left. Returns whether there was such a rank.</summary>
    private bool HandOut(HashSet<Helper> working, List<Helper> idle)
    {
        var hasSent = false;
        foreach (var helper in idle.ToList())
        {
            var item = _isCancelled ? null : _queue.Take();
            if (item is null && _queue.HasWaiting && !_isCancelled) break; // it waits for what another rank makes
            idle.Remove(helper);
            helper.Send(item is { } taken ? OrderOf(taken, helper.Rank) : new(RankMessageKind.Idle));
            if (item is not null) working.Add(helper);
            hasSent = true;
        }

        return hasSent;
    }

    private RankMessage OrderOf(int number, int rank)
    {
        var item = _items[number];
        _log?.Invoke($"{item.Name} begins on rank {rank}");
        return new(RankMessageKind.Make, number)
        {
            Seed = item.Seed,
            Arm = item.Arm.Name,
            Files = _folders[item.Run].FilesFor(item.Arm),
        };
    }

    private void Handle(RankMessage message, int rank)
    {
        if (message.Item < 0) return;
        var item = _items[message.Item];
        var folder = _folders[item.Run];
        foreach (var line in message.Log) _log?.Invoke(Invariant($"seed {item.Seed}: {line}"));
        switch (message.Kind)
        {
            case RankMessageKind.Checkpoint:
                folder.Keep(item.Arm, message.Files);
                break;
            case RankMessageKind.Cancelled:
                folder.Keep(item.Arm, message.Files);
                _isCancelled = true;
                break;
            case RankMessageKind.Done:
                folder.Merge(item.Arm, message.Files);
                _queue.Finish(message.Item);
                _log?.Invoke($"{item.Name} is finished; {Phrases.Count(_queue.Left, "arm")} left");
                break;
            default:
                Fail(message, item, rank);
                break;
        }
    }

    private void Fail(RankMessage message, SpreadItem item, int rank)
    {
        var failure = $"{item.Name} on rank {rank}: {message.Reason}";
        _failures.Add(failure);
        _failures.AddRange(_queue.Fail(message.Item).Select(lost => $"{_items[lost].Name}: it needs {item.Name}"));
        _log?.Invoke($"failed: {failure}; other arms go on");
    }

    /// <summary>A rank as rank 0 sees it.</summary>
    private sealed record Helper(int Rank, Action<RankMessage> Send, Func<RankMessage?> TryReceive)
    {
        public static Helper Of(int rank, RankConnection connection) => new(rank, connection.Send, connection.TryReceive);
    }
}
