using Dst.Runtime.Inference;

namespace Dst.Cli.Report;

/// <summary>The forms of an inference plan as a table.</summary>
internal static class PlanTable
{
    /// <summary>A row for each convolution.</summary>
    public static TextTable Of(IReadOnlyList<LayerDecision> decisions)
    {
        var table = new TextTable("layer", "form", "ms", "alternatives", "reason");
        foreach (var decision in decisions)
            table.Add(decision.Layer, $"{decision.Chosen with { Ms = null }}", decision.Chosen.Ms is { } ms ? $"{ms:F4}" : "-", string.Join("; ", decision.Alternatives), decision.Reason);
        return table;
    }
}
