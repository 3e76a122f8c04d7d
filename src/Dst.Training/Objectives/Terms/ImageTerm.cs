namespace Dst.Training.Objectives.Terms;

/// <summary><see cref="SquaredError"/> between the output of an auto-encoder and the image that it should give back.</summary>
internal sealed record ImageTerm : ILossTerm
{
    public Model? Teacher => null;

    public bool NeedsLabels => false;

    public double Add(in LossBatch batch) => SquaredError.Mean(batch.Student, batch.Inputs, batch.Gradient);
}
