using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// y = f(x) for each element of blocked maps, where f may have parameters for each channel. Lanes that belong to no channel become
/// zero, whatever f(0) is. The caller owns the parameters, padded [C] in native memory, and each call reads them.
/// </summary>
public abstract unsafe class Activation
{
    /// <summary>1 / (1 + e^−x).</summary>
    public static Activation Sigmoid { get; } = new Activation<SigmoidFunction>(default);

    /// <summary>Hyperbolic tangent.</summary>
    public static Activation Tanh { get; } = new Activation<TanhFunction>(default);

    /// <summary>x · max(0, min(1, x/6 + 0.5)) (Howard et al., "Searching for MobileNetV3", ICCV 2019).</summary>
    public static Activation HardSwish { get; } = new Activation<HardSwishFunction>(default);

    /// <summary>x · Φ(x), Φ the normal distribution's (Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016).</summary>
    public static Activation Gelu { get; } = new Activation<GeluFunction>(default);

    /// <summary>The approximation of <see cref="Gelu"/> x · (1 + tanh(√(2/π) · (x + 0.044715·x³))) / 2, of the same paper.</summary>
    public static Activation GeluTanh { get; } = new Activation<GeluTanhFunction>(default);

    /// <summary>x / (1 + e^−x) (Elfwing, Uchibe, Doya, "Sigmoid-Weighted Linear Units", 2017).</summary>
    public static Activation Silu { get; } = new Activation<SiluFunction>(default);

    /// <summary>x · tanh(ln(1 + e^x)) (Misra, "Mish", BMVC 2020).</summary>
    public static Activation Mish { get; } = new Activation<MishFunction>(default);

    /// <summary>max(0, min(1, alpha·x + beta)).</summary>
    public static Activation HardSigmoid(float alpha, float beta) => new Activation<HardSigmoidFunction>(new(alpha, beta));

    /// <summary>min(max(x, least), most).</summary>
    public static Activation Clip(float least, float most) => new Activation<ClipFunction>(new(least, most));

    /// <summary>x where x &gt; 0, else slope·x.</summary>
    public static Activation LeakyRelu(float slope) => new Activation<LeakyReluFunction>(new(slope));

    /// <summary>x where x &gt; 0, else alpha · (e^x − 1) (Clevert, Unterthiner, Hochreiter, "Exponential Linear Units", 2016).</summary>
    public static Activation Elu(float alpha) => new Activation<EluFunction>(new(alpha));

    /// <summary>x where x &gt; 0, else slopes[c]·x (He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", ICCV 2015).</summary>
    /// <param name="slopes">Padded [C].</param>
    public static Activation PRelu(float* slopes) => new Activation<PReluFunction>(new(slopes));

    /// <summary>weights[c]·x + biases[c].</summary>
    /// <param name="weights">Padded [C].</param>
    /// <param name="biases">Padded [C].</param>
    public static Activation Affine(float* weights, float* biases) => new Activation<AffineFunction>(new(weights, biases));

    /// <summary>f(x) in the first channel, rounded from double precision.</summary>
    public abstract float Value(float x);

    /// <summary>y = f(x).</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">[N, C/16, H, W, 16].</param>
    /// <param name="images">Images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="y">Same layout; may be <paramref name="x"/>.</param>
    public abstract void Forward(SimdTier tier, float* x, int images, int channels, int pixels, float* y);

    /// <summary>dx = dy · f′(x).</summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">The forward pass's input [N, C/16, H, W, 16].</param>
    /// <param name="y">The forward pass's output.</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="dx">Gradient of the input.</param>
    /// <param name="accumulate">Adds to <paramref name="dx"/> rather than overwrites it.</param>
    public abstract void BackwardData(
        SimdTier tier, float* x, float* y, float* dy, int images, int channels, int pixels, float* dx, bool accumulate);

    /// <summary>
    /// Adds Σ dy·min(x, 0) of each channel, the gradient of a PReLU's slope, over a run of images to <paramref name="sums"/>.
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">The forward pass's input [N, C/16, H, W, 16].</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="sums">Padded [C], in double so that parts can be added without loss.</param>
    public static void PReluBackwardWeight(SimdTier tier, float* x, float* dy, int images, int channels, int pixels, Span<double> sums) =>
        BackwardWeight<PReluFunction>(tier, x, dy, images, channels, pixels, sums);

    /// <summary>
    /// Adds Σ dy·x of each channel, the gradient of an affine map's weight, over a run of images to <paramref name="sums"/>.
    /// The gradient of its bias is <see cref="Bias.Backward"/>.
    /// </summary>
    /// <param name="tier">Vector width.</param>
    /// <param name="x">The forward pass's input [N, C/16, H, W, 16].</param>
    /// <param name="dy">Gradient of the output.</param>
    /// <param name="images">Images N.</param>
    /// <param name="channels">Channels C.</param>
    /// <param name="pixels">H · W.</param>
    /// <param name="sums">Padded [C], in double so that parts can be added without loss.</param>
    public static void AffineBackwardWeight(SimdTier tier, float* x, float* dy, int images, int channels, int pixels, Span<double> sums) =>
        BackwardWeight<AffineFunction>(tier, x, dy, images, channels, pixels, sums);

    private static void BackwardWeight<TFunction>(
        SimdTier tier, float* x, float* dy, int images, int channels, int pixels, Span<double> sums)
        where TFunction : struct, IParametricActivation
    {
        Check.Images(images, channels, pixels);
        Check.Length<double>(sums, Layout.PaddedChannels(channels));
        fixed (double* s = sums)
            KernelRunner.Run(tier, new ActivationBackwardWeight<TFunction>(x, dy, images, Layout.Blocks(channels), pixels, s));
    }
}

/// <summary>The activation of one function.</summary>
internal sealed unsafe class Activation<TFunction>(TFunction function) : Activation where TFunction : struct, IActivation
{
    public override float Value(float x) => (float)function.Value(x, 0);

    public override void Forward(SimdTier tier, float* x, int images, int channels, int pixels, float* y)
    {
        Check.Images(images, channels, pixels);
        KernelRunner.Run(tier, new ActivationForward<TFunction>(function, x, images, channels, pixels, y));
    }

    public override void BackwardData(
        SimdTier tier, float* x, float* y, float* dy, int images, int channels, int pixels, float* dx, bool accumulate)
    {
        Check.Images(images, channels, pixels);
        KernelRunner.Run(
            tier, new ActivationBackwardData<TFunction>(function, x, y, dy, images, Layout.Blocks(channels), pixels, dx, accumulate));
    }
}
