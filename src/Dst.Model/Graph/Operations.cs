using System.Text.Json.Serialization;

namespace Dst.Graph;

/// <summary>What a node of a network computes. The JSON name of each is its discriminator in a model file.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "op")]
[JsonDerivedType(typeof(Conv2dOp), "conv2d")]
[JsonDerivedType(typeof(BatchNormOp), "batch_norm")]
[JsonDerivedType(typeof(ReluOp), "relu")]
[JsonDerivedType(typeof(AddOp), "add")]
[JsonDerivedType(typeof(MaxPoolOp), "max_pool")]
[JsonDerivedType(typeof(AvgPoolOp), "avg_pool")]
[JsonDerivedType(typeof(GlobalAvgPoolOp), "global_avg_pool")]
[JsonDerivedType(typeof(FlattenOp), "flatten")]
[JsonDerivedType(typeof(LinearOp), "linear")]
[JsonDerivedType(typeof(DropoutOp), "dropout")]
[JsonDerivedType(typeof(ConcatOp), "concat")]
[JsonDerivedType(typeof(SoftmaxOp), "softmax")]
[JsonDerivedType(typeof(LeakyReluOp), "leaky_relu")]
[JsonDerivedType(typeof(PReluOp), "prelu")]
[JsonDerivedType(typeof(ClipOp), "clip")]
[JsonDerivedType(typeof(SigmoidOp), "sigmoid")]
[JsonDerivedType(typeof(HardSigmoidOp), "hard_sigmoid")]
[JsonDerivedType(typeof(HardSwishOp), "hard_swish")]
[JsonDerivedType(typeof(TanhOp), "tanh")]
[JsonDerivedType(typeof(AffineOp), "affine")]
[JsonDerivedType(typeof(MulOp), "mul")]
[JsonDerivedType(typeof(PadOp), "pad")]
[JsonDerivedType(typeof(SliceOp), "slice")]
[JsonDerivedType(typeof(ChannelShuffleOp), "channel_shuffle")]
public abstract record Operation;

/// <summary>
/// 2-D convolution (cross-correlation) with zero padding on all sides and dilation 1.
/// Parameters: <c>.weight</c> [OutChannels, InChannels / Groups, KernelHeight, KernelWidth] and, if <c>Bias</c>, <c>.bias</c> [OutChannels].
/// </summary>
public sealed record Conv2dOp(
    int OutChannels, int KernelHeight, int KernelWidth, int Stride = 1, int Padding = 0, int Groups = 1, bool Bias = false) : Operation;

/// <summary>
/// Batch normalisation per channel. Parameters: <c>.weight</c> (scale), <c>.bias</c> (shift), and the statistics
/// <c>.running_mean</c>, <c>.running_var</c>, all [C]. <c>Momentum</c> is the share of the new batch, as in PyTorch.
/// </summary>
public sealed record BatchNormOp(float Epsilon = 1e-5f, float Momentum = 0.1f) : Operation;

/// <summary>max(x, 0).</summary>
public sealed record ReluOp : Operation;

/// <summary>Sum of two inputs of equal shape.</summary>
public sealed record AddOp : Operation;

/// <summary>
/// Maximum over a window; padding never wins. The output size rounds down, or up with <c>CeilMode</c>, where no window begins beyond
/// the input. For padding that differs from side to side: a <see cref="PadOp"/> of <see cref="float.MinValue"/> before it.
/// </summary>
public sealed record MaxPoolOp(int Kernel, int Stride, int Padding = 0, bool CeilMode = false) : Operation;

/// <summary>
/// Mean over a window. <c>CountPadding</c>: zeros of the padding count, else the mean is over the pixels of the input alone. The output
/// size rounds down, or up with <c>CeilMode</c>, where no window begins beyond the input and nothing beyond the padding counts.
/// </summary>
public sealed record AvgPoolOp(int Kernel, int Stride, int Padding = 0, bool CountPadding = true, bool CeilMode = false) : Operation;

/// <summary>Mean over the whole map: [C, H, W] to [C, 1, 1].</summary>
public sealed record GlobalAvgPoolOp : Operation;

/// <summary>[C, H, W] to [C·H·W, 1, 1], in NCHW order.</summary>
public sealed record FlattenOp : Operation;

/// <summary>Fully connected layer on [F, 1, 1]. Parameters: <c>.weight</c> [OutFeatures, InFeatures] and, if <c>Bias</c>, <c>.bias</c>.</summary>
public sealed record LinearOp(int OutFeatures, bool Bias = true) : Operation;

/// <summary>In training zeroes each element with probability <c>Rate</c> and scales the rest by 1/(1−Rate); identity otherwise.</summary>
public sealed record DropoutOp(float Rate) : Operation;

/// <summary>Joins its inputs along the channels.</summary>
public sealed record ConcatOp : Operation;

/// <summary>Softmax over the channels of [C, 1, 1].</summary>
public sealed record SoftmaxOp : Operation;

/// <summary>x where x &gt; 0, else Slope·x.</summary>
public sealed record LeakyReluOp(float Slope = 0.01f) : Operation;

/// <summary>x where x &gt; 0, else weight[c]·x. Parameter: <c>.weight</c> [C].</summary>
public sealed record PReluOp : Operation;

/// <summary>min(max(x, Min), Max): ReLU6 is <c>Clip(0, 6)</c>. A side without a bound is <see cref="float.MinValue"/> or <see cref="float.MaxValue"/>.</summary>
public sealed record ClipOp(float Min, float Max) : Operation;

/// <summary>1 / (1 + e^−x).</summary>
public sealed record SigmoidOp : Operation;

/// <summary>max(0, min(1, Alpha·x + Beta)), as in ONNX; PyTorch's has an <c>Alpha</c> of 1/6.</summary>
public sealed record HardSigmoidOp(float Alpha = 0.2f, float Beta = 0.5f) : Operation;

/// <summary>x · max(0, min(1, x/6 + 0.5)).</summary>
public sealed record HardSwishOp : Operation;

/// <summary>Hyperbolic tangent.</summary>
public sealed record TanhOp : Operation;

/// <summary>weight[c]·x + bias[c]. Parameters: <c>.weight</c> and <c>.bias</c>, both [C].</summary>
public sealed record AffineOp : Operation;

/// <summary>Product of two inputs of equal shape, or of [C, H, W] and [C, 1, 1], which holds one factor for each channel.</summary>
public sealed record MulOp : Operation;

/// <summary>
/// Adds rows and columns on the four sides, and channels before and after, all of <c>Value</c>. Before a maximum, whose padding must
/// not win, that is <see cref="float.MinValue"/>.
/// </summary>
public sealed record PadOp(
    int Top, int Left, int Bottom, int Right, int ChannelsBefore = 0, int ChannelsAfter = 0, float Value = 0) : Operation;

/// <summary>The <c>Channels</c> channels that begin with number <c>Start</c>.</summary>
public sealed record SliceOp(int Start, int Channels) : Operation;

/// <summary>
/// Channel shuffle: channels [Groups, C / Groups] are transposed, so that channel g·(C / Groups) + i becomes i·Groups + g
/// (Zhang, Zhou, Lin, Sun, "ShuffleNet", CVPR 2018).
/// </summary>
public sealed record ChannelShuffleOp(int Groups) : Operation;
