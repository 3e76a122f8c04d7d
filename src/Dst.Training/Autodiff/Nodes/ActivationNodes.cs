using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Runtime.Threading;
using Dst.Training.Ranks;

namespace Dst.Training.Autodiff.Nodes;

/// <summary>f(x), element by element.</summary>
internal unsafe class ActivationNode(NodeContext context, Node node, Feature input, StoredFeature output, Activation activation)
    : StoringNode(context, node, [input], output)
{
    protected override void ForwardImages(ImageRange images, int part) =>
        activation.Forward(Tier, ReadInput(0, images, part), images.Count, Input.Shape.Channels, Input.Pixels, OutputValue(images.First));

    protected override void BackwardImages(ImageRange images, int part) =>
        BackwardData(images, ReadInput(0, images, part), ReadOutputGradient(images, part));

    /// <summary>dy · f′(x), where the input has a gradient.</summary>
    protected void BackwardData(ImageRange images, float* x, float* outputGradient)
    {
        if (!Input.NeedsGradient) return;
        activation.BackwardData(
            Tier, x, OutputValue(images.First), outputGradient, images.Count, Input.Shape.Channels, Input.Pixels,
            Input.Gradient(images.First), Accumulates(0));
    }
}

/// <summary>Adds the gradient of a parameter, which depends on input and output gradient, to sums.</summary>
internal unsafe delegate void ParameterBackward(
    SimdTier tier, float* x, float* outputGradient, int images, int channels, int pixels, Span<double> sums);

/// <summary>f(x), where f has parameters for each channel.</summary>
internal sealed unsafe class ParametricActivationNode(
    NodeContext context, Node node, Feature input, StoredFeature output, Activation activation,
    (ChannelParameter Value, ParameterBackward Gradient)[] parameters)
    : ActivationNode(context, node, input, output, activation), IDisposable
{
    /// <summary>x where x &gt; 0, else slope·x.</summary>
    public static ParametricActivationNode PRelu(NodeContext context, Node node, Feature input, StoredFeature output)
    {
        var slopes = new ChannelParameter(context, context.ParameterOf(node, "weight"), input.Shape.Channels);
        return new(context, node, input, output, Activation.PRelu(slopes.Packed), [(slopes, Activation.PReluBackwardWeight)]);
    }

    /// <summary>weight·x + bias.</summary>
    public static ParametricActivationNode Affine(NodeContext context, Node node, Feature input, StoredFeature output)
    {
        var weights = new ChannelParameter(context, context.ParameterOf(node, "weight"), input.Shape.Channels);
        var biases = new ChannelParameter(context, context.ParameterOf(node, "bias"), input.Shape.Channels);
        return new(
            context, node, input, output, Activation.Affine(weights.Packed, biases.Packed),
            [(weights, Activation.AffineBackwardWeight), (biases, BackwardBias)]);

        static void BackwardBias(SimdTier tier, float* x, float* dy, int images, int channels, int pixels, Span<double> sums) =>
            Bias.Backward(tier, dy, images, channels, pixels, sums);
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
        foreach (var (value, gradient) in parameters)
            gradient(Tier, x, outputGradient, images.Count, Input.Shape.Channels, Input.Pixels, value.GradientOf(part));
        BackwardData(images, x, outputGradient);
    }

    protected override void EndBackward(WorkerPool pool)
    {
        foreach (var (value, _) in parameters) value.EndGradient();
    }
}
