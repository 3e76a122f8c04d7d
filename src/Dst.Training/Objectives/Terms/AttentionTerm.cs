namespace Dst.Training.Objectives.Terms;

/// <summary><see cref="AttentionLoss"/> between a layer of the teacher and one of the student.</summary>
internal sealed record AttentionTerm(LayerPair Layers, float Weight) : ILossTerm
{
    public LossSource Source => LossSource.Teacher;

    public double Add(in LossBatch batch) =>
        AttentionLoss.Compute(batch.Student, batch.Teacher, batch.Images, batch.Row, Weight, batch.Gradient);
}
