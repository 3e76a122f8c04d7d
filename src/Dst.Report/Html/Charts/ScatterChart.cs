using System.Xml.Linq;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Charts;

/// <summary>One network among others: what it costs and how good it is.</summary>
/// <param name="Name">Text beside it.</param>
/// <param name="Group">What it belongs to.</param>
/// <param name="Colour">CSS class of its colour.</param>
/// <param name="Shape">Number of the shape of its group.</param>
/// <param name="Cost">From left to right.</param>
/// <param name="Value">From bottom to top.</param>
/// <param name="Deviation">Standard deviation of the value, or null if it is not known.</param>
internal sealed record ScatterPoint(
    string Name, string Group, string Colour, int Shape, double Cost, double Value, double? Deviation);

/// <summary>Value against cost. A line joins the points that no other point beats in both.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="XTitle">The cost, with its unit.</param>
/// <param name="YTitle">The value, with its unit.</param>
/// <param name="Points">The networks.</param>
internal sealed record ScatterChart(string Title, string XTitle, string YTitle, IReadOnlyList<ScatterPoint> Points) : Chart(Title)
{
    private const double Radius = 5.5, LineHeight = 13;

    // A name is larger on a narrow page.
    private const double LetterWidth = 8.8;

    private const string ShapeSigns = "●■▲◆✚";

    // Paths about (0, 0) of about the same area: circle, square, triangle, diamond, cross.
    private static readonly string[] Shapes =
    [
        "M-5.5,0a5.5,5.5 0 1,0 11,0a5.5,5.5 0 1,0 -11,0Z", "M-5,-5H5V5H-5Z", "M0,-6.5L6,5H-6Z", "M0,-7L6,0L0,7L-6,0Z",
        "M-2,-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z",
    ];

    /// <summary>Points that no other beats: each costs less than those with a higher value.</summary>
    public IReadOnlyList<ScatterPoint> Frontier
    {
        get
        {
            var best = new List<ScatterPoint>();
            foreach (var point in Points.OrderBy(point => point.Cost).ThenByDescending(point => point.Value))
                if (best.Count == 0 || point.Value > best[^1].Value) best.Add(point);
            return best;
        }
    }

    /// <inheritdoc/>
    public override IReadOnlyList<LegendEntry> Legend
    {
        get
        {
            var groups = Points.Select(point => (point.Shape, point.Group)).Distinct().ToList();
            return groups.Count < 2 ? []
                : groups.ConvertAll(group => new LegendEntry(null, $"{ShapeSigns[group.Shape % ShapeSigns.Length]} {group.Group}"));
        }
    }

    /// <inheritdoc/>
    public override Table Numbers => Table.Of(
        Points,
        new("name", "network", point => point.Name) { Alignment = Alignment.Left },
        new("group", "run", point => point.Group) { Alignment = Alignment.Left },
        new("cost", XTitle, point => point.Cost, point => Invariant($"{point.Cost:0.####}")),
        new("value", YTitle, point => point.Value, point => Invariant($"{point.Value:0.00}")),
        new("deviation", "deviation", point => point.Deviation, point => Invariant($"{point.Deviation:0.00}")));

    /// <inheritdoc/>
    public override XElement Draw()
    {
        var reach = Points.SelectMany(point => new[] { point.Value - (point.Deviation ?? 0), point.Value + (point.Deviation ?? 0) });
        var plot = new Plot(Scale.ForCosts(XTitle, [.. Points.Select(point => point.Cost)]), Scale.Linear(YTitle, reach));
        var corners = Frontier.Select(point => plot.PointOf(point.Cost, point.Value));
        var frontier = Tag("polyline", Class("frontier"), Attribute("points", string.Join(' ', corners)));
        return plot.Draw($"{Title}: {YTitle} by {XTitle}", frontier, Points.Select(point => DrawMark(plot, point)), Labels(plot));
    }

    private static XElement DrawMark(Plot plot, ScatterPoint point)
    {
        var (x, y) = (plot.ColumnOf(point.Cost), plot.RowOf(point.Value));
        var deviation = point.Deviation is > 0 and var d
            ? Svg.Line("error", x, plot.RowOf(point.Value - d), x, plot.RowOf(point.Value + d))
            : null;
        return Tag(
            "g",
            Class(point.Colour),
            deviation,
            new XElement(
                "path",
                Class("mark point"),
                Attribute("d", Shapes[point.Shape % Shapes.Length]),
                Attribute("transform", $"translate({Number(x)} {Number(y)})"),
                Svg.Hint(Invariant($"{point.Name}: {point.Value:0.00}, {point.Cost:0.####}"))));
    }

    /// <summary>The names, each at the first place about its point where it hides neither a point nor another name.</summary>
    private IEnumerable<XElement> Labels(Plot plot)
    {
        var taken = Points.Select(point => Around(plot.ColumnOf(point.Cost), plot.RowOf(point.Value))).ToList();
        foreach (var point in Points)
        {
            var (x, y, width) = (plot.ColumnOf(point.Cost), plot.RowOf(point.Value), point.Name.Length * LetterWidth);
            Area[] places =
            [
                new(x + 9, y - 7, width, LineHeight), new(x - 9 - width, y - 7, width, LineHeight),
                new(x - width / 2, y - 22, width, LineHeight), new(x - width / 2, y + 9, width, LineHeight),
                new(x + 7, y - 20, width, LineHeight), new(x + 7, y + 6, width, LineHeight),
                new(x - 7 - width, y - 20, width, LineHeight), new(x - 7 - width, y + 6, width, LineHeight),
            ];
            var place = places.FirstOrDefault(area => area.IsWithin(plot) && !taken.Exists(area.Overlaps));
            if (place is null) continue; // the table has every name
            taken.Add(place);
            yield return Svg.Text($"name {point.Colour}", place.Left, place.Top + 10.5, "start", point.Name);
        }
    }

    private static Area Around(double x, double y) => new(x - Radius, y - Radius, 2 * Radius, 2 * Radius);

    private sealed record Area(double Left, double Top, double Width, double Height)
    {
        public bool Overlaps(Area other) =>
            Left < other.Left + other.Width && other.Left < Left + Width && Top < other.Top + other.Height && other.Top < Top + Height;

        public bool IsWithin(Plot plot) => Left >= 0 && Top >= 0 && Left + Width <= plot.Width && Top + Height <= plot.Height;
    }
}
