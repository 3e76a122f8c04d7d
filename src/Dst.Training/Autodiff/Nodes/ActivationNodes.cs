using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>f(x), element by element.</summary>
internal unsafe class ActivationNode(Node node, Feature input, StoredFeature output, Activation activation, Workspace workspace)
    : TrainingNode(node, [input], output, workspace)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        activation.Forward(Tier, ReadInput(0, images, part), images.Count, Input.Shape.Channels, Input.Pixels, output.Value(images.First));

    protected override void BackwardImages(ImageRange images, int part) =>
        DataGradient(images, ReadInput(0, images, part), ReadOutputGradient(images, part));

    /// <summary>dy · f′(x), where the input has a gradient.</summary>
    protected void DataGradient(ImageRange images, float* x, float* outputGradient)
    {
        if (!Input.NeedsGradient) return;
        activation.Backward(
            Tier, x, output.Value(images.First), outputGradient, images.Count, Input.Shape.Channels, Input.Pixels, Input.Gradient(images.First), Accumulate(0));
    }
}

/// <summary>Adds the gradient of a parameter, which depends on input and output gradient, to sums.</summary>
internal unsafe delegate void ParameterGradient(SimdTier tier, float* x, float* outputGradient, int images, int channels, int pixels, Span<double> sums);

/// <summary>f(x), where f has parameters for each channel.</summary>
internal sealed unsafe class ParametricActivationNode(
    Node node, Feature input, StoredFeature output, Activation activation, (ChannelParameter Value, ParameterGradient Gradient)[] parameters, Workspace workspace)
    : ActivationNode(node, input, output, activation, workspace), IDisposable
{
    /// <summary>x where x &gt; 0, else slope·x.</summary>
    public static ParametricActivationNode PRelu(Node node, Feature input, StoredFeature output, Parameter slope, Workspace workspace)
    {
        var slopes = new ChannelParameter(slope, input.Shape.Channels);
        return new(node, input, output, Activation.PRelu(slopes.Packed), [(slopes, Activation.PReluSlopeGradient)], workspace);
    }

    /// <summary>weight·x + bias.</summary>
    public static ParametricActivationNode Affine(Node node, Feature input, StoredFeature output, Parameter weight, Parameter bias, Workspace workspace)
    {
        ChannelParameter weights = new(weight, input.Shape.Channels), biases = new(bias, input.Shape.Channels);
        return new(
            node, input, output, Activation.Affine(weights.Packed, biases.Packed),
            [(weights, Activation.AffineWeightGradient), (biases, (tier, x, dy, images, channels, pixels, sums) => Bias.Gradient(tier, dy, images, channels, pixels, sums))], workspace);
    }

    public void Dispose()
    {
        foreach (var (value, _) in parameters) value.Dispose();
    }

    protected override void BeginForward(WorkerPool pool)
    {
        foreach (var (value, _) in parameters) value.Pack();
    }

    protected override void BeginBackwardPart(int part)
    {
        foreach (var (value, _) in parameters) value.BeginGradient(part);
    }

    protected override void BackwardImages(ImageRange images, int part)
    {
        float* x = ReadInput(0, images, part), outputGradient = ReadOutputGradient(images, part);
        foreach (var (value, gradient) in parameters) gradient(Tier, x, outputGradient, images.Count, Input.Shape.Channels, Input.Pixels, value.GradientOf(part));
        DataGradient(images, x, outputGradient);
    }

    protected override void EndBackward(WorkerPool pool)
    {
        foreach (var (value, _) in parameters) value.EndGradient();
    }
}
