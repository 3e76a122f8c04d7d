using System.Xml.Linq;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Charts;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What the legend calls it; lines of one name are of one kind.</param>
/// <param name="Colour">CSS class of its colour.</param>
/// <param name="Points">Its points, from left to right.</param>
internal sealed record LineSeries(string Name, string Colour, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>Whether it is drawn in dashes.</summary>
    public bool IsDashed { get; init; }

    /// <summary>A point to mark, with what it is, or null.</summary>
    public (double X, double Y, string Text)? Marked { get; init; }
}

/// <summary>Values over steps, such as learning curves.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="XTitle">What is counted from left to right.</param>
/// <param name="YTitle">What is measured, with its unit.</param>
/// <param name="Series">The lines.</param>
internal sealed record LineChart(string Title, string XTitle, string YTitle, IReadOnlyList<LineSeries> Series) : Chart(Title)
{
    private const int MaxTicks = 8;

    /// <summary>Whether it is one of many of its kind, which stand side by side.</summary>
    public bool IsSmall { get; init; }

    /// <inheritdoc/>
    public override IReadOnlyList<LegendEntry> Legend =>
        [.. Series.Select(line => new LegendEntry($"line {ClassOf(line)}", line.Name)).Distinct()];

    /// <inheritdoc/>
    public override Table Numbers
    {
        get
        {
            var rows = Series.SelectMany(line => line.Points.Select(point => (line.Name, point.X, point.Y))).ToList();
            return Table.Of(
                rows,
                new("line", "line", row => row.Name) { Alignment = Alignment.Left },
                new("x", XTitle, row => row.X),
                new("y", YTitle, row => row.Y, row => Invariant($"{row.Y:0.####}")));
        }
    }

    /// <inheritdoc/>
    public override XElement Draw()
    {
        var points = Series.SelectMany(line => line.Points).ToList();
        var last = points.Count == 0 ? 1 : points.Max(point => point.X);
        var ticks = (int)Math.Clamp(last, 1, IsSmall ? MaxTicks / 2 : MaxTicks);
        var plot = new Plot(
            Scale.Linear(XTitle, [0, last], ticks), Scale.Linear(YTitle, points.Select(point => point.Y)),
            IsSmall ? Plot.SmallWidth : Plot.FullWidth, IsSmall ? Plot.SmallHeight : 250);
        return plot.Draw($"{Title}: {YTitle} by {XTitle}", Series.Select(line => Draw(plot, line)));
    }

    private static XElement Draw(Plot plot, LineSeries line)
    {
        var points = line.Points.Where(point => double.IsFinite(point.Y)).ToList();
        return Tag(
            "g",
            Class(ClassOf(line)),
            Svg.Hint(line.Name),
            points.Count == 1
                ? Dot(plot, "mark dot", points[0].X, points[0].Y, line.Name)
                : Tag("polyline", Class("mark line"), Attribute("points", string.Join(' ', points.Select(p => plot.PointOf(p.X, p.Y))))),
            line.Marked is { } marked ? Dot(plot, "dot", marked.X, marked.Y, marked.Text) : null);
    }

    private static XElement Dot(Plot plot, string classes, double x, double y, string hint) => new(
        "circle", Class(classes), Attribute("cx", Number(plot.ColumnOf(x))), Attribute("cy", Number(plot.RowOf(y))), Attribute("r", "3.5"),
        Svg.Hint(hint));

    private static string ClassOf(LineSeries line) => line.IsDashed ? $"{line.Colour} dashed" : line.Colour;
}
