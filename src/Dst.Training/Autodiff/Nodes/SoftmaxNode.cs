using Dst.Kernels;
using Dst.Runtime.Graph;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>p = softmax(z) over the channels; dz = p · (dp − Σ dp·p).</summary>
internal sealed unsafe class SoftmaxNode(Node node, Feature input, StoredFeature output, Workspace workspace) : TrainingNode(node, [input], output, workspace)
{
    protected override void ForwardImages(ImageRange images, int part)
    {
        var input = ReadInput(0, images, part);
        for (var i = 0; i < images.Count; i++)
            Softmax.Forward(Row(input + (long)i * Input.ImageLength), Output.Shape.Channels, Row(output.Value(images.First + i)));
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        if (!Input.NeedsGradient) return;
        for (var n = images.First; n < images.First + images.Count; n++)
        {
            Span<float> p = Row(output.Value(n)), dp = Row(Output.Gradient(n)), dz = Row(Input.Gradient(n));
            var sum = 0.0;
            for (var c = 0; c < p.Length; c++) sum += (double)dp[c] * p[c];
            for (var c = 0; c < p.Length; c++) dz[c] = (float)(p[c] * (dp[c] - sum)) + (Accumulate(0) ? dz[c] : 0);
        }
    }

    private Span<float> Row(float* features) => new(features, Output.Shape.Channels);
}
