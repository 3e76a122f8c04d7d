using System.Xml.Linq;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Charts;

/// <summary>A layer of a network as it was measured.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Form">How it is computed.</param>
/// <param name="OperationsPerByte">Useful floating-point operations for each byte of weights, inputs and outputs.</param>
/// <param name="Gflops">Useful operations a nanosecond.</param>
public sealed record MeasuredLayer(string Layer, string Form, double OperationsPerByte, double Gflops);

/// <summary>
/// Speed of each layer by its operations for each byte, both logarithmic, under the roof of the machine: its multiply-adds, or its memory
/// where a layer does little with what it reads (Williams, Waterman and Patterson, "Roofline", 2009).
/// </summary>
/// <param name="Title">What it shows.</param>
/// <param name="PeakGflops">The roof of multiply-adds.</param>
/// <param name="MemoryGbs">Bytes a nanosecond from memory.</param>
/// <param name="Layers">The layers.</param>
internal sealed record RooflineChart(string Title, double PeakGflops, double MemoryGbs, IReadOnlyList<MeasuredLayer> Layers) : Chart(Title)
{
    private const double Radius = 5;

    /// <inheritdoc/>
    public override IReadOnlyList<LegendEntry> Legend =>
        [.. Forms.Select(form => new LegendEntry(ColourOf(form), form)), new("line dashed arm0", "roof")];

    /// <inheritdoc/>
    public override Table Numbers => Table.Of(
        Layers,
        new("layer", "layer", layer => layer.Layer) { Alignment = Alignment.Left },
        new("form", "form", layer => layer.Form) { Alignment = Alignment.Left },
        new(
            "operations_per_byte", "operations a byte", layer => layer.OperationsPerByte,
            layer => Invariant($"{layer.OperationsPerByte:F1}")),
        new("gflops", "GFLOP/s", layer => layer.Gflops, layer => Invariant($"{layer.Gflops:F1}")),
        new("roof_gflops", "roof", layer => RoofAt(layer.OperationsPerByte), layer => Invariant($"{RoofAt(layer.OperationsPerByte):F1}")));

    private List<string> Forms => [.. Layers.Select(layer => layer.Form).Distinct().Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public override XElement Draw()
    {
        var ridge = PeakGflops / MemoryGbs;
        var x = Scale.Logarithmic("Operations for each byte", Layers.Select(layer => layer.OperationsPerByte).Append(ridge));
        var y = Scale.Logarithmic(
            "GFLOP/s", Layers.Select(layer => layer.Gflops).Append(PeakGflops).Append(Math.Min(PeakGflops, x.Min * MemoryGbs)));
        var plot = new Plot(x, y);
        var corners = new[] { x.Min, ridge, x.Max }.Select(intensity => plot.PointOf(intensity, RoofAt(intensity)));
        return plot.Draw(
            $"{Title}: GFLOP/s by operations for each byte",
            Tag("polyline", Class("frontier"), Attribute("points", string.Join(' ', corners))),
            Layers.Select(layer => Draw(plot, layer)));
    }

    private XElement Draw(Plot plot, MeasuredLayer layer) => Tag(
        "g",
        Class(ColourOf(layer.Form)),
        Tag(
            "circle",
            Class("mark point"),
            Attribute("cx", Number(plot.ColumnOf(layer.OperationsPerByte))),
            Attribute("cy", Number(plot.RowOf(layer.Gflops))),
            Attribute("r", Number(Radius)),
            Svg.Hint(
                Invariant($"{layer.Layer}, {layer.Form}: {layer.Gflops:F1} GFLOP/s, {layer.OperationsPerByte:F1} operations a byte"))));

    private double RoofAt(double operationsPerByte) => Math.Min(PeakGflops, operationsPerByte * MemoryGbs);

    private string ColourOf(string form) => $"arm{Forms.IndexOf(form) % 7 + 1}";
}
