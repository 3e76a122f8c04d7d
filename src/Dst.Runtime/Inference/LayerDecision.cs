using System.Globalization;

namespace Dst.Runtime.Inference;

/// <summary>One way to compute a layer.</summary>
/// <param name="Form">Name of the form, such as <c>winograd4x4</c>.</param>
/// <param name="UsesMask">Whether it skips what the layer's mask prunes. If not, pruned weights are multiplied as zeros.</param>
/// <param name="Ms">Shortest measured milliseconds of a batch on one thread, or null if it was not measured.</param>
public sealed record LayerForm(string Form, bool UsesMask, double? Ms = null)
{
    /// <summary>The form without its time, by which forms of a layer are told apart.</summary>
    internal LayerForm Untimed => this with { Ms = null };

    /// <inheritdoc/>
    public override string ToString() =>
        (UsesMask ? $"masked {Form}" : Form) + (Ms is { } ms ? string.Create(CultureInfo.InvariantCulture, $" {ms:F3}") : "");
}

/// <summary>Which form computes a layer, and why.</summary>
/// <param name="Layer">Name of the layer.</param>
/// <param name="Chosen">The form.</param>
/// <param name="Alternatives">The other forms of the layer, the best first.</param>
/// <param name="Reason">Why, in a few words.</param>
public sealed record LayerDecision(string Layer, LayerForm Chosen, IReadOnlyList<LayerForm> Alternatives, string Reason)
{
    /// <summary>All forms, the chosen one first.</summary>
    internal IEnumerable<LayerForm> Forms => Alternatives.Prepend(Chosen);

    /// <summary>
    /// Whether these are its forms. Masks of as many weights may leave out different channels, and so have different forms.
    /// </summary>
    internal bool HasForms(IEnumerable<LayerForm> forms) => Forms.Select(form => form.Untimed).ToHashSet().SetEquals(forms);
}
