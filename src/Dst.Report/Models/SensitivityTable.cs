using Dst.Training.Masks;

namespace Dst.Report.Models;

/// <summary>What pruning each layer alone costs, as a table.</summary>
public static class SensitivityTable
{
    /// <summary>A row for each layer, behind that of the network as it is, and a last one for all of them.</summary>
    public static Table Of(IReadOnlyList<LayerSensitivity> rows)
    {
        double Points(LayerSensitivity row) => 100 * (row.Top1 - rows[0].Top1);
        return Table.Of(
            rows,
            new("layer", "layer pruned alone", row => row.Layer) { Alignment = Alignment.Left },
            new("weights", "weights", row => row.Weights),
            new("kept", "kept", row => row.Kept),
            new("validation_top1", "validation top-1", row => row.Top1, row => Format.Percent(row.Top1)),
            new("points", "points", row => Points(row), row => $"{Points(row):+0.00;-0.00;0.00}"),
            new("validation_loss", "loss", row => row.Loss, row => $"{row.Loss:F4}"));
    }
}
