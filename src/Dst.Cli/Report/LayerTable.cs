using Dst.Graph;
using Dst.Masks;

namespace Dst.Cli.Report;

/// <summary>One layer with weights: its cost, what its mask keeps, and its weights' share of the file.</summary>
/// <param name="Layer">Name.</param>
/// <param name="Shape">[O, I, Kh, Kw] or [O, I].</param>
/// <param name="Output">Channels, height and width of its output.</param>
/// <param name="Weights">Number of weights.</param>
/// <param name="Nonzero">Weights that are kept.</param>
/// <param name="Macs">Multiply-accumulates of one image, dense.</param>
/// <param name="EffectiveMacs">Multiply-accumulates of the kept weights.</param>
/// <param name="Bytes">Bytes of its weights, and mask if it has one, in a model file.</param>
/// <param name="MaskBytes">Bytes of its mask alone.</param>
/// <param name="Pattern">Pattern of its mask: <c>unit:block:group</c>, <c>unstructured</c> or <c>dense</c>.</param>
internal sealed record LayerRow(
    string Layer, string Shape, string Output, long Weights, long Nonzero, long Macs, long EffectiveMacs, long Bytes, long MaskBytes, string Pattern);

/// <summary>The layers of a model as rows and as a table.</summary>
internal static class LayerTable
{
    /// <summary>A row for each layer with weights, in the order of the graph.</summary>
    public static IReadOnlyList<LayerRow> RowsOf(Model model) =>
        [.. NetworkCost.Of(model.Graph, model.Masks).Layers.Select(cost => RowOf(cost, model.Masks.GetValueOrDefault(cost.Name)))];

    /// <summary>The rows as a table; <paramref name="notes"/> by layer name (such as why a layer is skipped) stand behind the pattern.</summary>
    public static TextTable ToTable(IReadOnlyList<LayerRow> rows, IReadOnlyDictionary<string, string>? notes = null)
    {
        var table = new TextTable("layer", "weights", "output", "count", "kept", "MACs", "bytes", "of which mask", "pattern");
        foreach (var row in rows)
        {
            var note = notes?.GetValueOrDefault(row.Layer) is { } text ? $" ({text})" : "";
            table.Add(
                row.Layer, row.Shape, row.Output, $"{row.Weights}", Format.Percent((double)row.Nonzero / row.Weights), $"{row.EffectiveMacs}", $"{row.Bytes}", $"{row.MaskBytes}", row.Pattern + note);
        }

        return table;
    }

    /// <summary>Bytes of a mask in a model file.</summary>
    public static long MaskBytesOf(LayerMask mask) => (mask.Kept.Length + 7) / 8;

    private static LayerRow RowOf(LayerCost cost, LayerMask? mask)
    {
        var maskBytes = mask is null ? 0 : MaskBytesOf(mask);
        return new(
            cost.Name, string.Join("x", cost.WeightShape), cost.Output.ToString(), cost.Weights, cost.Nonzeros, cost.Macs, cost.EffectiveMacs,
            cost.Nonzeros * sizeof(float) + maskBytes, maskBytes, mask?.PatternName ?? "dense");
    }
}
