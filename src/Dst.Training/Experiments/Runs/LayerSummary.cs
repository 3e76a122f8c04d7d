namespace Dst.Training.Experiments.Runs;

/// <summary>What pruning did to one layer.</summary>
/// <param name="Name">The layer.</param>
/// <param name="Shape">[O, I, Kh, Kw] or [O, I].</param>
/// <param name="Weights">Its weights.</param>
/// <param name="Kept">Of these, how many are kept.</param>
/// <param name="Skipped">Why it was not pruned, or null if it was.</param>
public sealed record LayerSummary(string Name, IReadOnlyList<int> Shape, long Weights, long Kept, string? Skipped);
