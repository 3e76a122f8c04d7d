namespace Dst.Training.Objectives.Terms;

/// <summary><see cref="DistillationLoss"/> with the soft targets of a teacher.</summary>
internal sealed record SoftTargetTerm(Model Teacher, float Weight, float Temperature) : ILossTerm
{
    public double Add(in LossBatch batch) =>
        DistillationLoss.Compute(batch.Student, batch.Teacher, batch.Row, Temperature, Weight, batch.Gradient);
}
