using System.CommandLine;
using Dst.Report;
using Dst.Report.Renderers;
using Dst.Report.Runs;

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
            "results runs/quickstart/20260101-120000 runs/quickstart/20260101-121500 --json")
        {
            Renderer = MarkdownRenderer.Render,
        };
        verb.Add(Folders);
        verb.Add(SharedOptions.Json);
        verb.Handle(Run);
        return verb;
    }

    private static void Run(Invocation call)
    {
        var patterns = PatternRuns.GroupsOf([.. call.Arguments.GetRequiredValue(Folders).SelectMany(FinishedRun.FindAll)]);
        var blocks = patterns.GroupBy(pattern => pattern.Recipe).SelectMany(recipe => BlocksOf(recipe.Key, [.. recipe]));
        call.Report.Write(new(patterns, [.. blocks]));
    }

    private static IEnumerable<Block> BlocksOf(string recipe, IReadOnlyList<PatternRuns> patterns)
    {
        foreach (var pattern in patterns)
        {
            yield return new Heading($"{recipe}: {pattern.Pattern}, seeds {string.Join(", ", pattern.Seeds)}");
            yield return ArmTables.All(pattern.Arms);
        }

        if (patterns.Count < 2) yield break;
        yield return new Heading($"{recipe}: patterns");
        yield return ArmTables.Patterns(patterns);
    }
}
