using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Losses;

namespace Dst.Training;

/// <summary>
/// The loss of a phase and its gradient: <see cref="StudentLoss"/> if it has a teacher, which sees the same augmented batch, else
/// cross-entropy.
/// </summary>
internal sealed class TrainerObjective : IDisposable
{
    private readonly TrainingNetwork? _teacher;
    private readonly TrainingNetwork? _denseStudent;
    private readonly DistillationOptions _distillation;
    private readonly float _labelSmoothing;

    public TrainerObjective(TrainingPhase phase, int maxBatch, WorkerPool pool)
    {
        var second = phase.DenseStudent is not null && phase.Distillation.Beta > 0;
        _distillation = second ? phase.Distillation : phase.Distillation with { Beta = 0 };
        _labelSmoothing = (float)phase.Options.LabelSmoothing;
        if (phase.Teacher is not null) _teacher = new(phase.Teacher, maxBatch, pool, seed: 0);
        if (second) _denseStudent = new(phase.DenseStudent!, maxBatch, pool, seed: 0);
    }

    /// <summary>The mean loss of a batch; its gradient with respect to <paramref name="logits"/> [count, classes] is written to <paramref name="gradient"/>.</summary>
    public double Compute(Batch batch, ReadOnlySpan<float> logits, int classes, Span<float> gradient)
    {
        gradient.Clear();
        var labels = batch.Labels.AsSpan(0, batch.Count);
        if (_teacher is null) return CrossEntropy.Compute(logits, labels, classes, _labelSmoothing, weight: 1, gradient);
        var teacherLogits = _teacher.Forward(batch.Images, batch.Count, training: false);
        var denseLogits = _denseStudent is null ? default : _denseStudent.Forward(batch.Images, batch.Count, training: false);
        return StudentLoss.Compute(logits, labels, teacherLogits, denseLogits, classes, _labelSmoothing, _distillation, gradient);
    }

    public void Dispose()
    {
        _teacher?.Dispose();
        _denseStudent?.Dispose();
    }
}
