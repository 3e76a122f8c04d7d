namespace Dst.Report.Runs;

/// <summary>The runs of one recipe that pruned with one pattern, one run for each seed.</summary>
/// <param name="Recipe">Name of the recipe.</param>
/// <param name="Pattern">The pattern, <c>unit:block:group[:keep]</c>, and the shares of single layers.</param>
/// <param name="Seeds">The seeds, ascending.</param>
/// <param name="Arms">The arms over these seeds.</param>
public sealed record PatternRuns(string Recipe, string Pattern, IReadOnlyList<long> Seeds, IReadOnlyList<ArmStatistic> Arms)
{
    /// <summary>Groups runs by recipe, then by pattern, both in alphabetical order.</summary>
    /// <exception cref="InputException">Two runs of a group have the same seed.</exception>
    public static IReadOnlyList<PatternRuns> GroupsOf(IReadOnlyList<FinishedRun> runs) =>
    [
        .. runs.GroupBy(run => (run.Summary.Recipe, run.Pattern))
            .OrderBy(group => group.Key.Recipe, StringComparer.Ordinal).ThenBy(group => group.Key.Pattern, StringComparer.Ordinal)
            .Select(group => Of(group.Key.Recipe, group.Key.Pattern, [.. group])),
    ];

    /// <summary>An arm, or null if no run has it.</summary>
    public ArmStatistic? Find(string arm) => Arms.FirstOrDefault(row => row.Arm == arm);

    private static PatternRuns Of(string recipe, string pattern, IReadOnlyList<FinishedRun> runs)
    {
        if (runs.GroupBy(run => run.Summary.Seed).FirstOrDefault(seed => seed.Count() > 1) is { } twice)
        {
            var folders = string.Join(" and ", twice.Select(run => run.Folder));
            throw new InputException(
                $"{recipe} with the pattern {pattern} was run twice with the seed {twice.Key}, in {folders}; one run a seed was expected");
        }

        return new(
            recipe, pattern, [.. runs.Select(run => run.Summary.Seed).Order()], ArmStatistic.AllOf([.. runs.Select(run => run.Summary)]));
    }
}
