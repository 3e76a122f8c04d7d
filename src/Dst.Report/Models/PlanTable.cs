using Dst.Runtime.Inference;

namespace Dst.Report.Models;

/// <summary>The algorithms of an inference plan as a table.</summary>
public static class PlanTable
{
    /// <summary>A row for each convolution.</summary>
    public static Table Of(IReadOnlyList<LayerDecision> decisions) => Table.Of(
        decisions,
        new("layer", "layer", decision => decision.Layer) { Alignment = Alignment.Left },
        new("algorithm", "algorithm", decision => decision.Algorithm) { Alignment = Alignment.Left },
        new("ms", "ms", decision => decision.Ms, decision => $"{decision.Ms:F4}"),
        new("alternatives", "alternatives", decision => string.Join("; ", decision.Alternatives)) { Alignment = Alignment.Left },
        new("reason", "reason", decision => decision.Reason) { Alignment = Alignment.Left });
}
