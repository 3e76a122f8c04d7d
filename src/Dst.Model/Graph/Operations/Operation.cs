using System.Text.Json.Serialization;
using Dst.Kernels;

namespace Dst.Graph;

/// <summary>
/// What a node of a network computes. The JSON name of each operation is its discriminator in a model file. An operation states its own
/// facts here, so that other code need not compare types.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "op")]
[JsonDerivedType(typeof(Conv2dOp), "conv2d")]
[JsonDerivedType(typeof(BatchNormOp), "batch_norm")]
[JsonDerivedType(typeof(ReluOp), "relu")]
[JsonDerivedType(typeof(AddOp), "add")]
[JsonDerivedType(typeof(MaxPoolOp), "max_pool")]
[JsonDerivedType(typeof(AvgPoolOp), "avg_pool")]
[JsonDerivedType(typeof(MaxPoolDropoutOp), "max_pool_dropout")]
[JsonDerivedType(typeof(StochasticPoolOp), "stochastic_pool")]
[JsonDerivedType(typeof(SpectralPoolOp), "spectral_pool")]
[JsonDerivedType(typeof(GlobalAvgPoolOp), "global_avg_pool")]
[JsonDerivedType(typeof(GlobalMaxPoolOp), "global_max_pool")]
[JsonDerivedType(typeof(FlattenOp), "flatten")]
[JsonDerivedType(typeof(LinearOp), "linear")]
[JsonDerivedType(typeof(DropoutOp), "dropout")]
[JsonDerivedType(typeof(ConcatOp), "concat")]
[JsonDerivedType(typeof(SoftmaxOp), "softmax")]
[JsonDerivedType(typeof(LeakyReluOp), "leaky_relu")]
[JsonDerivedType(typeof(EluOp), "elu")]
[JsonDerivedType(typeof(PReluOp), "prelu")]
[JsonDerivedType(typeof(ClipOp), "clip")]
[JsonDerivedType(typeof(SigmoidOp), "sigmoid")]
[JsonDerivedType(typeof(HardSigmoidOp), "hard_sigmoid")]
[JsonDerivedType(typeof(HardSwishOp), "hard_swish")]
[JsonDerivedType(typeof(TanhOp), "tanh")]
[JsonDerivedType(typeof(GeluOp), "gelu")]
[JsonDerivedType(typeof(SiluOp), "silu")]
[JsonDerivedType(typeof(MishOp), "mish")]
[JsonDerivedType(typeof(AffineOp), "affine")]
[JsonDerivedType(typeof(LayerNormOp), "layer_norm")]
[JsonDerivedType(typeof(GroupNormOp), "group_norm")]
[JsonDerivedType(typeof(LocalResponseNormOp), "local_response_norm")]
[JsonDerivedType(typeof(MulOp), "mul")]
[JsonDerivedType(typeof(PadOp), "pad")]
[JsonDerivedType(typeof(EdgePadOp), "edge_pad")]
[JsonDerivedType(typeof(SliceOp), "slice")]
[JsonDerivedType(typeof(ChannelShuffleOp), "channel_shuffle")]
[JsonDerivedType(typeof(UpsampleOp), "upsample")]
[JsonDerivedType(typeof(ConvTransposeOp), "conv_transpose")]
public abstract record Operation
{
    private protected Operation()
    {
    }

    /// <summary>Whether it takes this many inputs.</summary>
    internal virtual bool TakesInputs(int count) => count == 1;

    /// <summary>Shape of the output. Refuses illegal attributes and inputs.</summary>
    /// <param name="inputs">Shapes of as many inputs as it takes.</param>
    /// <param name="node">The node that computes it, for errors.</param>
    /// <exception cref="InputException">The node is not legal.</exception>
    internal virtual FeatureShape OutputShape(IReadOnlyList<FeatureShape> inputs, NodeLocation node) => inputs[0];

    /// <summary>Its parameters, in the order of model files.</summary>
    /// <param name="input">Shape of its first input.</param>
    internal virtual IEnumerable<OperationParameter> Parameters(FeatureShape input) => [];

