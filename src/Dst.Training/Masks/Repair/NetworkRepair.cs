using System.Diagnostics;
using Dst.Foundations;
using Dst.Graph;
using Dst.Kernels;
using Dst.Masks;
using Dst.Training.Autodiff;

namespace Dst.Training.Masks.Repair;

/// <summary>How well a repaired layer agrees with the dense network.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Error">
/// Share of the squares, about their means, of what the layer should give that it misses, on the calibration images. Where a ReLU follows,
/// values below 0 that should be below 0 miss nothing.
/// </param>
public sealed record RepairedLayer(string Layer, double Error);

/// <summary>A pruned network.</summary>
/// <param name="Model">The network with its masks.</param>
/// <param name="Layers">The layers that were fitted, in the order of the graph.</param>
/// <param name="Images">Calibration images used; 0 without a repair.</param>
/// <param name="Time">Time that the repair took.</param>
/// <param name="Plan">How it was pruned. With the score obs only the pattern and size of its masks count.</param>
public sealed record RepairedModel(Model Model, IReadOnlyList<RepairedLayer> Layers, int Images, TimeSpan Time, PruningPlan Plan);

/// <summary>
/// Repairs a pruned network without labels, after docs/method.md. The dense and the halved network are computed side by side, layer after
/// layer, on calibration images. Each layer whose weights or inputs have changed is fitted to the dense network before the next one reads
/// it, so that later layers make up for what earlier ones have lost. <see cref="Halving"/> plans and repairs in one call. Ranks share the
/// sums, the choices and the solutions. Each computes all features: to send them would take longer.
/// </summary>
/// <example>
/// <code>
/// var dense = Model.Load("dense.safetensors");
/// var options = new PruningOptions { Repair = PruningRepair.LeastSquares };
/// var count = NetworkRepair.ImagesFor(dense.Graph, options);
/// var images = CalibrationImages.DrawFiles("photos", dense, count, seed: 1, Console.WriteLine);
/// using var pool = new WorkerPool(threads: 2);
/// var planned = new Pruning(options, MaskKind.Uhp).Prepare(dense, gradients: null, Console.WriteLine);
/// var halved = NetworkRepair.Apply(planned, options, images, new ComputeContext(pool), Console.WriteLine);
/// halved.Model.Save("halved.safetensors");
/// </code>
/// </example>
public sealed class NetworkRepair : IDisposable
{
    private const double FeatureBytes = 1L << 32; // more images than fit here add little: large images have many pixels

    /// <summary>A layer that is not pruned is fitted only if a filter has at most so many weights: time grows with their cube.</summary>
    private const int LargestDenseRow = 4608;

    private readonly PruningOptions _options;
    private readonly Model _start;
    private readonly CheckedGraph _graph;
    private readonly ComputeContext _compute;
    private readonly Dictionary<string, Tensor> _parameters;
    private readonly Dictionary<string, LayerMask> _masks;
    private readonly HashSet<string> _changed = []; // features that differ from the dense network's
    private readonly Dictionary<string, LinearPath> _paths = []; // of the layers that are mended
    private readonly List<RepairedLayer> _layers = [];
    private readonly NetworkWalk _dense;
    private readonly NetworkWalk _halved;

    private NetworkRepair(PlannedPruning planned, PruningOptions options, CalibrationImages images, ComputeContext compute)
    {
        (_options, _start, _graph, _compute) = (options, planned.Start, planned.Start.Graph, compute);
        _parameters = planned.Apply().Parameters.ToDictionary();
        _masks = planned.Plan.Masks.ToDictionary();
        FindPaths();
        CheckMemory(images.Count);
        _dense = new(_start, images, compute);
        _halved = new(new(_graph, _parameters), images, compute);
    }

    /// <summary>
    /// How many calibration images a network needs: fewer than the options say if its features are large, 0 without a repair.
    /// </summary>
    public static int ImagesFor(CheckedGraph graph, PruningOptions options)
    {
        if (options.Repair == PruningRepair.None) return 0;
        return (int)Math.Clamp(FeatureBytes / BytesOfImage(graph), 1, options.Calibration.Images);
    }

