namespace Dst.Interop.CSource;

/// <summary>What a network's C source takes on a board.</summary>
/// <param name="WeightBytes">Flash of weights, biases and other numbers.</param>
/// <param name="IndexBytes">Flash of the lists of taps: the kept weights and the places that they read.</param>
/// <param name="CodeBytes">Flash of the code that the host's compiler makes, or null if there is no compiler.</param>
/// <param name="ArenaBytes">RAM of the context.</param>
/// <param name="StackBytes">Most stack of a prediction as the host's compiler makes it, or null if that is not known.</param>
/// <param name="ImageBytes">RAM of an image as the network takes it, which the caller holds.</param>
public sealed record CSourceSizes(
    long WeightBytes, long IndexBytes, long? CodeBytes, long ArenaBytes, long? StackBytes, long ImageBytes)
{
    /// <summary>All flash; without the code if its size is not known.</summary>
    public long FlashBytes => WeightBytes + IndexBytes + (CodeBytes ?? 0);
}
