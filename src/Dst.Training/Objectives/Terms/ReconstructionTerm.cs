namespace Dst.Training.Objectives.Terms;

/// <summary><see cref="ReconstructionLoss"/> between a layer of the dense network and the same one of its halved self.</summary>
internal sealed record ReconstructionTerm(Model Teacher, LayerPair Layers, float Weight) : ILossTerm
{
    public double Add(in LossBatch batch) => ReconstructionLoss.Compute(batch.Student, batch.Teacher, Weight, batch.Gradient);
}
