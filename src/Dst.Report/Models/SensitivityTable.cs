using Dst.Training.Engine;

namespace Dst.Report.Models;

/// <summary>What pruning each layer alone costs, as tables.</summary>
/// <seealso cref="LayerTable"/>
public static class SensitivityTable
{
    private static readonly Column<LayerSensitivity> Layer = new("layer", "layer pruned alone", row => row.Layer)
    {
        Alignment = Alignment.Left,
    };
    private static readonly Column<LayerSensitivity> Weights = new("weights", "weights", row => row.Weights);
    private static readonly Column<LayerSensitivity> Kept = new("kept", "kept", row => row.Kept);
    private static readonly Column<LayerSensitivity> Top1 = new(
        "validation_top1", "validation top-1", row => row.Top1, row => Format.Percent(row.Top1));
    private static readonly Column<LayerSensitivity> Loss =
        new("validation_loss", "loss", row => row.Loss, row => Invariant($"{row.Loss:F4}"));

    /// <summary>A row for the unpruned network, one for each layer, and one for all layers together.</summary>
    public static Table Of(IReadOnlyList<LayerSensitivity> rows)
    {
        double Points(LayerSensitivity row) => 100 * (row.Top1 - rows[0].Top1);
        return Table.Of(
            rows, Layer, Weights, Kept, Top1,
            new("points", "points", row => Points(row), row => Invariant($"{Points(row):+0.00;-0.00;0.00}")),
            Loss);
    }

    /// <summary>The measured values alone, for a file.</summary>
    public static Table Measured(IReadOnlyList<LayerSensitivity> rows) => Table.Of(rows, Layer, Weights, Kept, Top1, Loss);
}
