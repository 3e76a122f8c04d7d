using Dst.Runtime.Inference;

namespace Dst.Report.Models;

/// <summary>The forms of an inference plan as a table.</summary>
/// <seealso cref="LayerTable"/>
public static class PlanTable
{
    private const int Shown = 3; // so that a row is not wider than a terminal by much

    /// <summary>A row for each convolution. A cell names some alternatives; its value has all.</summary>
    public static Table Of(IReadOnlyList<LayerDecision> decisions) => Table.Of(
        decisions,
        new("layer", "layer", decision => decision.Layer) { Alignment = Alignment.Left },
        new("form", "form", decision => $"{decision.Chosen with { Ms = null }}") { Alignment = Alignment.Left },
        new("ms", "ms", decision => decision.Chosen.Ms, decision => Invariant($"{decision.Chosen.Ms:F4}")),
        new("reason", "reason", decision => decision.Reason) { Alignment = Alignment.Left },
        new("alternatives", "alternatives", decision => string.Join("; ", decision.Alternatives), Describe) { Alignment = Alignment.Left });

    private static string Describe(LayerDecision decision)
    {
        var more = decision.Alternatives.Count - Shown;
        return string.Join("; ", decision.Alternatives.Take(Shown)) + (more > 0 ? $" and {more} more" : "");
    }
}
