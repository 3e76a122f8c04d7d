namespace Dst.Runtime.Inference;

/// <summary>One way to compute a layer.</summary>
/// <param name="Algorithm">Name, such as <c>uhp-winograd4x4</c>.</param>
/// <param name="Ms">Shortest measured milliseconds of a batch on one thread, or null where it was not measured.</param>
public sealed record LayerAlgorithm(string Algorithm, double? Ms)
{
    /// <inheritdoc/>
    public override string ToString() => Ms is { } ms ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Algorithm} {ms:F3}") : Algorithm;
}

/// <summary>Which algorithm computes a layer, and why.</summary>
/// <param name="Layer">Name of the layer.</param>
/// <param name="Algorithm">The one that was chosen, such as <c>dense-direct</c>.</param>
/// <param name="Ms">Shortest measured milliseconds of a batch on one thread, or null where it was not measured.</param>
/// <param name="Alternatives">The other forms of the layer, the best first.</param>
/// <param name="Reason">Why, in a few words.</param>
public sealed record LayerDecision(string Layer, string Algorithm, double? Ms, IReadOnlyList<LayerAlgorithm> Alternatives, string Reason);
