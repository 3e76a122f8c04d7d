using Dst.Runtime.Inference;

namespace Dst.Report.Models;

/// <summary>The forms of an inference plan as a table.</summary>
/// <seealso cref="LayerTable"/>
public static class PlanTable
{
    /// <summary>A row for each convolution.</summary>
    public static Table Of(IReadOnlyList<LayerDecision> decisions) => Table.Of(
        decisions,
        new("layer", "layer", decision => decision.Layer) { Alignment = Alignment.Left },
        new("form", "form", decision => $"{decision.Chosen with { Ms = null }}") { Alignment = Alignment.Left },
        new("ms", "ms", decision => decision.Chosen.Ms, decision => $"{decision.Chosen.Ms:F4}"),
        new("alternatives", "alternatives", decision => string.Join("; ", decision.Alternatives)) { Alignment = Alignment.Left },
        new("reason", "reason", decision => decision.Reason) { Alignment = Alignment.Left });
}