    /// <summary>
    /// The transposed convolution of the same windows that leads from its output back to its input, or null if there is none.
    /// </summary>
    /// <param name="input">Shape of its first input.</param>
    /// <param name="output">Shape of its output.</param>
    internal virtual ConvTransposeOp? MirrorOf(FeatureShape input, FeatureShape output) => null;

    /// <summary>What another order of the first input's channels does to the output.</summary>
    /// <param name="input">Shape of the first input.</param>
    internal virtual ChannelOrder OrderOfChannels(FeatureShape input) => IsElementwise ? ChannelOrder.Kept : ChannelOrder.Fixed;

    /// <summary>
    /// An operation that keeps channels (<see cref="ChannelOrder.Kept"/>), on some of them alone; null if each depends on all of them.
    /// </summary>
    /// <param name="count">How many.</param>
    /// <param name="input">Shape of its first input.</param>
    internal virtual Operation? OnChannels(int count, FeatureShape input) => this;

    /// <summary>The same layer with another number of filters, or null if it has none.</summary>
    internal virtual Operation? WithFilters(int count) => null;

    /// <summary>Whether each value depends only on the inputs' values at its place, and on parameters or factors of its channel.</summary>
    internal virtual bool IsElementwise => false;

    /// <summary>Whether it adds its inputs: a residual block ends with it.</summary>
    internal virtual bool IsSum => false;

    /// <summary>Whether it is a layer with weights: a scale folds into them, and its kernel can add a value and clip the sum.</summary>
    internal virtual bool IsWeighted => false;

    /// <summary>The map that has a pixel for each time that a weight is used.</summary>
    internal virtual FeatureShape WeightUses(FeatureShape input, FeatureShape output) => output;

    /// <summary>Whether its weight can have a mask.</summary>
    internal virtual bool TakesMask => false;

    /// <summary>Whether its kernel can apply a ReLU to the result as its last step in inference.</summary>
    internal virtual bool TakesRelu => IsWeighted || ScalesChannels;

    /// <summary>Whether a ReLU behind it overwrites its output in training. Its backward pass must not read the output.</summary>
    internal virtual bool TakesReluInTraining => IsWeighted || ScalesChannels;

    /// <summary>Whether training keeps its output in memory. If not, the output replaces the input or its readers compute it.</summary>
    internal virtual bool IsStoredInTraining => true;

    /// <summary>How it computes on bytes in inference.</summary>
    /// <param name="input">Shape of its first input.</param>
    internal virtual ByteForm OnBytes(FeatureShape input) =>
        ScalesChannels || ToBounds() is not null || ToActivation() is not null ? ByteForm.Rescales : ByteForm.None;

    /// <summary>Whether its output is its input in inference.</summary>
    internal virtual bool IsIdentityInInference => false;

    /// <summary>Whether it is scale[c]·x + shift[c] in inference; <see cref="FoldChannels"/> gives both.</summary>
    internal virtual bool ScalesChannels => false;

    /// <summary>What the outputs of a network are that ends with it.</summary>
    internal virtual OutputKind Outputs => OutputKind.Logits;

    /// <summary>The same layer with a bias.</summary>
    /// <exception cref="InvalidOperationException">It has no weights.</exception>
    internal virtual Operation WithBias() => throw new InvalidOperationException($"{this} has no weights");

    /// <summary>The bounds to which it clips its input, if that is all it does; else null.</summary>
    internal virtual Bounds? ToBounds() => null;

    /// <summary>The function that it applies to each element, if that has no parameters; else null.</summary>
    internal virtual Activation? ToActivation() => null;

    /// <summary>Where it moves the elements of its input, if that is all it does; else null.</summary>
    /// <param name="input">Shape of its input.</param>
    internal virtual Rearrangement? ToRearrangement(FeatureShape input) => null;

    /// <summary>The scale and the shift of each channel in inference, both [C] and new.</summary>
    /// <param name="parameter">Gives the values of a parameter by its suffix.</param>
    /// <exception cref="InvalidOperationException">It does not scale channels (<see cref="ScalesChannels"/>).</exception>
    internal virtual (float[] Scale, float[] Shift) FoldChannels(Func<string, float[]> parameter) =>
        throw new InvalidOperationException($"{this} does not scale channels");
}
