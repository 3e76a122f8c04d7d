namespace Dst.Runtime.Lowering;

/// <summary>What a backend can compute. Passes drop only what it allows.</summary>
/// <param name="ReadsMapsInAnyOrder">Whether a linear layer can read a map as it is, so that no flattening is needed before it.</param>
public sealed record LoweringTarget(bool ReadsMapsInAnyOrder = false);
