// Predicts with vectors of 128 bits and prints a line for each network: its logits' bits. A test runs this program on two processors, an
// x86 one and an ARM one, and expects the same lines. Other tests set the x86 one's beside plain loops in double precision.
// Usage: Dst.OnArm64                   all cases
//        Dst.OnArm64 NETWORK IMAGES [int8]    one halved network of the zoo, so often, for counts of instructions
using System.Globalization;
using Dst;
using Dst.Graph;
using Dst.Kernels;
using Dst.Kernels.Simd;
using Dst.Masks;
using Dst.Runtime.Inference;
using Dst.Runtime.Quantisation;
using Dst.Training.Masks;
using Dst.Training.Networks;

if (args.Length > 1)
{
    var (network, images) = (Halved(OfZoo(args[0], width: 1), "kernel:16:16"), int.Parse(args[1], CultureInfo.InvariantCulture));
    Console.WriteLine(Bits(Run(args is [_, _, "int8"] ? Quantised(network) : network, exact: false, batch: 1, images)));
    return;
}

foreach (var (name, layer) in Layers())
{
    Console.WriteLine($"{name}, direct form: {Bits(Run(layer, exact: true, batch: 3, images: 3))}");
    Console.WriteLine($"{name}: {Bits(Run(layer, exact: false, batch: 3, images: 3))}");
}

(string Arch, double Width, string? Pattern)[] networks =
[
    ("resnet8", 1, "kernel:16:16"), ("resnet8", 0.5, "row:16:16"), ("mobilenetv2", 0.25, null), ("lenet7", 1, null),
    ("aconvnet", 0.5, null),
];
foreach (var (arch, width, pattern) in networks)
{
    var model = OfZoo(arch, width);
    var bits = Bits(Run(pattern is null ? model : Halved(model, pattern), exact: false, batch: 3, images: 3));
    Console.WriteLine($"{arch} {pattern}: {bits}");
}

// Integers are exact: the loops without vectors are the specification.
foreach (var pattern in new[] { null, "kernel:16:16", "weight:16:4:1" })
{
    var bytes = Quantised(pattern is null ? OfBytes() : Halved(OfBytes(), pattern));
    var (vectors, scalars) = (Bits(RunIn(SimdTier.V128, bytes)), Bits(RunIn(SimdTier.Scalar, bytes)));
    if (vectors != scalars) throw new InvalidOperationException($"8-bit integers: {vectors} with vectors, {scalars} without");
    Console.WriteLine($"8-bit integers {pattern}: {vectors}");
}

// Odd layers: few channels, strides, widths that no register tile divides, kernels of each kind of form.
static IEnumerable<(string Name, Model Model)> Layers()
{
    foreach (var (channels, side, filters, kernel, stride) in new[]
        { (1, 11, 17, 5, 1), (3, 13, 33, 3, 2), (20, 7, 40, 3, 1), (48, 5, 20, 1, 1), (33, 9, 16, 6, 1), (16, 19, 16, 9, 1) })
    {
        var layer = Layer(channels, side, filters, kernel, stride);
        var name = $"{channels}x{side}x{side}-{filters} {kernel}x{kernel} stride {stride}";
        yield return (name, layer);
        if (channels >= 16) yield return ($"{name}, weight:4:4", Halved(layer, "weight:4:4"));
    }
}

static Model Layer(int channels, int side, int filters, int kernel, int stride) => Filled(new(new("layer", new(channels, side, side), [
    new("conv", new Conv2dOp(filters, kernel, kernel, stride, kernel / 2), [NetworkGraph.InputName]),
    new("act", new SiluOp(), ["conv"]),
    new("pool", new GlobalAvgPoolOp(), ["act"]),
])));

static Model OfBytes() => Filled(new(new("bytes", new(3, 13, 11), [
    new("conv", new Conv2dOp(32, 3, 3, 1, 1), [NetworkGraph.InputName]), new("relu", new ReluOp(), ["conv"]),
    new("deep", new Conv2dOp(32, 3, 3, 1, 1, 32), ["relu"]), new("point", new Conv2dOp(32, 1, 1), ["deep"]),
    new("sum", new AddOp(), ["point", "relu"]), new("max", new MaxPoolOp(2, 2), ["sum"]), new("mean", new AvgPoolOp(2, 2), ["relu"]),
    new("joined", new ConcatOp(), ["max", "mean"]), new("last", new Conv2dOp(40, 3, 3, 2, 1), ["joined"]),
    new("pool", new GlobalAvgPoolOp(), ["last"]), new("fc", new LinearOp(5), ["pool"]),
])));

static Model OfZoo(string arch, double width)
{
    var (input, classes) = Zoo.UsualTask(arch);
    return Filled(Zoo.Build(arch, input, classes, width));
}

// Values that need no function of a mathematical library, in which processors differ.
static Model Filled(CheckedGraph graph)
{
    var model = Initialiser.Initialise(graph, seed: 1);
    var seed = 0UL;
    foreach (var (name, parameter) in model.Parameters.OrderBy(parameter => parameter.Key, StringComparer.Ordinal))
    {
        var isVariance = name.EndsWith("running_var", StringComparison.Ordinal);
        var scale = isVariance ? 0.25f : 2 / MathF.Sqrt(parameter.Data.Length / (float)parameter.Shape[0]);
        foreach (ref var value in parameter.Data.AsSpan()) value = (isVariance ? 1 : 0) + scale * Uniform(seed++);
    }

    return model;
}

static Model Halved(Model model, string pattern) =>
    PruningPlan.Create(model, new PruningOptions { Pattern = UhpPattern.Parse(pattern) }).ApplyTo(model);

static Model Quantised(Model model) =>
    Quantiser.Quantise(model, Inputs(model, 2), 2, new() { Method = RangeMethod.Minmax, Tier = SimdTier.V128 }).Model;

static float Uniform(ulong n) => (SplitMix64.Hash(n + 1) >> 40) * (2f / (1 << 24)) - 1;

static float[] Inputs(Model model, int images)
{
    var inputs = new float[images * model.Graph.Input.Count];
    for (var i = 0; i < inputs.Length; i++) inputs[i] = Uniform((ulong)i);
    return inputs;
}

static float[] Run(Model model, bool exact, int batch, int images)
{
    var options = new InferenceOptions { Tier = SimdTier.V128, Tune = false, Batch = batch };
    using var plan = exact ? InferencePlan.CompileDirect(model, options) : InferencePlan.Compile(model, options);
    return Logits(plan, model, images);
}

static float[] RunIn(SimdTier tier, Model model)
{
    using var plan = InferencePlan.CompileDirect(model, new() { Tier = tier });
    return Logits(plan, model, images: 1);
}

static float[] Logits(InferencePlan plan, Model model, int images)
{
    using var session = plan.CreateSession();
    var logits = new float[images * plan.Outputs];
    session.Run(Inputs(model, images), images, logits);
    return logits;
}

static string Bits(float[] values)
{
    var hash = 0UL;
    foreach (var value in values) hash = SplitMix64.Mix(hash ^ BitConverter.SingleToUInt32Bits(value));
    return $"{hash:x16} {values[0]:R}";
}
