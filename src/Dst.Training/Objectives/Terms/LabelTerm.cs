namespace Dst.Training.Objectives.Terms;

/// <summary><see cref="CrossEntropy"/> with the labels.</summary>
internal sealed record LabelTerm(float Weight, float Smoothing) : ILossTerm
{
    public Model? Teacher => null;

    public double Add(in LossBatch batch) =>
        CrossEntropy.Compute(batch.Student, batch.Labels, batch.Row, Smoothing, Weight, batch.Gradient);
}
