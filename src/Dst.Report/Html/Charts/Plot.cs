using System.Xml.Linq;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Charts;

/// <summary>The frame of a chart: two scales with their ticks and titles, and the places between them, in pixels.</summary>
internal sealed record Plot(Scale X, Scale Y, double Width = Plot.FullWidth, double Height = 300)
{
    /// <summary>Width of a chart in pixels of its own; the page scales it.</summary>
    public const double FullWidth = 480;

    /// <summary>Width of a chart that is one of many.</summary>
    public const double SmallWidth = 340;

    /// <summary>Height of a chart that is one of many.</summary>
    public const double SmallHeight = 220;

    private const double Left = 54, Right = 16, Top = 12, Bottom = 44;

    /// <summary>Column of a value.</summary>
    public double ColumnOf(double x) => Left + X.PlaceOf(x) * (Width - Left - Right);

    /// <summary>Row of a value.</summary>
    public double RowOf(double y) => Height - Bottom - Y.PlaceOf(y) * (Height - Top - Bottom);

    /// <summary>A place as SVG writes it.</summary>
    public string PointOf(double x, double y) => $"{Number(ColumnOf(x))},{Number(RowOf(y))}";

    /// <summary>The picture with its marks.</summary>
    public XElement Draw(string label, params IEnumerable<object?> marks) => Svg.Picture(
        Width, Height, label,
        X.Ticks.Select(tick => Tag(
            "g",
            Svg.Line("grid", ColumnOf(tick), Top, ColumnOf(tick), Height - Bottom),
            Svg.Text("tick", ColumnOf(tick), Height - Bottom + 16, "middle", Scale.TextOf(tick)))),
        Y.Ticks.Select(tick => Tag(
            "g",
            Svg.Line("grid", Left, RowOf(tick), Width - Right, RowOf(tick)),
            Svg.Text("tick", Left - 6, RowOf(tick) + 4, "end", Scale.TextOf(tick)))),
        Svg.Text("axis", Left + (Width - Left - Right) / 2, Height - 8, "middle", X.Title),
        Tag(
            "g",
            Attribute("transform", $"translate(14 {Number(Top + (Height - Top - Bottom) / 2)}) rotate(-90)"),
            Svg.Text("axis", 0, 0, "middle", Y.Title)),
        marks);
}
