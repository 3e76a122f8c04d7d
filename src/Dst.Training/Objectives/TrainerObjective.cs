using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;

namespace Dst.Training.Objectives;

/// <summary>
/// The loss of a phase and its gradient: cross-entropy with the labels and, with a teacher, the weighted sum of the terms that
/// <see cref="DistillationOptions"/> asks for. Teachers see the same augmented batch as the student,
/// unless their logits are remembered.
/// </summary>
internal sealed class TrainerObjective : IDisposable
{
    private readonly TrainingNetwork _student;
    private readonly DistillationOptions _options;
    private readonly float _labelWeight;
    private readonly float _labelSmoothing;
    private readonly Teacher? _teacher;
    private readonly Teacher? _denseStudent;
    private readonly FeatureObjective? _features;
    private readonly float[] _logits; // standardised ones of the student
    private readonly float[] _teacherLogits;
    private readonly float[] _gradient; // by the standardised logits

    /// <summary>Prepares the terms of <paramref name="phase"/>; <paramref name="seed"/> keys the projections of hints.</summary>
    /// <param name="phase">Teachers and options.</param>
    /// <param name="student">The network in training, with the features of <see cref="FeatureObjective.LayersOfStudent"/>.</param>
    /// <param name="maxBatch">Largest batch.</param>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="seed">Seed of the run.</param>
    /// <exception cref="InputException">A layer of the options is not in the graphs, or cannot be compared.</exception>
    public TrainerObjective(TrainingPhase phase, TrainingNetwork student, int maxBatch, ComputeContext compute, long seed)
    {
        _student = student;
        _options = phase.Distillation;
        _labelWeight = phase.Teacher is null ? 1 : (float)_options.LabelWeight;
        _labelSmoothing = (float)phase.Options.LabelSmoothing;
        var pairs = FeatureObjective.PairsOf(phase);
        if (phase.Teacher is not null && (_options.Alpha > 0 || UsesDkd || pairs.Count > 0)) _teacher = new(phase.Teacher, [.. pairs.Select(pair => pair.Layers.Teacher)], maxBatch, compute);
        if (phase.DenseStudent is not null && _options.Beta > 0) _denseStudent = new(phase.DenseStudent, [], maxBatch, compute);
        if (pairs.Count > 0) _features = new(pairs, _teacher!.Network!, student, maxBatch, seed);
        var standardised = _options.Standardise && (_teacher ?? _denseStudent) is not null ? maxBatch * student.Classes : 0;
        (_logits, _teacherLogits, _gradient) = (new float[standardised], new float[standardised], new float[standardised]);
    }

    /// <summary>Parameters that are trained with the student's but are no part of it: the projections of hints.</summary>
    public IReadOnlyList<Parameter> Projections => _features?.Projections ?? [];

    /// <summary>
    /// Computes the teachers' logits of all training images where they stay the same: without augmentation, or if
    /// <see cref="DistillationOptions.CacheTeacher"/> says so. Before the first step.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void RememberTeachers(DataSet data, int batchSize, CancellationToken cancellation)
    {
        if (data.Options.IsAugmented && !_options.CacheTeacher) return;
        foreach (var teacher in new[] { _teacher, _denseStudent }.OfType<Teacher>().Where(teacher => teacher.Network is null)) teacher.Remember(data, batchSize, cancellation);
    }

    private bool UsesDkd => _options.Dkd.Target > 0 || _options.Dkd.NonTarget > 0;

    /// <summary>
    /// The mean loss of a batch. Its gradient by the logits is written to <paramref name="gradient"/>, that by features is given to
    /// the student's network for its next backward pass, that by projections stands in their parameters.
    /// </summary>
    /// <param name="batch">What the student's last forward pass saw.</param>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="logits">The student's, [count, classes].</param>
    /// <param name="gradient">[count, classes].</param>
    public double Compute(Batch batch, int epoch, ReadOnlySpan<float> logits, Span<float> gradient)
    {
        gradient.Clear();
        var loss = CrossEntropy.Compute(logits, batch.Labels.AsSpan(0, batch.Count), _student.Classes, _labelSmoothing, _labelWeight, gradient);
        if (_options.Standardise && _logits.Length > 0)
        {
            var standardised = _logits.AsSpan(0, logits.Length);
            var inner = _gradient.AsSpan(0, logits.Length);
            LogitStandardisation.Apply(logits, _student.Classes, standardised);
            inner.Clear();
            loss += CompareLogits(batch, epoch, standardised, inner);
            LogitStandardisation.Backward(logits, inner, _student.Classes, gradient);
        }
        else
        {
            loss += CompareLogits(batch, epoch, logits, gradient);
        }

        return _features is null ? loss : loss + _features.Compute(batch.Count);
    }

    public void Dispose()
    {
        _teacher?.Dispose();
        _denseStudent?.Dispose();
    }

    private double CompareLogits(Batch batch, int epoch, ReadOnlySpan<float> logits, Span<float> gradient)
    {
        var (classes, temperature, dkd) = (_student.Classes, (float)_options.Temperature, _options.Dkd);
        var loss = 0.0;
        if (_teacher is not null)
        {
            var soft = LogitsOf(_teacher, batch);
            if (_options.Alpha > 0) loss += DistillationLoss.Compute(logits, soft, classes, temperature, (float)_options.Alpha, gradient);
            var warmth = dkd.WarmupEpochs > 0 ? Math.Min(1, (epoch + 1.0) / dkd.WarmupEpochs) : 1;
            if (UsesDkd)
            {
                loss += DecoupledDistillationLoss.Compute(
                    logits, soft, batch.Labels.AsSpan(0, batch.Count), classes, temperature, (float)(warmth * dkd.Target), (float)(warmth * dkd.NonTarget), gradient);
            }
        }

        if (_denseStudent is not null) loss += DistillationLoss.Compute(logits, LogitsOf(_denseStudent, batch), classes, temperature, (float)_options.Beta, gradient);
        return loss;
    }

    private ReadOnlySpan<float> LogitsOf(Teacher teacher, Batch batch)
    {
        var logits = teacher.LogitsOf(batch);
        if (!_options.Standardise) return logits;
        var standardised = _teacherLogits.AsSpan(0, logits.Length);
        LogitStandardisation.Apply(logits, _student.Classes, standardised);
        return standardised;
    }
}
