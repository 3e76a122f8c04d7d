using System.Xml.Linq;
using Dst.Report.Runs;
using Dst.Training.Experiments;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Sections;

/// <summary>The networks of each experiment: what each is, how good, how large and how fast.</summary>
internal static class ArmSection
{
    /// <summary>The section.</summary>
    public static XElement Of(IReadOnlyList<ReportGroup> groups) => Section.Of(
        "arms", "Networks", "Every network of an experiment is called an arm. Its colour is the same in all charts.",
        groups.SelectMany(group => PartsOf(group, hasHeading: groups.Count > 1)),
        groups.GroupBy(group => group.Runs.Recipe).Select(
            recipe => ArmTables.Patterns(recipe.Select(group => group.Runs)) is { } patterns
                ? HtmlTable.Of(patterns with { Title = $"Patterns of {recipe.Key}" })
                : null));

    private static IEnumerable<XElement?> PartsOf(ReportGroup group, bool hasHeading)
    {
        if (hasHeading) yield return Tag("h3", group.Name);
        yield return Tag("dl", Class("arms"), group.Arms.Select(arm => DescriptionOf(group, arm.Arm)));
        var validation = group.Recipe.Data.ValidationFrom;
        yield return Section.Grid(
            HtmlTable.Of(ArmTables.Accuracy(group.Arms, validation)), HtmlTable.Of(ArmTables.Cost(group.Arms)),
            ArmTables.BalanceAndImages(group.Arms).Select(HtmlTable.Of));
        yield return Tag("p", Class("note"), string.Join(". ", NotesOf(group)) + ".");
    }

    private static XElement DescriptionOf(ReportGroup group, string arm)
    {
        var words = Arm.Of(arm).DescribeIn(group.Recipe);
        return Tag(
            "div",
            Tag("dt", Tag("i", Class($"sign {ReportGroup.ColourOf(arm)}")), arm),
            Tag("dd", $"{char.ToUpperInvariant(words[0])}{words[1..]}."));
    }

    private static IEnumerable<string> NotesOf(ReportGroup group)
    {
        if (group.Runs.Seeds.Count > 1) yield return "Accuracies are means ± standard deviations over the seeds";
        yield return TestNoise.Of(group.Details[0]).Text[0];
    }
}