    /// <summary>Prunes a network, and repairs it if the options ask for it.</summary>
    /// <param name="planned">The dense network and its masks. With the score obs only their pattern and size count.</param>
    /// <param name="options">Whether and how it is repaired.</param>
    /// <param name="images">
    /// Calibration images, as many as <see cref="ImagesFor"/> says or fewer; not looked at without a repair.
    /// </param>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="log">Takes a line that says what was done.</param>
    /// <param name="cancellation">Checked before each layer.</param>
    /// <exception cref="ArgumentException">
    /// There are no images or their length is another; or the options ask for an order of channels that the plan does not have.
    /// </exception>
    /// <exception cref="InputException">
    /// The network is quantised, a value of the images is not finite, or it does not fit into memory.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static RepairedModel Apply(
        PlannedPruning planned, PruningOptions options, CalibrationImages images, ComputeContext compute, Action<string>? log,
        CancellationToken cancellation = default)
    {
        Check(planned, options, images, compute);
        if (options.Repair == PruningRepair.None) return new(planned.Apply(), [], 0, TimeSpan.Zero, planned.Plan);
        var clock = Stopwatch.StartNew();
        using var repair = new NetworkRepair(planned, options, images, compute);
        var model = repair.Run(cancellation);
        var (word, number) = (EnumWords.Of(options.Repair), Phrases.Count(images.Count, "image"));
        log?.Invoke(Invariant($"repair {word}: {number} without labels, {clock.Elapsed.TotalSeconds:F1} s"));
        return new(model, repair._layers, images.Count, clock.Elapsed, planned.Plan);
    }

    private static void Check(PlannedPruning planned, PruningOptions options, CalibrationImages images, ComputeContext compute)
    {
        ArgumentNullException.ThrowIfNull(planned);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(compute);
        planned.Start.OfFloats($"network '{planned.Start.Graph.Name}'");
        if (options.Permute && !planned.IsPermuted)
            throw new ArgumentException(
                "the options ask for a new order of channels, and the plan is for the old one; a plan of Pruning.Prepare was expected");
        if (options.Repair != PruningRepair.None) images.Check(planned.Start.Graph.Input);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _dense.Dispose();
        _halved.Dispose();
    }

    private Model Run(CancellationToken cancellation)
    {
        foreach (var path in _paths.Values) _dense.Hold(path.End);
        foreach (var node in _graph.Nodes)
        {
            _compute.Ranks.ThrowIfCancelled(cancellation);
            if (_paths.TryGetValue(node.Name, out var path)) MendLayer(path);
            else if (node.Operation is BatchNormOp operation && _changed.Contains(node.Name)) MendNormalisation(node, operation);
            _halved.ComputeTo(node.Name);
        }

        return _start with { Parameters = _parameters, Masks = _masks };
    }

    /// <summary>Finds the features that differ from the dense network's, and the layers with weights that are mended.</summary>
    private void FindPaths()
    {
        foreach (var node in _graph.Nodes)
        {
            var isPruned = _masks.ContainsKey(node.Name);
            if (isPruned || node.Inputs.Any(_changed.Contains)) _changed.Add(node.Name);
            if (_changed.Contains(node.Name) && LayerFit.Fits(node.Operation) && (isPruned || ShapeOf(node).RowLength <= LargestDenseRow))
                _paths[node.Name] = LinearPath.From(_graph, node);
        }
    }

    /// <summary>Fits a layer with weights, or only its bias.</summary>
    private void MendLayer(LinearPath path)
    {
        var node = path.Layer;
        if (_options.Repair == PruningRepair.LeastSquares) _layers.Add(new(node.Name, Fit(path)));
        else if (path.HasBias && path.Steps is not [{ Operation: BatchNormOp }, ..]) CorrectBias(node);
        _dense.Release(path.End);
    }

    /// <summary>Fits a layer by least squares. Returns the share of its targets' squares that it misses.</summary>
    private double Fit(LinearPath path)
    {
        var node = path.Layer;
        _dense.ComputeTo(path.End);
        using var goal = new LayerGoal(path, _graph.Shapes[node.Name], _dense, _halved, name => _parameters[name].Data, _compute.Pool);
        var fit = new LayerFit(
            path, ShapeOf(node), goal, _halved, _start.Parameters[$"{node.Name}.weight"].Data, _options.Calibration.Ridge, _compute);
        var mask = _masks.GetValueOrDefault(node.Name);
        if (mask is not null && _options.Score == PruningScore.Obs) mask = _masks[node.Name] = fit.Choose(mask);
        var fitted = fit.Fit(mask);
        fitted.Weights.CopyTo(_parameters[$"{node.Name}.weight"].Data, 0);
        if (path.HasBias) fitted.Intercepts.CopyTo(_parameters[$"{node.Name}.bias"].Data, 0);
        else if (path.HasIntercept) Absorb(path.Steps[0], fitted.Intercepts);
        return fitted.Error;
    }

    /// <summary>Adds constants to the input of a normalisation or an affine map.</summary>
    private void Absorb(Node node, float[] constants)
    {
        var isNormalisation = node.Operation is BatchNormOp;
        var shift = _parameters[$"{node.Name}.{(isNormalisation ? "running_mean" : "bias")}"].Data;
        var scale = _parameters[$"{node.Name}.weight"].Data;
        for (var c = 0; c < constants.Length; c++) shift[c] += isNormalisation ? -constants[c] : scale[c] * constants[c];
    }

    /// <summary>Gives a layer's output the mean that it has in the dense network.</summary>
    private void CorrectBias(Node node)
    {
        _dense.ComputeTo(node.Name);
        var shape = _graph.Shapes[node.Name];
        var bias = _parameters[$"{node.Name}.bias"].Data;
        using var output = _halved.Preview(node, _parameters[$"{node.Name}.weight"].Data, bias);
        var present = new ChannelStatistics(output, shape, _compute.Pool).Mean;
        var wanted = new ChannelStatistics(_dense[node.Name], shape, _compute.Pool).Mean;
        for (var c = 0; c < bias.Length; c++) bias[c] += (float)(wanted[c] - present[c]);
    }

    private void MendNormalisation(Node node, BatchNormOp operation)
    {
        var measured = new ChannelStatistics(_halved[node.Inputs[0]], _graph.Shapes[node.Name], _compute.Pool);
        float[] Parameter(string suffix) => _parameters[$"{node.Name}.{suffix}"].Data;
        if (_paths.Values.Any(path => _options.Repair == PruningRepair.LeastSquares && path.Steps.Contains(node)))
            measured.KeepFunction(operation, Parameter);
        else measured.SetStatistics(Parameter);
    }

    private Conv2dShape ShapeOf(Node layer) => LayerFit.ShapeOf(layer.Operation, _graph.Shapes[layer.Inputs[0]]);

    private void CheckMemory(int images)
    {
        const string remedy = "fewer calibration images, or layers left dense by prune.exclude, were expected";
        var shapes = _paths.Values.Select(path => ShapeOf(path.Layer)).ToList();
        var group = shapes.Select(GramMatrix.BytesOf).DefaultIfEmpty().Max();
        var layer = shapes.Select(shape => shape.Groups * GramMatrix.BytesOf(shape)).DefaultIfEmpty().Max();

        // Sums and equations of a layer; factor and inverse of one of its groups, and a copy of that for each thread.
        var equations = 2 * layer + (2 + _compute.Pool.Threads) * group;
        MemoryLimit.Check(images * BytesOfImage(_graph) + equations, $"{images} calibration images", remedy);
    }

    /// <summary>Bytes of an image's features in both networks, and of targets, rest and output of a layer that is fitted.</summary>
    private static double BytesOfImage(CheckedGraph graph)
    {
        var outputs = graph.Nodes.Where(node => node.Operation.IsWeighted).Select(node => graph.Shapes[node.Name]);
        var largest = outputs.Max(shape => (double)shape.BlockedLength);
        return sizeof(float) * (2 * (double)NetworkWalk.PeakLength(graph) + 3 * largest);
    }
}
