namespace Dst.Training.Objectives.Terms;

/// <summary><see cref="AttentionLoss"/> between a layer of a teacher and one of the student.</summary>
internal sealed record AttentionTerm(Model Teacher, LayerPair Layers, float Weight) : ILossTerm
{
    public double Add(in LossBatch batch) =>
        AttentionLoss.Compute(batch.Student, batch.Teacher, batch.Images, batch.Row, Weight, batch.Gradient);
}
