using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Masks;

namespace Dst.Training.Engine;

/// <summary>The accuracy of a network when one layer alone is pruned, without training afterwards.</summary>
/// <param name="Layer">The layer, or <see cref="None"/> or <see cref="All"/>.</param>
/// <param name="Weights">Weights of the pruned layers.</param>
/// <param name="Kept">Of these, how many are kept.</param>
/// <param name="Top1">Accuracy on the validation data, 0 to 1.</param>
/// <param name="Loss">Cross-entropy on the validation data.</param>
/// <seealso cref="UhpPruner"/>
public sealed record LayerSensitivity(string Layer, long Weights, long Kept, double Top1, double Loss)
{
    /// <summary>The network as it is.</summary>
    public const string None = "(none)";

    /// <summary>All layers of the plan pruned together.</summary>
    public const string All = "(all)";

    /// <summary>
    /// Measures the network as it is, then with each layer that the plan prunes pruned alone, then with all of them pruned.
    /// </summary>
    /// <param name="model">Not changed.</param>
    /// <param name="plan">From <see cref="PruningPlan.Create"/> for this model.</param>
    /// <param name="data">Its validation images are used.</param>
    /// <param name="batch">Images in a batch; results do not depend on it.</param>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static IEnumerable<LayerSensitivity> Measure(
        Model model, PruningPlan plan, DataSet data, int batch, ComputeContext compute, CancellationToken cancellation = default)
    {
        var pruned = plan.Layers.Where(layer => layer.Skipped is null).ToList();
        yield return MeasureOne(None, []);
        foreach (var layer in pruned) yield return MeasureOne(layer.Name, [layer]);
        yield return MeasureOne(All, pruned);

        LayerSensitivity MeasureOne(string name, IReadOnlyList<PlannedLayer> layers)
        {
            var candidate = layers.Count == 0 ? model : new PruningPlan(layers).ApplyTo(model);
            var metrics = Evaluator.Evaluate(candidate, data, data.Validation, batch, compute, cancellation);
            return new(name, layers.Sum(layer => layer.Weights), layers.Sum(layer => layer.Kept), metrics.Top1, metrics.Loss);
        }
    }
}
