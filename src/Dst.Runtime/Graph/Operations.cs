using System.Text.Json.Serialization;

namespace Dst.Runtime.Graph;

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

/// <summary>Maximum over a window; padding never wins. The output size rounds down.</summary>
public sealed record MaxPoolOp(int Kernel, int Stride, int Padding = 0) : Operation;

/// <summary>Mean over a window without padding. The output size rounds down.</summary>
public sealed record AvgPoolOp(int Kernel, int Stride) : Operation;

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
