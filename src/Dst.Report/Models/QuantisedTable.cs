using System.Globalization;
using Dst.Runtime.Quantisation;

namespace Dst.Report.Models;

/// <summary>The layers of a quantised model as a table.</summary>
/// <seealso cref="LayerTable"/>
public static class QuantisedTable
{
    /// <summary>A row for each layer with weights.</summary>
    public static Table Of(IReadOnlyList<QuantisedLayer> layers) => Table.Of(
        layers,
        new("layer", "layer", row => row.Layer) { Alignment = Alignment.Left },
        new("type", "type", row => row.WhyFloat is null ? "int8" : "float") { Alignment = Alignment.Left },
        new("signal_to_noise", "signal/noise", row => row.SignalToNoise, row => Decibels(row.SignalToNoise)),
        new("float_ms", "float ms", row => row.FloatMs, row => Milliseconds(row.FloatMs)),
        new("int8_ms", "int8 ms", row => row.Int8Ms, row => Milliseconds(row.Int8Ms)),
        new("why_float", "why float", row => row.WhyFloat) { Alignment = Alignment.Left });

    private static string Decibels(double? value) => string.Create(CultureInfo.InvariantCulture, $"{value:F1} dB");

    private static string Milliseconds(double value) => value.ToString("F3", CultureInfo.InvariantCulture);
}
