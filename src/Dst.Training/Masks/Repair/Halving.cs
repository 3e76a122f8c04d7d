using Dst.Foundations;
using Dst.Training.Autodiff;

namespace Dst.Training.Masks.Repair;

/// <summary>
/// Halves a finished network without labels or training, as <c>dst halve</c> does. It permutes channels, keeps the weights without which
/// a layer's output would lose most, and fits each layer to the dense network on calibration images.
/// </summary>
/// <example>
/// <code>
/// var dense = Model.Load("dense.safetensors");
/// var count = NetworkRepair.ImagesFor(dense.Graph, Halving.Options);
/// var images = CalibrationImages.DrawFiles("photos", dense, count, seed: 1, Console.WriteLine);
/// using var pool = new WorkerPool(Environment.ProcessorCount);
/// var halved = Halving.Apply(dense, images, Halving.Options, new ComputeContext(pool), Console.WriteLine);
/// halved.Model.Save("halved.safetensors");
/// </code>
/// </example>
public static class Halving
{
    /// <summary>The settings of <c>dst halve</c>. Its pattern is that of <see cref="PruningOptions"/>.</summary>
    public static PruningOptions Options { get; } = new()
    {
        Score = PruningScore.Obs,
        Repair = PruningRepair.LeastSquares,
        Permute = true,
        ExcludeFirst = true,
    };

    /// <summary>Halves a network.</summary>
    /// <param name="model">A dense network of floats; not changed.</param>
    /// <param name="images">Calibration images, as many as <see cref="NetworkRepair.ImagesFor"/> says or fewer.</param>
    /// <param name="options">How, such as <see cref="Options"/> with another pattern.</param>
    /// <param name="compute">Threads and vector width. Its ranks share the work.</param>
    /// <param name="log">Takes lines that say what was done.</param>
    /// <param name="cancellation">Checked before each layer.</param>
    /// <exception cref="ArgumentException">There are no images, or their length is another.</exception>
    /// <exception cref="InputException">
    /// As <see cref="Check"/>; or a value of the images is not finite, or it does not fit into memory.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RepairedModel Apply(
        Model model, CalibrationImages images, PruningOptions options, ComputeContext compute, Action<string>? log = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(compute);
        Check($"network '{model.Graph.Name}'", model, options);
        if (options.Repair != PruningRepair.None) images.Check(model.Graph.Input);
        var planned = new Pruning(options, MaskKind.Uhp) { Ranks = compute.Ranks }.Prepare(model, gradients: null, log);
        return NetworkRepair.Apply(planned, options, images, compute, log, cancellation);
    }

    /// <summary>Checks that a network can be halved so.</summary>
    /// <param name="what">Name or file of the network, for messages.</param>
    /// <param name="model">The network.</param>
    /// <param name="options">How.</param>
    /// <exception cref="InputException">
    /// The network is quantised or pruned already, the options need training or labels or contradict themselves, or they leave every layer
    /// dense.
    /// </exception>
    public static void Check(string what, Model model, PruningOptions options)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        model.OfFloats(what);
        if (model.Masks.Count > 0)
            throw new InputException($"{what} is pruned already (layer '{model.Masks.Keys.First()}'); a dense model was expected");
        options.Check();
        if (options.Method != PruningMethod.OneShot || options.Score == PruningScore.Taylor)
            throw new InputException(
                $"halving has prune.method {EnumWords.Of(options.Method)} and prune.score {EnumWords.Of(options.Score)}; one_shot with l1, "
                + "l2 or obs was expected, because the others need training or labels");
        PruningPlan.CheckPrunesAny(what, model.Graph, options);
    }
}
