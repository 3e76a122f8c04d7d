using Dst.Foundations;
using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Quantisation;
using Dst.Runtime.Inference;
using Dst.Runtime.Lowering;

namespace Dst.Runtime.Quantisation;

/// <summary>How a network is quantised.</summary>
public sealed record QuantiserOptions
{
    /// <summary>How ranges are found.</summary>
    public RangeMethod Method { get; init; } = RangeMethod.Minmax;

    /// <summary>Names of the layers with weights that stay in floats.</summary>
    public IReadOnlySet<string> KeptFloat { get; init; } = new HashSet<string>();

    /// <summary>Vector width.</summary>
    public SimdTier Tier { get; init; } = SimdTiers.Best;
}

/// <summary>One layer of a quantised network.</summary>
/// <param name="Layer">Its name.</param>
/// <param name="Output">The value that it writes, with what is fused into it.</param>
/// <param name="WhyFloat">Why a layer with weights stays in floats; null if it computes on bytes.</param>
/// <param name="SignalToNoise">Decibels of its output over what it differs from the network of floats; null without a difference.</param>
/// <param name="FloatMs">Milliseconds of an image in floats: direct form, one thread.</param>
/// <param name="Int8Ms">The same in the quantised network.</param>
public sealed record QuantisedLayer(string Layer, string Output, string? WhyFloat, double? SignalToNoise, double FloatMs, double Int8Ms);

/// <summary>A quantised network.</summary>
/// <param name="Model">The network, with batch normalisations folded into the layers before them.</param>
/// <param name="Layers">Its layers with weights.</param>
/// <param name="Images">Calibration images.</param>
public sealed record QuantisedModel(Model Model, IReadOnlyList<QuantisedLayer> Layers, int Images);

/// <summary>
/// Makes a network of 8-bit integers of a trained one, on some images without labels: weights by the largest of each filter, values by
/// their ranges on the images. docs/method.md, "8-bit integers", is the arithmetic.
/// </summary>
/// <example>
/// <code>
/// var model = Model.Load("dst.safetensors");
/// var images = CalibrationImages.DrawFiles("photos", model, count: 256, seed: 1, Console.WriteLine);
/// var quantised = Quantiser.Quantise(model, images.Values, images.Count, new QuantiserOptions { Method = RangeMethod.Mse });
/// quantised.Model.Save("int8.safetensors");
/// </code>
/// </example>
public sealed class Quantiser
{
    /// <summary>Images on which noise and times are measured.</summary>
    private const int ImagesOfReport = 32;

    /// <summary>Largest scale of an input, in scales of the output.</summary>
    private const double MaxInputScale = 32;

    /// <summary>Smallest scale of an output, in steps of its sums; 2 cannot be expressed.</summary>
    private const double MinSteps = 4;

    private readonly Model _model;
    private readonly QuantiserOptions _options;
    private readonly InferencePlan _plan;
    private readonly Int8Nodes _nodes;
    private readonly Dictionary<string, ValueRange> _ranges = [];

    private Quantiser(Model model, QuantiserOptions options)
    {
        (_model, _options) = (model, options);
        _plan = InferencePlan.CompileDirect(model, new() { Tier = options.Tier });
        _nodes = new(_plan.Program, options.KeptFloat);
    }

    private IReadOnlyList<LoweredNode> Nodes => _plan.Program.Nodes;

    /// <summary>The layers with weights of a network, which may stay in floats by name.</summary>
    public static IReadOnlyList<string> LayersOf(Model model) =>
        [.. model.Graph.Nodes.Where(node => node.Operation.IsWeighted).Select(node => node.Name)];

    /// <summary>Quantises a network.</summary>
    /// <param name="model">A network of floats; not changed. Its masks stay.</param>
    /// <param name="images">Inputs [count, C, H, W] as the network takes them.</param>
    /// <param name="count">Number of images, at least 1.</param>
    /// <param name="options">How, or null for the defaults.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="ArgumentException">
    /// The count is below 1, the length of the images is another, or a name in <see cref="QuantiserOptions.KeptFloat"/> is no layer with
    /// weights.
    /// </exception>
    /// <exception cref="InputException">
    /// The network is quantised already, no layer can be, or a value is 0 on all images or not finite.
    /// </exception>
    public static QuantisedModel Quantise(
        Model model, float[] images, int count, QuantiserOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        CheckImages(model, images, count);
        options ??= new();
        CheckNames(model, options.KeptFloat);
        var folded = BatchNormFolding.Apply(model.OfFloats($"network '{model.Graph.Name}'"));
        var quantiser = new Quantiser(folded, options);
        using (quantiser._plan) return quantiser.Run(images, count, cancellation);
    }

