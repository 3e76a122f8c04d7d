namespace Dst.Training.Objectives.Terms;

/// <summary>
/// <see cref="CrossEntropy"/> with the labels. Of mixed images it is the mean of both labels' losses, weighted by their shares.
/// </summary>
/// <param name="Weight">Weight of the term.</param>
/// <param name="Smoothing">Label smoothing.</param>
/// <param name="ClassWeights">Weight of each class, or empty for 1 each.</param>
internal sealed record LabelTerm(float Weight, float Smoothing, float[] ClassWeights) : ILossTerm
{
    public Model? Teacher => null;

    public double Add(in LossBatch batch) => batch.Share < 1
        ? Add(batch, batch.Labels, batch.Share * Weight) + Add(batch, batch.Partners, (1 - batch.Share) * Weight)
        : Add(batch, batch.Labels, Weight);

    private double Add(in LossBatch batch, ReadOnlySpan<int> labels, float weight) =>
        CrossEntropy.Compute(batch.Student, labels, batch.Row, Smoothing, weight, batch.Gradient, ClassWeights);
}
