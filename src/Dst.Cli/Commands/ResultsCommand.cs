using System.CommandLine;
using Dst.Cli.Report;

namespace Dst.Cli.Commands;

/// <summary><c>dst results</c>: Markdown tables over finished runs.</summary>
internal static class ResultsCommand
{
    private static readonly Argument<string[]> Folders = new("folders")
    {
        Description = "Run folders, or folders that hold run folders.",
        HelpName = "FOLDER",
        Arity = ArgumentArity.OneOrMore,
    };

    /// <summary>Creates the verb.</summary>
    public static Verb Create()
    {
        var verb = new Verb(
            "results",
            "Writes Markdown tables over runs: each arm's mean and standard deviation over seeds, and one row a pattern where a recipe was run with several.",
            "results runs/mstar > tables.md",
            "results runs/quickstart/20260101-120000 runs/quickstart/20260101-121500")
        {
            Folders,
        };
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var runs = call.Arguments.GetRequiredValue(Folders).SelectMany(FinishedRun.FindAll).ToList();
        foreach (var recipe in runs.GroupBy(run => run.Summary.Recipe).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var patterns = recipe.GroupBy(run => run.Pattern).OrderBy(group => group.Key, StringComparer.Ordinal).ToList();
            foreach (var pattern in patterns) WriteArms(call.Report, recipe.Key, pattern.Key, [.. pattern]);
            if (patterns.Count < 2) continue;
            call.Report.Line($"## {recipe.Key}: patterns");
            call.Report.Line();
            call.Report.Line(ResultsTable.OfPatterns(patterns).ToMarkdown());
        }
    }

    private static void WriteArms(ReportWriter report, string recipe, string pattern, IReadOnlyList<FinishedRun> runs)
    {
        var twice = runs.GroupBy(run => run.Summary.Seed).FirstOrDefault(seed => seed.Count() > 1);
        if (twice is not null)
            throw new InputException($"{recipe} with the pattern {pattern} was run twice with the seed {twice.Key}, in {string.Join(" and ", twice.Select(run => run.Folder))}; one run a seed was expected");
        report.Line($"## {recipe}: {pattern}, seeds {string.Join(", ", runs.Select(run => run.Summary.Seed).Order())}");
        report.Line();
        report.Line(ResultsTable.OfArms(runs).ToMarkdown());
    }
}
