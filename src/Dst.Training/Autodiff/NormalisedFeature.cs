using Dst.Graph;
using Dst.Kernels.Simd;
using Dst.Training.Autodiff.Nodes;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff;

/// <summary>
/// A batch normalisation's output, with ReLU and pooling or without: never stored, but computed from stored values as it is read.
/// </summary>
internal sealed unsafe class NormalisedFeature(FeatureShape shape) : Feature(shape, needsGradient: true)
{
    public override bool IsComputed => true;

    public override TrainingNode? GradientReader => Normalisation.GradientReader;

    private BatchNormNode Normalisation => (BatchNormNode)Producer!;

    public override float* Read(ImageRange images, float* scratch)
    {
        Normalisation.Apply(images, Relu, scratch);
        return scratch;
    }

    public override MemoryRange Values(ImageRange images) => Normalisation.Values.Values(images);

    public override void GatherValues(RankGroup ranks, int images) => Normalisation.Values.GatherValues(ranks, images);

    public override void BeginGradient(int part) => Normalisation.BeginGradientSums(part);

    public override void GradientCompleted(ImageRange images, int part) => Normalisation.AddGradientSums(images, Relu, part);
}
