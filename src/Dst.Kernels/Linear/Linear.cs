using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Fully connected layer y = W·x + b on features [N, F/16, 16], which are plain rows padded with zeros. Weights are packed as
/// [O/16, F, 16] for the forward and backward-weight passes, and as [F/16, O, 16] for the backward-data pass: all three then
/// are products with panels of sixteen columns. The bias's gradient is <see cref="Bias.Backward"/> with one pixel.
/// </summary>
public static unsafe class Linear
{
    /// <summary>Floats of the weights packed by <see cref="PackWeights"/>, and of their gradient.</summary>
    public static int WeightLength(int features, int outputs) => checked(Layout.PaddedChannels(outputs) * features);

    /// <summary>Floats of the weights packed by <see cref="PackBackwardDataWeights"/>.</summary>
    public static int BackwardDataWeightLength(int features, int outputs) => WeightLength(outputs, features);

    /// <summary>Packs canonical weights [O, F] as [O/16, F, 16].</summary>
    /// <param name="features">Inputs F.</param>
    /// <param name="outputs">Outputs O.</param>
    /// <param name="weights">[O, F].</param>
    /// <param name="packed"><see cref="WeightLength"/> floats.</param>
    /// <exception cref="ArgumentException">A length does not match the sizes.</exception>
    public static void PackWeights(int features, int outputs, ReadOnlySpan<float> weights, Span<float> packed)
    {
        CheckWeights(features, outputs, weights.Length);
        Check.Length<float>(packed, WeightLength(features, outputs));
        fixed (float* source = weights, destination = packed) Layout.BlockImage(source, outputs, features, destination, accumulate: false);
    }

    /// <summary>Unpacks weights or their gradient from [O/16, F, 16] to [O, F].</summary>
    /// <param name="features">Inputs F.</param>
    /// <param name="outputs">Outputs O.</param>
    /// <param name="packed"><see cref="WeightLength"/> floats.</param>
    /// <param name="weights">[O, F].</param>
    /// <exception cref="ArgumentException">A length does not match the sizes.</exception>
    public static void UnpackWeights(int features, int outputs, ReadOnlySpan<float> packed, Span<float> weights)
    {
        CheckWeights(features, outputs, weights.Length);
        Check.Length(packed, WeightLength(features, outputs));
        fixed (float* source = packed, destination = weights) Layout.UnblockImage(source, outputs, features, destination);
    }

    /// <summary>Packs canonical weights [O, F] as [F/16, O, 16] for the backward-data pass.</summary>
    /// <param name="features">Inputs F.</param>
    /// <param name="outputs">Outputs O.</param>
    /// <param name="weights">[O, F].</param>
    /// <param name="packed"><see cref="BackwardDataWeightLength"/> floats.</param>
    /// <exception cref="ArgumentException">A length does not match the sizes.</exception>
    public static void PackBackwardDataWeights(int features, int outputs, ReadOnlySpan<float> weights, Span<float> packed)
    {
        CheckWeights(features, outputs, weights.Length);
        Check.Length<float>(packed, BackwardDataWeightLength(features, outputs));
        packed.Clear();
        for (var first = 0; first < features; first += Layout.Block)
        {
            var lanes = Math.Min(Layout.Block, features - first);
            for (var o = 0; o < outputs; o++)
                weights.Slice(o * features + first, lanes).CopyTo(packed[(first * outputs + o * Layout.Block)..]);
        }
    }

    /// <summary>y = W·x + bias.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[N, F/16, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="features">Input features F.</param>
    /// <param name="outputs">Output features O.</param>
    /// <param name="weights">Packed [O/16, F, 16].</param>
    /// <param name="bias">Padded [O], zero beyond the outputs.</param>
    /// <param name="y">[N, O/16, 16].</param>
    public static void Forward(SimdTier tier, float* x, int images, int features, int outputs, float* weights, float* bias, float* y)
    {
        CheckSizes(images, features, outputs);
        KernelRunner.Run(tier, ForwardKernel(x, images, features, outputs, weights, bias, y));
    }

    /// <summary>dx = Wᵀ·dy.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="dy">[N, O/16, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="features">Input features F.</param>
    /// <param name="outputs">Output features O.</param>
    /// <param name="weights">Packed [F/16, O, 16].</param>
    /// <param name="dx">[N, F/16, 16].</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public static void BackwardData(
        SimdTier tier, float* dy, int images, int features, int outputs, float* weights, float* dx, bool accumulate)
    {
        CheckSizes(images, features, outputs);
        if (!accumulate) new Span<float>(dx, checked(images * Layout.PaddedChannels(features))).Clear();
        KernelRunner.Run(tier, BackwardDataKernel(dy, images, features, outputs, weights, dx));
    }

    /// <summary>Adds Σ dy·xᵀ over a run of images to the packed gradient of the weights.</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[N, F/16, 16].</param>
    /// <param name="dy">[N, O/16, 16].</param>
    /// <param name="images">Images in the run.</param>
    /// <param name="features">Input features F.</param>
    /// <param name="outputs">Output features O.</param>
    /// <param name="gradient">Packed [O/16, F, 16].</param>
    public static void BackwardWeight(SimdTier tier, float* x, float* dy, int images, int features, int outputs, float* gradient)
    {
        CheckSizes(images, features, outputs);
        KernelRunner.Run(tier, BackwardWeightKernel(x, dy, images, features, outputs, gradient));
    }

    internal static PanelProducts ForwardKernel(float* x, int images, int features, int outputs, float* weights, float* bias, float* y) =>
        new(
            new(x, rowPitch: Layout.PaddedChannels(features), stepPitch: 1), rows: images, depth: features, panels: Layout.Blocks(outputs),
            weights, bPitch: Layout.Block, bPanel: (long)features * Layout.Block,
            start: bias, y, cPitch: Layout.PaddedChannels(outputs), cPanel: Layout.Block);

    internal static PanelProducts BackwardDataKernel(float* dy, int images, int features, int outputs, float* weights, float* dx) =>
        new(
            new(dy, rowPitch: Layout.PaddedChannels(outputs), stepPitch: 1), rows: images, depth: outputs, panels: Layout.Blocks(features),
            weights, bPitch: Layout.Block, bPanel: (long)outputs * Layout.Block,
            start: null, dx, cPitch: Layout.PaddedChannels(features), cPanel: Layout.Block);

    internal static PanelProducts BackwardWeightKernel(float* x, float* dy, int images, int features, int outputs, float* gradient) =>
        new(
            new(x, rowPitch: 1, stepPitch: Layout.PaddedChannels(features)), rows: features, depth: images, panels: Layout.Blocks(outputs),
            dy, bPitch: Layout.PaddedChannels(outputs), bPanel: Layout.Block,
            start: null, gradient, cPitch: Layout.Block, cPanel: (long)features * Layout.Block);

    private static void CheckWeights(int features, int outputs, int length)
    {
        CheckSizes(images: 0, features, outputs);
        if (length != (long)features * outputs) throw new ArgumentException($"{length} weights; {outputs} · {features} were expected");
    }

    private static void CheckSizes(int images, int features, int outputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(images);
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
    }
}
