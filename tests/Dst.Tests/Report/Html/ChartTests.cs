using System.Xml.Linq;
using Dst.Report.Html.Charts;
using Dst.Report.Runs;
using Dst.Tests.Foundations;

namespace Dst.Tests.Report.Html;

public class ChartTests
{
    [Theory]
    [InlineData(new[] { 0.0, 97.3 }, new[] { 0.0, 20, 40, 60, 80, 100 })]
    [InlineData(new[] { 71.2, 74.9 }, new[] { 71.0, 72, 73, 74, 75 })]
    [InlineData(new[] { 5.0 }, new[] { 4.4, 4.6, 4.8, 5, 5.2, 5.4, 5.6 })]
    [InlineData(new double[0], new[] { 0, 0.2, 0.4, 0.6, 0.8, 1 })]
    public void A_linear_scale_ends_at_round_numbers_around_the_values(double[] values, double[] expected)
    {
        var scale = Scale.Linear("x", values);
        Assert.Equal(expected, scale.Ticks.Select(tick => Math.Round(tick, 9)));
        Assert.Equal((0, 1), (scale.PlaceOf(scale.Min), scale.PlaceOf(scale.Max)));
        Assert.All(values, value => Assert.InRange(scale.PlaceOf(value), 0, 1));
    }

    [Fact]
    public void Costs_that_are_far_apart_have_a_logarithmic_scale()
    {
        Assert.False(Scale.ForCosts("ms", [1, 7]).IsLogarithmic);
        Assert.Equal(0, Scale.ForCosts("ms", [1, 7]).Min);
        var wide = Scale.ForCosts("ms", [0.2, 30]);
        Assert.True(wide.IsLogarithmic);
        Assert.Equal([0.2, 0.5, 1, 2, 5, 10, 20], wide.Ticks.Select(tick => Math.Round(tick, 9)));
        Assert.Equal(wide.PlaceOf(1) - wide.PlaceOf(0.5), wide.PlaceOf(20) - wide.PlaceOf(10), 12);
        Assert.False(Scale.ForCosts("ms", [0, 30]).IsLogarithmic);
    }

    [Fact]
    public void The_frontier_holds_what_no_other_beats_in_both()
    {
        var chart = new ScatterChart(
            "t", "ms", "%",
            [
                Point("slow", 4, 90), Point("fast", 1, 80), Point("worse", 2, 79), Point("middle", 2, 85), Point("dear", 5, 90),
                Point("twin", 1, 70),
            ]);
        Assert.Equal(["fast", "middle", "slow"], chart.Frontier.Select(point => point.Name));
        Assert.Equal(6, Marks(chart));
    }

    [Fact]
    public void Names_hide_neither_points_nor_each_other()
    {
        var points = Enumerable.Range(0, 12).Select(i => Point($"network-{i}", 1 + 0.01 * i, 80 + 0.01 * i)).ToList();
        var drawing = new ScatterChart("t", "ms", "%", [.. points, Point("far", 9, 99)]).Draw();
        var names = drawing.Descendants("text").Where(text => ClassOf(text).StartsWith("name", StringComparison.Ordinal)).ToList();
        Assert.InRange(names.Count, 2, 12); // a name without room is left to the table
        var boxes = names.ConvertAll(
            name => (Left: (double)name.Attribute("x")!, Y: (double)name.Attribute("y")!, Width: 7.0 * name.Value.Length));
        Assert.All(boxes, box => Assert.DoesNotContain(boxes, other => other != box && Overlap(box, other)));

        static bool Overlap((double Left, double Y, double Width) a, (double Left, double Y, double Width) b) =>
            Math.Abs(a.Y - b.Y) < 12 && a.Left < b.Left + b.Width && b.Left < a.Left + a.Width;
    }

    [Fact]
    public void Each_chart_draws_a_mark_for_each_value()
    {
        var line = new LineSeries("a", "arm0", [(1, 2.5), (2, double.NaN), (3, 4)]);
        Assert.Equal(2, Marks(new LineChart("t", "epoch", "%", [line, line with { Points = [(1, 1)] }])));
        Assert.Equal(2, Marks(new LayerChart("t", [new("conv", 0.5, 1, 2)]))); // with and without its mask
        Assert.Equal(1, Marks(new LayerChart("t", [new("fc", 1, 1, null)])));
        Assert.Equal(3, Marks(new ConfusionChart("t", ["a", "b"], [[5, 1], [0, 2]])));
        Assert.Equal(1, Marks(new ReliabilityChart("t", Calibration.Of([new(0, 0, 0.9f), new(0, 1, 0.95f)]), "arm0")));
        Assert.Equal(0, Marks(new LineChart("t", "epoch", "%", [])));
    }

    [Fact]
    public void Coordinates_do_not_depend_on_the_culture()
    {
        var chart = new LineChart("t", "epoch", "%", [new LineSeries("a", "arm0", [(1, 2.5), (2, -3), (3, 4.25)])]);
        var expected = Coordinates();
        Assert.Contains(expected, value => value.Contains('.'));
        using var foreign = new ForeignCulture();
        Assert.Equal(expected, Coordinates());

        List<string> Coordinates() => [.. chart.Draw().DescendantsAndSelf().Attributes().Select(attribute => attribute.Value)];
    }

    [Fact]
    public void The_table_of_a_confusion_matrix_says_what_each_class_is_taken_for()
    {
        var table = new ConfusionChart("t", ["a", "b", "c"], [[5, 1, 4], [0, 2, 0], [0, 0, 0]]).Numbers;
        Assert.Equal(["0", "a", "10", "50.0%", "c (4)"], table.Rows[0].Select(cell => cell.Text));
        Assert.Equal(["1", "b", "2", "100.0%", "-"], table.Rows[1].Select(cell => cell.Text));
        Assert.Equal(["2", "c", "0", "-", "-"], table.Rows[2].Select(cell => cell.Text));
    }

    private static ScatterPoint Point(string name, double cost, double value) => new(name, "group", "arm0", 0, cost, value, null);

    private static int Marks(Chart chart) => chart.Draw().Descendants().Count(element => ClassOf(element).Split(' ').Contains("mark"));

    private static string ClassOf(XElement element) => (string?)element.Attribute("class") ?? "";
}
