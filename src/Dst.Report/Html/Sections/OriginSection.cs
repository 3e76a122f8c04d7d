using System.Xml.Linq;
using Dst.Foundations;
using Dst.Report.Runs;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Sections;

/// <summary>How the results came about: data, command, versions, machine, recipe.</summary>
internal static class OriginSection
{
    /// <summary>The section.</summary>
    public static XElement Of(IReadOnlyList<ReportGroup> groups) => Section.Of(
        "origin", "How it was made", null,
        groups.SelectMany(group => group.Details).Select(run => Of(run, isAlone: groups is [{ Details.Count: 1 }])));

    private static XElement Of(RunDetails run, bool isAlone)
    {
        var facts = Tag("dl", Class("facts"), FactsOf(run).Select(fact => Tag("div", Tag("dt", fact.Name), Tag("dd", fact.Value))));
        var lines = RecipeFile.Write(run.Run.Recipe).TrimEnd().Split('\n').SelectMany(line => new object[] { line, new XText("\n") });
        var recipe = Tag("details", Tag("summary", "Recipe with every key"), Tag("pre", lines));
        return isAlone ? Tag("div", facts, recipe) : Tag("details", Tag("summary", run.Run.Folder), facts, recipe);
    }

    private static IEnumerable<(string Name, string Value)> FactsOf(RunDetails run)
    {
        var (recipe, arms) = (run.Run.Recipe, run.Run.Summary.Arms);
        yield return ("Run folder", run.Run.Folder);
        yield return ("Data", $"{EnumWords.Of(recipe.Data.Kind)}{(recipe.Data.Path.Length > 0 ? $" {recipe.Data.Path}" : "")}");
        if (arms.Count > 0) yield return ("Images", ImagesOf(arms));
        yield return ("Teacher", NetworkOf(recipe.Teacher));
        yield return ("Student", recipe.Student.IsTeacher ? "the teacher itself" : NetworkOf(recipe.Student));
        yield return ("Seed", Invariant($"{run.Run.Summary.Seed}"));
        if (run.Manifest is not { } manifest) yield break;
        if (manifest.Command is { } command) yield return ("Command", command);
        yield return ("Begun", Invariant($"{manifest.Started:yyyy-MM-dd HH:mm} UTC"));
        var commit = manifest.Commit is null ? "" : $", commit {manifest.Commit}";
        yield return ("Version", $"DST {manifest.Version}{commit}, {manifest.Framework}");
        yield return ("Processor", $"{manifest.Cpu}, vectors {manifest.Tier}, {Phrases.Count(manifest.Threads, "thread")}");
        yield return ("System", manifest.System);
        foreach (var change in manifest.Changes) yield return ("Changed", change);
    }

    private static string ImagesOf(IReadOnlyList<ArmSummary> arms)
    {
        var labelled = arms.FirstOrDefault(arm => arm.LabelledImages > 0)?.LabelledImages;
        var unlabelled = arms.Max(arm => arm.UnlabelledImages);
        var parts = new[]
        {
            labelled is null ? null : $"{labelled} to train on", unlabelled == 0 ? null : $"{unlabelled} without labels",
            $"{arms[0].Confusion.Sum(row => row.Sum())} to test on", $"{arms[0].Confusion.Count} classes",
        };
        return string.Join(", ", parts.OfType<string>());
    }

    private static string NetworkOf(NetworkOptions network) =>
        network.Model is { } model ? $"the model file {model}"
        : network.From is { } from ? $"training goes on from {from}"
        : network.Width == 1 ? network.Arch
        : Invariant($"{network.Arch}, width {network.Width}");
}
