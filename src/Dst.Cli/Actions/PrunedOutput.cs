using Dst.Cli.Output;
using Dst.Graph;
using Dst.ModelFiles;
using Dst.Report;
using Dst.Report.Models;
using Dst.Training.Masks.Repair;

namespace Dst.Cli.Actions;

/// <summary>Writes a pruned model and shows what was kept, for <c>prune</c> and <c>halve</c>.</summary>
internal static class PrunedOutput
{
    /// <summary>Writes the model file, then the report.</summary>
    /// <param name="report">Takes the result.</param>
    /// <param name="repaired">The model, and why layers stay dense.</param>
    /// <param name="path">The file.</param>
    /// <param name="accuracy">Its accuracy and that of the dense model, or null if no labels are known.</param>
    public static void Write(ReportWriter report, RepairedModel repaired, string path, AccuracyChange? accuracy = null)
    {
        var model = repaired.Model;
        ModelFile.Save(path, model);
        var cost = NetworkCost.Of(model.Graph, model.Masks);
        var layers = LayerRow.AllOf(model);
        var size = StoreSize.Of(model, path);
        var errors = repaired.Layers.ToDictionary(layer => layer.Layer, layer => layer.Error);
        var document = new
        {
            File = path,
            size.FileBytes,
            size.DenseFileBytes,
            size.MaskBytes,
            cost.Weights,
            Nonzero = cost.Nonzeros,
            cost.Macs,
            cost.EffectiveMacs,
            Repair = repaired.Images == 0 ? null : new { repaired.Images, Seconds = repaired.Time.TotalSeconds, Errors = errors },
            Accuracy = accuracy is null ? null : new { accuracy.Split, accuracy.Images, Dense = accuracy.Before, Halved = accuracy.After },
            repaired.Plan.Skipped,
            Layers = layers,
        };
        List<string> lines =
        [
            $"{path}: {Format.Count(cost.Nonzeros)} of {Format.Count(cost.Weights)} weights "
                + $"and {Format.Count(cost.EffectiveMacs)} of {Format.Count(cost.Macs)} MACs kept",
            $"file: {size}",
        ];
        if (accuracy is not null) lines.Add(accuracy.Describe("dense", "halved"));
        report.Write(new(document, LayerTable.Of(layers, repaired.Plan.Skipped, errors), new Lines([.. lines])));
    }
}
