using System.Xml.Linq;
using Dst.Images.Decoding;
using Dst.Masks;
using Dst.Report.Html.Charts;
using Dst.Report.Models;
using Dst.Training.Experiments.Runs;
using static Dst.Report.Html.Markup;

namespace Dst.Report.Html.Sections;

/// <summary>The layers of the main arm: what is kept of each, how it is computed, how long it takes, and some masks.</summary>
internal static class LayerSection
{
    private const int Masks = 3, MostFilters = 256, MostCandidates = 1024;

    // Kept and pruned weights; the style sheet turns the colours around on a dark page.
    private static readonly byte[] Kept = [0x2b, 0x6c, 0xb0], Pruned = [0xff, 0xff, 0xff];

    /// <summary>The section, or null if the model is not there.</summary>
    public static XElement? Of(ReportGroup group)
    {
        var arm = group.Main.Arm;
        var run = group.Details.FirstOrDefault(run => run.Run.Summary.Find(arm) is not null && run.ModelOf(arm) is not null);
        if (run is null) return null;
        var (summary, model) = (run.Run.Summary.Find(arm)!, run.ModelOf(arm)!);
        var rows = LayerRow.AllOf(model).Select(row => new Row(row, summary)).ToList();
        var times = rows.Where(row => row.Step is not null).ToList();
        return Section.Of(
            "layers", $"Layers of {arm}", $"Network {model.Graph.Name}, input {model.Graph.Input}.",
            times.Count == 0 ? Tag("p", Class("note"), "This run has no times of layers: they are kept since they are measured.") : null,
            Section.Grid(
                times.Count == 0 ? null : new LayerChart("Time of each layer", [.. times.Select(row => row.Time)])
                {
                    Note = "From the input to the output: shortest time of one image on one thread. Layers without a share have no mask.",
                }.ToHtml(),
                Tag("div", MasksOf(model))),
            TableOf(rows));
    }

    private static XElement TableOf(IReadOnlyList<Row> rows)
    {
        List<Column<Row>> columns =
        [
            new("layer", "layer", row => row.Layer.Layer) { Alignment = Alignment.Left },
            new("shape", "weights", row => row.Layer.Shape),
            new("output", "output", row => row.Layer.Output),
            new("kept", "kept", row => row.KeptShare, row => Format.Percent(row.KeptShare)),
            new("pattern", "pattern", row => row.Layer.Pattern, row => row.PatternText) { Alignment = Alignment.Left },
        ];
        if (rows.Any(row => row.Step is not null))
        {
            columns.Add(new("form", "computed by", row => row.Step?.Form) { Alignment = Alignment.Left });
            columns.Add(new("ms", "ms", row => row.Step?.Ms, row => Invariant($"{row.Step!.Ms:F4}")));
            columns.Add(new("ms_dense", "ms dense", row => row.Dense?.Ms, row => Invariant($"{row.Dense!.Ms:F4}")));
        }

        return HtmlTable.Of(Table.Of(rows, [.. columns]));
    }

    /// <summary>Pictures of the masks of the first, a middle and the last pruned layer.</summary>
    private static IEnumerable<XElement> MasksOf(Model model)
    {
        var masks = LayerRow.AllOf(model).Where(row => model.Masks.ContainsKey(row.Layer)).Select(row => row.Layer).ToList();
        if (masks.Count == 0) yield break;
        yield return Tag("h3", "Masks");
        yield return Tag("p", Class("note"), "A row for each filter, a column for each part of it that is kept or dropped as a whole.");
        foreach (var i in Enumerable.Range(0, Masks).Select(i => i * (masks.Count - 1) / (Masks - 1)).Distinct())
        {
            var mask = model.Masks[masks[i]];
            var weights = mask.WeightShape.Aggregate(1L, (all, side) => all * side);
            var text = $"{masks[i]}: {Format.Percent((double)mask.KeptWeights / weights)} kept, {mask.PatternName}";
            yield return Tag("figure", Section.Image("mask", Draw(mask), $"mask of {text}"), Tag("figcaption", text));
        }
    }

    private static byte[] Draw(LayerMask mask)
    {
        var (filters, candidates) = (Math.Min(mask.WeightShape[0], MostFilters), Math.Min(mask.Candidates, MostCandidates));
        var pixels = new byte[filters * candidates * 3];
        for (var i = 0; i < filters * candidates; i++)
        {
            var isKept = mask.Kept[i / candidates / mask.Block * mask.Candidates + i % candidates];
            (isKept ? Kept : Pruned).CopyTo(pixels, 3 * i);
        }

        return PngFile.Encode(3, filters, candidates, pixels);
    }

    /// <summary>A layer with what was measured of it.</summary>
    private sealed record Row(LayerRow Layer, ArmSummary Arm)
    {
        public StepLatency? Step { get; } = Find(Arm.LatencyMs, Layer.Layer);

        public StepLatency? Dense { get; } = Arm.LatencyDenseMs is { } dense ? Find(dense, Layer.Layer) : null;

        public double KeptShare => (double)Layer.Nonzero / Layer.Weights;

        public string PatternText => Arm.Layers.FirstOrDefault(layer => layer.Name == Layer.Layer)?.Skipped is { } reason
            ? $"{Layer.Pattern} ({reason})"
            : Layer.Pattern;

        public LayerTime Time => new(Layer.Layer, KeptShare, Step!.Ms, Layer.Nonzero < Layer.Weights ? Dense?.Ms : null);

        private static StepLatency? Find(Latency latency, string layer) => latency.Steps.FirstOrDefault(step => step.Name == layer);
    }
}
