using System.Xml.Linq;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Charts;

/// <summary>Time of one layer.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Kept">Share of its weights that is kept, 0 to 1.</param>
/// <param name="Ms">Milliseconds as the model file holds it.</param>
/// <param name="MsDense">Milliseconds if every weight is computed, or null if it has no mask.</param>
internal sealed record LayerTime(string Layer, double Kept, double Ms, double? MsDense);

/// <summary>Time of each layer, from the input to the output: with its mask, and in front of it without.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Layers">The layers.</param>
internal sealed record LayerChart(string Title, IReadOnlyList<LayerTime> Layers) : Chart(Title)
{
    private const double Left = 166, Right = 44, Top = 6, RowHeight = 17, Bottom = 40;
    private const int LongestName = 22;

    /// <inheritdoc/>
    public override IReadOnlyList<LegendEntry> Legend =>
        [new("pruned", "as the model file holds it"), new("dense", "every weight computed")];

    /// <inheritdoc/>
    public override Table Numbers => Table.Of(
        Layers,
        new("layer", "layer", layer => layer.Layer) { Alignment = Alignment.Left },
        new("kept", "kept", layer => layer.Kept, layer => Format.Percent(layer.Kept)),
        new("ms", "ms", layer => layer.Ms, layer => Invariant($"{layer.Ms:F4}")),
        new("ms_dense", "ms dense", layer => layer.MsDense, layer => Invariant($"{layer.MsDense:F4}")));

    /// <inheritdoc/>
    public override XElement Draw()
    {
        var scale = Scale.Linear("Time of one image, ms", Layers.SelectMany(layer => new[] { layer.Ms, layer.MsDense ?? 0 }).Append(0), 4);
        var bottom = Top + RowHeight * Layers.Count;
        double ColumnOf(double ms) => Left + scale.PlaceOf(ms) * (Plot.FullWidth - Left - Right);
        return Svg.Picture(
            Plot.FullWidth, bottom + Bottom, $"{Title}: milliseconds of each layer",
            scale.Ticks.Select(tick => Tag(
                "g",
                Svg.Line("grid", ColumnOf(tick), Top, ColumnOf(tick), bottom),
                Svg.Text("tick", ColumnOf(tick), bottom + 16, "middle", Scale.TextOf(tick)))),
            Svg.Text("axis", (Left + Plot.FullWidth - Right) / 2, bottom + Bottom - 6, "middle", scale.Title),
            Layers.Select((layer, i) => Draw(layer, Top + i * RowHeight, ColumnOf)));
    }

    private static XElement Draw(LayerTime layer, double top, Func<double, double> columnOf)
    {
        var end = columnOf(Math.Max(layer.Ms, layer.MsDense ?? 0));
        var name = layer.Layer.Length <= LongestName ? layer.Layer : $"…{layer.Layer[^(LongestName - 1)..]}";
        return Tag(
            "g",
            Svg.Text("tick", Left - 6, top + 12, "end", name),
            layer.MsDense is { } dense
                ? Svg.Box("mark dense", Left, top + 2, columnOf(dense) - Left, 12, Invariant($"{layer.Layer}, every weight: {dense:F4} ms"))
                : null,
            Svg.Box("mark pruned", Left, top + 5, columnOf(layer.Ms) - Left, 6, Invariant($"{layer.Layer}: {layer.Ms:F4} ms")),
            layer.MsDense is null ? null : Svg.Text("tick", end + 4, top + 12, "start", Invariant($"{100 * layer.Kept:0}%")));
    }
}
