using Dst.Graph;
using Dst.Masks;

namespace Dst.Report.Models;

/// <summary>One layer with weights.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Shape">Its weights: <c>OxIxKhxKw</c> or <c>OxI</c>.</param>
/// <param name="Output">Its output: <c>CxHxW</c>.</param>
/// <param name="Weights">Its weights.</param>
/// <param name="Nonzero">Of these, the kept ones.</param>
/// <param name="Macs">Multiply-accumulates of one image, dense.</param>
/// <param name="EffectiveMacs">Multiply-accumulates of the kept weights.</param>
/// <param name="Bytes">Bytes of its weights, with their mask and scales if it has them, in a model file.</param>
/// <param name="MaskBytes">Bytes of its mask alone.</param>
/// <param name="Pattern">Pattern of its mask: <c>unit:block:group</c>, <c>unstructured</c> or <c>dense</c>.</param>
public sealed record LayerRow(
    string Layer, string Shape, string Output, long Weights, long Nonzero, long Macs, long EffectiveMacs, long Bytes,
    long MaskBytes, string Pattern)
{
    /// <summary>A row for each layer with weights, in the order of the graph.</summary>
    public static IReadOnlyList<LayerRow> AllOf(Model model) =>
        [
            .. NetworkCost.Of(model.Graph, model.Masks).Layers.Select(cost => Of(
                cost, model.Masks.GetValueOrDefault(cost.Name), model.Int8?.Filters.GetValueOrDefault(cost.Name))),
        ];

    /// <summary>Bytes of a mask in a model file.</summary>
    internal static long MaskBytesOf(LayerMask mask) => (mask.Kept.Length + 7) / 8;

    private static LayerRow Of(LayerCost cost, LayerMask? mask, float[]? scales)
    {
        var weightBytes = scales is null ? cost.Nonzeros * sizeof(float) : cost.Nonzeros + scales.Length * sizeof(float);
        var maskBytes = mask is null ? 0 : MaskBytesOf(mask);
        return new(
            cost.Name, string.Join("x", cost.WeightShape), cost.Output.ToString(), cost.Weights, cost.Nonzeros, cost.Macs,
            cost.EffectiveMacs, weightBytes + maskBytes, maskBytes, mask?.PatternName ?? "dense");
    }
}

/// <summary>The layers of a model as a table.</summary>
/// <example>
/// <code>
/// var layers = LayerRow.AllOf(Model.Load("dst.safetensors"));
/// Console.Write(CsvRenderer.Render(LayerTable.Of(layers)));
/// </code>
/// </example>
public static class LayerTable
{
    /// <summary>
    /// A row for each layer; <paramref name="notes"/> by layer name, such as why a layer is not pruned, follow the pattern.
    /// </summary>
    /// <param name="rows">The layers.</param>
    /// <param name="notes">Notes by layer name, or null.</param>
    /// <param name="errors">
    /// What repaired layers miss of the dense network's output, as a share, by layer name; null or empty leaves the column out.
    /// </param>
    public static Table Of(
        IReadOnlyList<LayerRow> rows, IReadOnlyDictionary<string, string>? notes = null, IReadOnlyDictionary<string, double>? errors = null)
    {
        string Note(LayerRow row) => notes?.GetValueOrDefault(row.Layer) is { } text ? $" ({text})" : "";
        double? Error(LayerRow row) => errors!.TryGetValue(row.Layer, out var error) ? error : null;
        List<Column<LayerRow>> columns =
        [
            new("layer", "layer", row => row.Layer) { Alignment = Alignment.Left },
            new("shape", "weights", row => row.Shape),
            new("output", "output", row => row.Output),
            new("weights", "count", row => row.Weights),
            new("nonzero", "kept", row => row.Nonzero, row => Format.Percent((double)row.Nonzero / row.Weights)),
            new("effective_macs", "MACs", row => row.EffectiveMacs),
            new("bytes", "bytes", row => row.Bytes),
            new("mask_bytes", "of which mask", row => row.MaskBytes),
        ];
        if (errors?.Count > 0)
            columns.Add(new("error", "missed", row => Error(row), row => Error(row) is { } error ? Format.Percent(error) : ""));
        columns.Add(new("pattern", "pattern", row => row.Pattern, row => row.Pattern + Note(row)) { Alignment = Alignment.Left });
        return Table.Of(rows, [.. columns]);
    }
}
