namespace Dst.Training.Objectives.Terms;

/// <summary><see cref="DistLoss"/> with the logits of a teacher.</summary>
internal sealed record DistTerm(Model Teacher, float InterClass, float IntraClass, float Temperature) : ILossTerm
{
    public double Add(in LossBatch batch) =>
        DistLoss.Compute(batch.Student, batch.Teacher, batch.Row, Temperature, InterClass, IntraClass, batch.Gradient);
}
