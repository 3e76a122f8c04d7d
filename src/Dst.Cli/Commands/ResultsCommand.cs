using Dst.Cli.Usage;
using Dst.Report;
using Dst.Report.Renderers;
using Dst.Report.Runs;

namespace Dst.Cli.Commands;

/// <summary><c>dst results</c>: Markdown tables over finished runs.</summary>
internal static class ResultsCommand
{
    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "results",
            "Writes Markdown tables of finished runs. Each arm has its mean and standard deviation over the seeds. "
                + "A recipe that was run with several patterns or other keys has a table with a row for each.",
            "results runs/quickstart > tables.md",
            "results runs/quickstart --wide",
            "results runs/quickstart/<time> --json")
        {
            Renderer = MarkdownRenderer.Render,
        };
        verb.Add(SharedOptions.RunFolders);
        verb.Add(SharedOptions.Wide);
        verb.Add(SharedOptions.Json);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var runs = RunResults.FindAll(call.Arguments.GetRequiredValue(SharedOptions.RunFolders), call.Report.Log);
        var patterns = PatternRuns.GroupsOf(runs, call.Report.Log);
        var isWide = call.Arguments.GetValue(SharedOptions.Wide);
        var blocks = patterns.GroupBy(pattern => pattern.Recipe).SelectMany(recipe => BlocksOf(recipe.Key, [.. recipe], isWide));
        call.Report.Write(new(patterns, [.. blocks]));
    }

    private static IEnumerable<Block> BlocksOf(string recipe, IReadOnlyList<PatternRuns> patterns, bool isWide)
    {
        foreach (var pattern in patterns)
        {
            var label = pattern.Label.Length > 0 ? $"{pattern.Label}, " : "";
            yield return new Heading($"{recipe}: {label}seeds {string.Join(", ", pattern.Seeds)}");
            if (pattern.Settings.Count > pattern.NamedSettings) yield return new Lines($"keys: {string.Join(", ", pattern.Settings)}");
            var validation = pattern.Runs.Select(run => run.Recipe.Data.ValidationFrom).FirstOrDefault();
            foreach (var table in ArmTables.Of(pattern.Arms, validation, isWide)) yield return table;
            if (pattern.Differences is { Count: > 0 } differences) yield return ArmTables.Differences(differences);
        }

        if (ArmTables.Patterns(patterns) is not { } comparison) yield break;
        yield return new Heading($"{recipe}: patterns");
        yield return comparison;
    }
}
