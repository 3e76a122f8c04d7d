using Dst.Foundations;
using Dst.Graph;
using Dst.Training.Autodiff;
using Dst.Training.Engine;

namespace Dst.Training.Objectives;

/// <summary>A term of a loss between features: hints, or else attention transfer.</summary>
internal sealed record FeaturePair(LayerPair Layers, float Weight, bool IsHint);

/// <summary>The terms of a loss that compare layers of teacher and student: attention transfer and hints.</summary>
internal sealed class FeatureObjective
{
    private readonly IReadOnlyList<FeaturePair> _pairs;
    private readonly int _maxBatch;
    private readonly TrainingNetwork _teacher;
    private readonly TrainingNetwork _student;
    private readonly IReadOnlyDictionary<string, FeatureShape> _shapes; // of the student's layers
    private readonly Dictionary<string, float[]> _teacherFeatures; // by layer, [batch, C, H, W]
    private readonly Dictionary<string, float[]> _features;
    private readonly Dictionary<string, float[]> _gradients;
    private readonly Parameter?[] _projections; // by pair

    /// <summary>Takes memory for the features and makes the projections, whose weights depend on <paramref name="seed"/> alone.</summary>
    public FeatureObjective(IReadOnlyList<FeaturePair> pairs, TrainingNetwork teacher, TrainingNetwork student, int maxBatch, long seed)
    {
        (_pairs, _teacher, _student, _maxBatch) = (pairs, teacher, student, maxBatch);
        var teacherShapes = teacher.Graph.Shapes;
        _shapes = student.Graph.Shapes;
        _teacherFeatures = pairs.Select(pair => pair.Layers.Teacher).Distinct().ToDictionary(name => name, name => new float[maxBatch * teacherShapes[name].Count]);
        _features = pairs.Select(pair => pair.Layers.Student).Distinct().ToDictionary(name => name, name => new float[maxBatch * _shapes[name].Count]);
        _gradients = _features.ToDictionary(feature => feature.Key, feature => new float[feature.Value.Length]);
        _projections = [.. pairs.Select((pair, i) => pair.IsHint ? Projection(i, teacherShapes[pair.Layers.Teacher].Channels, _shapes[pair.Layers.Student].Channels, seed) : null)];
        Projections = [.. _projections.OfType<Parameter>()];
    }

    /// <summary>The projections of hints between layers of different channels.</summary>
    public IReadOnlyList<Parameter> Projections { get; }

    /// <summary>The terms of a phase; none without a teacher.</summary>
    /// <exception cref="InputException">A layer is unknown, or the two of a pair have maps of different sizes.</exception>
    public static IReadOnlyList<FeaturePair> PairsOf(TrainingPhase phase)
    {
        if (phase.Teacher is null) return [];
        CheckLayers(phase.Distillation, phase.Teacher.Graph, phase.Start.Graph);
        return [.. Terms(phase.Distillation).Where(term => term.Options.Weight > 0)
            .SelectMany(term => term.Options.Layers.Select(layers => new FeaturePair(layers, (float)term.Options.Weight, term.Name == "hints")))];
    }

    /// <summary>The layers of the student whose features are compared.</summary>
    public static IReadOnlyList<string> LayersOfStudent(TrainingPhase phase) => [.. PairsOf(phase).Select(pair => pair.Layers.Student).Distinct()];

    /// <summary>Checks the layers that the options name against both graphs.</summary>
    /// <exception cref="InputException">A layer is unknown, or the two of a pair have maps of different sizes.</exception>
    public static void CheckLayers(DistillationOptions options, CheckedGraph teacher, CheckedGraph student)
    {
        foreach (var (name, term) in Terms(options))
        {
            if (term.Weight > 0 && term.Layers.Count == 0) throw new InputException($"distill.{name}.weight is {term.Weight} but distill.{name}.layers is empty; expected at least one pair of layers");
            foreach (var pair in term.Layers)
            {
                CheckName(name, "teacher", pair.Teacher, teacher);
                CheckName(name, "student", pair.Student, student);
                var (a, b) = (teacher.Shapes[pair.Teacher], student.Shapes[pair.Student]);
                if ((a.Height, a.Width) != (b.Height, b.Width))
                    throw new InputException($"distill.{name}.layers joins the teacher's '{pair.Teacher}', {a}, and the student's '{pair.Student}', {b}; expected maps of the same height and width");
            }
        }
    }

    /// <summary>The weighted sum of all terms for the batch that both networks saw last; gradients are given to the student's network and the projections.</summary>
    public double Compute(int images)
    {
        foreach (var (name, values) in _teacherFeatures) _teacher.ReadFeature(name, OfImages(values, images));
        foreach (var (name, values) in _features) _student.ReadFeature(name, OfImages(values, images));
        foreach (var gradient in _gradients.Values) Array.Clear(gradient);
        foreach (var projection in Projections) Array.Clear(projection.Gradient);
        var loss = 0.0;
        for (var i = 0; i < _pairs.Count; i++)
        {
            var (layers, weight, isHint) = _pairs[i];
            var pixels = _shapes[layers.Student].Height * _shapes[layers.Student].Width;
            ReadOnlySpan<float> teacher = OfImages(_teacherFeatures[layers.Teacher], images), student = OfImages(_features[layers.Student], images);
            var gradient = OfImages(_gradients[layers.Student], images);
            loss += isHint
                ? HintLoss.Compute(student, teacher, _projections[i]?.Value, images, pixels, weight, gradient, _projections[i]?.Gradient)
                : AttentionLoss.Compute(student, teacher, images, pixels, weight, gradient);
        }

        foreach (var (name, gradient) in _gradients) _student.SetFeatureGradient(name, OfImages(gradient, images));
        return loss;
    }

    private Span<float> OfImages(float[] values, int images) => values.AsSpan(0, values.Length / _maxBatch * images);

    private static (string Name, FeatureLossOptions Options)[] Terms(DistillationOptions options) => [("attention", options.Attention), ("hints", options.Hints)];

    private static void CheckName(string term, string side, string layer, CheckedGraph graph)
    {
        var names = graph.Nodes.SkipLast(1).Select(node => node.Name).ToList();
        if (!names.Contains(layer))
            throw new InputException($"distill.{term}.layers has the {side} layer '{layer}', which {graph.Name} has not before its output; did you mean '{NearestName.Of(layer, names)}'?");
    }

    private static Parameter? Projection(int index, int teacherChannels, int channels, long seed)
    {
        if (teacherChannels == channels) return null;
        var random = new RandomStream(seed, RandomPurpose.Project, sample: index);
        var deviation = 1 / Math.Sqrt(channels); // keeps the features' variance
        var values = new float[teacherChannels * channels];
        for (var i = 0; i < values.Length; i++) values[i] = (float)(deviation * random.NextNormal());
        var name = $"distill.hints.{index}";
        return new(new($"{name}.projection", name, ParameterRole.Weight, [teacherChannels, channels, 1, 1]), values);
    }
}
