using Dst.Training.Autodiff;
using Dst.Training.Data;

namespace Dst.Training.Objectives;

/// <summary>
/// The loss of a lesson, which is the sum of its <see cref="LossTerms"/>, and its gradient. Teachers see the same augmented batch as
/// the student, unless their logits are cached.
/// </summary>
internal sealed class Objective : IDisposable
{
    private readonly TrainingNetwork _student;
    private readonly DistillationOptions _options;
    private readonly ILossTerm[] _onLabels;
    private readonly ILossTerm[] _onLogits;
    private readonly ILossTerm[] _onLayers;
    private readonly Dictionary<Model, Teacher> _teachers;
    private readonly FeatureMaps? _features; // of the student
    private readonly float[] _standardised; // logits of the student
    private readonly float[] _standardisedGradient;

    /// <summary>Prepares the terms of a lesson.</summary>
    /// <param name="lesson">Teachers and options.</param>
    /// <param name="student">The network in training, with the features of <see cref="LossTerms.LayersOfStudent"/>.</param>
    /// <param name="maxBatch">Largest batch.</param>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="seed">Seed of the run, for the projections of hints.</param>
    /// <param name="inputs">How the student's images are normalised, or null if they are as the teachers take them.</param>
    /// <exception cref="InputException">A layer of the options is not in the graphs, or cannot be compared.</exception>
    public Objective(
        Lesson lesson, TrainingNetwork student, int maxBatch, ComputeContext compute, long seed, InputNormalisation? inputs = null)
    {
        (_student, _options) = (student, lesson.Distillation);
        var terms = LossTerms.Of(lesson, seed);
        _onLabels = [.. terms.Where(term => term.Teacher is null)];
        _onLogits = [.. terms.Where(term => term.Teacher is not null && term.Layers is null)];
        _onLayers = [.. terms.Where(term => term.Layers is not null)];
        LearnsWithoutLabels = terms.Any(term => !term.NeedsLabels);
        Projections = [.. terms.Select(term => term.Projection).OfType<Parameter>()];
        var taught = terms.Where(term => term.Teacher is not null).GroupBy(term => term.Teacher!); // a network computes once for all terms
        _teachers = taught.ToDictionary(group => group.Key, group =>
        {
            string[] features = [.. group.Select(term => term.Layers?.Teacher).OfType<string>()];
            return new Teacher(group.Key, features, maxBatch, compute, _options.Standardise, inputs);
        });
        if (_onLayers.Length > 0) _features = new(student.Graph, _onLayers.Select(term => term.Layers!.Student), maxBatch);
        var standardised = _options.Standardise && _onLogits.Length > 0 ? maxBatch * student.Classes : 0;
        (_standardised, _standardisedGradient) = (new float[standardised], new float[standardised]);
    }

    /// <summary>Parameters that are trained with the student but are not part of it: the projections of hints.</summary>
    public IReadOnlyList<Parameter> Projections { get; }

    /// <summary>Whether some term learns from images without labels.</summary>
    public bool LearnsWithoutLabels { get; }

    /// <summary>
    /// Computes the teachers' logits of all training images if they stay the same: without augmentation, or with
    /// <see cref="DistillationOptions.CacheTeacher"/>. Call it before the first step.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void CacheTeachers(DataSet data, int batchSize, CancellationToken cancellation)
    {
        if (data.Options.IsAugmented && !_options.CacheTeacher) return;
        foreach (var teacher in _teachers.Values.Where(teacher => !teacher.HasFeatures))
            teacher.CacheLogits(data, batchSize, LearnsWithoutLabels, cancellation);
    }

    /// <summary>
    /// The mean loss of a batch. Its gradient by the logits is written to <paramref name="gradient"/>. The gradient by features goes to
    /// the student's network for its next backward pass, the gradient by projections to their parameters.
    /// </summary>
    /// <param name="batch">What the student's last forward pass saw.</param>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="logits">The student's, [count, classes].</param>
    /// <param name="gradient">[count, classes].</param>
    public double Compute(Batch batch, int epoch, ReadOnlySpan<float> logits, Span<float> gradient)
    {
        foreach (var teacher in _teachers.Values) teacher.Forward(batch);
        gradient.Clear();
        var loss = AddLogits(_onLabels, batch, epoch, logits, gradient);
        loss += _options.Standardise && _onLogits.Length > 0
            ? AddStandardised(batch, epoch, logits, gradient)
            : AddLogits(_onLogits, batch, epoch, logits, gradient);
        return _features is null ? loss : loss + AddLayers(_features, batch, epoch);
    }

    public void Dispose()
    {
        foreach (var teacher in _teachers.Values) teacher.Dispose();
    }

    /// <summary>The terms that compare logits, on standardised ones (<see cref="LogitStandardisation"/>).</summary>
    private double AddStandardised(Batch batch, int epoch, ReadOnlySpan<float> logits, Span<float> gradient)
    {
        var standardised = _standardised.AsSpan(0, logits.Length);
        var inner = _standardisedGradient.AsSpan(0, logits.Length);
        LogitStandardisation.Apply(logits, _student.Classes, standardised);
        inner.Clear();
        var loss = AddLogits(_onLogits, batch, epoch, standardised, inner);
        LogitStandardisation.Backward(logits, inner, _student.Classes, gradient);
        return loss;
    }

    private double AddLogits(ILossTerm[] terms, Batch batch, int epoch, ReadOnlySpan<float> logits, Span<float> gradient)
    {
        var loss = 0.0;
        foreach (var term in terms)
        {
            var images = term.NeedsLabels ? batch.Labelled : batch.Count;
            var values = images * _student.Classes;
            loss += term.Add(new()
            {
                Epoch = epoch,
                Images = images,
                Labels = batch.Labels.AsSpan(0, batch.Labelled),
                Partners = batch.Partners.AsSpan(0, batch.Labelled),
                Share = batch.Share,
                Row = _student.Classes,
                Student = logits[..values],
                Inputs = batch.Images.AsSpan(0, images * (int)_student.Graph.Input.Count),
                Teacher = term.Teacher is null ? default : _teachers[term.Teacher].Logits[..values],
                Gradient = gradient[..values],
            });
        }

        return loss;
    }

    private double AddLayers(FeatureMaps features, Batch batch, int epoch)
    {
        features.Read(_student, batch.Count);
        features.ClearGradients();
        var loss = 0.0;
        foreach (var term in _onLayers)
        {
            var (teacher, student) = (term.Layers!.Teacher, term.Layers.Student);
            loss += term.Add(new()
            {
                Epoch = epoch,
                Images = batch.Count,
                Labels = batch.Labels.AsSpan(0, batch.Labelled),
                Row = features.Pixels(student),
                Student = features.Values(student),
                Teacher = _teachers[term.Teacher!].Feature(teacher),
                Gradient = features.Gradient(student),
            });
        }

        features.SetGradients(_student);
        return loss;
    }
}
