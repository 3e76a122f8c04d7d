using System.Text.Json;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Ranks;

namespace Dst.Training.Experiments.Runs;

/// <summary>
/// The run folder of several ranks. Rank 0 has the folder. Each other rank works on a copy in a temporary folder, which is removed at the
/// end. So no disk need be shared, and a run may go on with another number of ranks.
/// </summary>
/// <seealso cref="RunFolder"/>
public static class SharedRun
{
    /// <summary>Opens the folder on rank 0 and a copy on the others.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="recipe">The recipe of the run.</param>
    /// <param name="open">Opens the folder; called on rank 0.</param>
    /// <exception cref="InputException">The folder cannot be opened.</exception>
    public static RunFolder Open(RankGroup ranks, Recipe recipe, Func<RunFolder> open)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(open);
        if (ranks.Count == 1) return open();
        return ranks.IsFirst ? Send(ranks, open()) : Receive(ranks, recipe);
    }

    /// <summary>Fails unless every rank runs the same program and recipe on the same data.</summary>
    /// <exception cref="InputException">A rank differs from rank 0.</exception>
    public static void Check(RankGroup ranks, RunManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(manifest);
        if (ranks.Count == 1) return;
        var facts = ranks.GatherTexts(JsonSerializer.Serialize(manifest.Facts()))
            .Select(text => JsonSerializer.Deserialize<Dictionary<string, string>>(text)!).ToArray();
        for (var rank = 1; rank < ranks.Count; rank++)
        {
            foreach (var (name, first) in facts[0])
            {
                if (facts[rank].GetValueOrDefault(name) is var other && other != first)
                    throw new InputException(
                        $"rank {rank} has {name} {other ?? "none"}, rank 0 {first}; the same was expected on all ranks");
            }
        }
    }

    private static RunFolder Send(RankGroup ranks, RunFolder run)
    {
        var files = Directory.GetFiles(run.Path).Where(file => !Path.GetFileName(file).StartsWith('.')).Order().ToArray();
        ranks.Broadcast(JsonSerializer.Serialize(files.Select(Path.GetFileName)));
        foreach (var file in files) ranks.Broadcast(RunPaths.Guard(file, () => RunFiles.Read(run.Path, Path.GetFileName(file))));
        return run;
    }

    private static RunFolder Receive(RankGroup ranks, Recipe recipe)
    {
        var copy = Directory.CreateTempSubdirectory("dst-rank-").FullName;
        foreach (var name in JsonSerializer.Deserialize<string[]>(ranks.Broadcast(""))!)
            File.WriteAllBytes(Path.Combine(copy, name), ranks.Broadcast([]));
        return RunFolder.OpenCopy(copy, recipe);
    }
}
