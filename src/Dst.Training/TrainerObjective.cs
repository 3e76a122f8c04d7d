using Dst.Runtime;
using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Losses;

namespace Dst.Training;

/// <summary>
/// The loss of a phase and its gradient: <c>(1−α)·CE + α·τ²·KL(T ‖ S) + β·τ²·KL(S* ‖ S)</c>, or cross-entropy alone without a teacher.
/// Teachers see the same augmented batch as the student.
/// </summary>
internal sealed class TrainerObjective : IDisposable
{
    private readonly List<(TrainingNetwork Network, float Weight)> _teachers = [];
    private readonly float _labelWeight;
    private readonly float _labelSmoothing;
    private readonly float _temperature;

    public TrainerObjective(TrainingPhase phase, int maxBatch, WorkerPool pool)
    {
        var (alpha, beta) = ((float)phase.Distillation.Alpha, (float)phase.Distillation.Beta);
        _labelWeight = phase.Teacher is null ? 1 : 1 - alpha;
        _labelSmoothing = (float)phase.Options.LabelSmoothing;
        _temperature = (float)phase.Distillation.Temperature;
        if (phase.Teacher is not null && alpha > 0) AddTeacher(phase.Teacher, alpha);
        if (phase.DenseStudent is not null && beta > 0) AddTeacher(phase.DenseStudent, beta);

        void AddTeacher(Model model, float weight)
        {
            var network = new TrainingNetwork(model, maxBatch, pool, seed: 0);
            network.Freeze();
            _teachers.Add((network, weight));
        }
    }

    /// <summary>The mean loss of a batch; its gradient with respect to <paramref name="logits"/> [count, classes] is written to <paramref name="gradient"/>.</summary>
    public double Compute(Batch batch, ReadOnlySpan<float> logits, int classes, Span<float> gradient)
    {
        gradient.Clear();
        var loss = CrossEntropy.Compute(logits, batch.Labels.AsSpan(0, batch.Count), classes, _labelSmoothing, _labelWeight, gradient);
        foreach (var (teacher, weight) in _teachers)
            loss += DistillationLoss.Compute(logits, teacher.Forward(batch.Images, batch.Count, training: false), classes, _temperature, weight, gradient);
        return loss;
    }

    public void Dispose()
    {
        foreach (var (network, _) in _teachers) network.Dispose();
    }
}