    private static void CheckImages(Model model, float[] images, int count)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var length = model.Graph.Input.Count;
        if (images.Length != count * length)
            throw new ArgumentException(Invariant($"{count} × {length} values expected, {images.Length} found"), nameof(images));
    }

    private static void CheckNames(Model model, IReadOnlySet<string> keptFloat)
    {
        ArgumentNullException.ThrowIfNull(keptFloat);
        var layers = LayersOf(model);
        if (keptFloat.FirstOrDefault(name => !layers.Contains(name)) is { } unknown)
            throw new ArgumentException(
                $"network '{model.Graph.Name}' has no layer with weights '{unknown}', which is to stay in floats; "
                + NearestName.Advise(unknown, layers));
    }

    private QuantisedModel Run(float[] images, int count, CancellationToken cancellation)
    {
        if (!Nodes.Any(_nodes.Contains))
            throw new InputException($"network '{_model.Graph.Name}' has no layer that is quantised; at least one was expected");
        FindRanges(images, count, cancellation);
        var quantised = QuantisedNetwork();
        return new(quantised, Compare(quantised, images, Math.Min(count, ImagesOfReport), cancellation), count);
    }

    private void FindRanges(float[] images, int count, CancellationToken cancellation)
    {
        foreach (var value in _plan.Program.Values.Keys.Where(_nodes.NeedsScale)) _ranges[value] = new();
        using var walk = new ValueWalk(_plan);
        Show(walk, images, count, (value, elements) => _ranges.GetValueOrDefault(value)?.AddEnds(elements), cancellation);
        foreach (var (value, range) in _ranges) Check(value, range, count);
        if (_options.Method != RangeMethod.Minmax)
            Show(walk, images, count, (value, elements) => _ranges.GetValueOrDefault(value)?.AddCounts(elements), cancellation);
    }

    /// <summary>Shows all values of some images.</summary>
    private void Show(ValueWalk walk, float[] images, int count, Action<string, float[]> show, CancellationToken cancellation)
    {
        for (var i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            walk.Run(ImageOf(images, i), show);
        }
    }

    private ReadOnlySpan<float> ImageOf(float[] images, int index)
    {
        var length = (int)_model.Graph.Input.Count;
        return images.AsSpan(index * length, length);
    }

    private static void Check(string value, ValueRange range, int images)
    {
        var what = value == NetworkGraph.InputName ? "the network's input" : $"the output of layer '{value}'";
        if (!range.IsFinite)
            throw new InputException(
                $"{what} is not finite on the {images} calibration images; weights and images with finite sums were expected");
        if (range.Most == range.Least)
            throw new InputException(
                $"{what} is 0 on each of the {images} calibration images, so that it has no range; images like those of the training "
                    + "were expected, or layers that read it kept in floats");
    }

    /// <summary>The network with scales, and with weights that are multiples of theirs.</summary>
    private Model QuantisedNetwork()
    {
        var (parameters, filters) = (_model.Parameters.ToDictionary(), new Dictionary<string, float[]>());
        // A value that is moved has the scale of what it is moved from; the model does not list it.
        var (listed, known) = (new Dictionary<string, ByteScale>(), new Dictionary<string, ByteScale>());
        if (_nodes.NeedsScale(NetworkGraph.InputName)) Add(NetworkGraph.InputName, 0);
        foreach (var node in Nodes)
        {
            if (_nodes.Contains(node) && node.Operation.IsWeighted) Round(node);
            if (!_nodes.NeedsScale(node.Output)) continue;
            if (_nodes.Contains(node) && FormOf(node) == ByteForm.Moves) known[node.Output] = known[node.Inputs[0]];
            else Add(node.Output, _nodes.Contains(node) ? LeastScale(node, known, filters) : 0);
        }

        return _model with { Parameters = parameters, Int8 = new(listed, filters) };

        void Add(string value, double leastScale) => listed[value] = known[value] = _ranges[value].ScaleOf(_options.Method, leastScale);

        void Round(LoweredNode node)
        {
            var name = $"{node.Layer}.weight";
            var steps = new WeightSteps(node.Layer, known[node.Inputs[0]].Scale);
            (parameters[name], filters[node.Layer]) = steps.Quantise(parameters[name].Shape, node.Weight, node.Bias);
        }
    }

    private ByteForm FormOf(LoweredNode node) => node.Operation.OnBytes(_plan.Program.Values[node.Inputs[0]].Shape);

    /// <summary>The smallest scale of a node's output that <see cref="Kernels.Requantisation"/> can express, with room.</summary>
    private static double LeastScale(LoweredNode node, Dictionary<string, ByteScale> known, Dictionary<string, float[]> filters)
    {
        var ofInputs = node.Reads.Max(value => known[value].Scale) / MaxInputScale;
        var ofSums = node.Operation.IsWeighted ? MinSteps * known[node.Inputs[0]].Scale * filters[node.Layer].Max()
            : node.Operation.ScalesChannels ? ofInputs * node.Weight!.Max(Math.Abs)
            : 0;
        return Math.Max(ofInputs, ofSums);
    }

    /// <summary>Noise and times of each layer with weights.</summary>
    private List<QuantisedLayer> Compare(Model quantised, float[] images, int count, CancellationToken cancellation)
    {
        using var plan = InferencePlan.CompileDirect(quantised, new() { Tier = _options.Tier });
        using (var warmUp = new ValueWalk(plan)) Show(warmUp, images, count, (_, _) => { }, cancellation); // compiles the code
        using var floats = new ValueWalk(_plan);
        using var bytes = new ValueWalk(plan);
        var expected = new Dictionary<string, float[]>();
        var (signal, noise) = (new Dictionary<string, double>(), new Dictionary<string, double>());
        for (var i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            floats.Run(ImageOf(images, i), (value, elements) => expected[value] = elements);
            bytes.Run(ImageOf(images, i), AddErrors);
        }

        var (ofFloats, ofBytes) = (floats.Times, bytes.Times);
        return
        [
            .. Nodes.Where(node => node.Operation.IsWeighted).Select(node => new QuantisedLayer(
                node.Layer, node.Output, _nodes.WhyFloat(node), Decibels(signal[node.Output], noise[node.Output]),
                ofFloats[node.Layer] / count, ofBytes[node.Layer] / count)),
        ];

        void AddErrors(string value, float[] elements)
        {
            if (!expected.TryGetValue(value, out var right)) return;
            for (var i = 0; i < elements.Length; i++)
            {
                signal[value] = signal.GetValueOrDefault(value) + (double)right[i] * right[i];
                noise[value] = noise.GetValueOrDefault(value) + Math.Pow((double)right[i] - elements[i], 2);
            }
        }
    }

    private static double? Decibels(double signal, double noise) =>
        noise == 0 ? null : 10 * Math.Log10(Math.Max(signal, double.Epsilon) / noise);
}
