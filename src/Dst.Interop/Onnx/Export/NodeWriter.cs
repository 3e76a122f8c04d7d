using Dst.Graph;
using Dst.Kernels;

namespace Dst.Interop.Onnx.Export;

/// <summary>Writes the nodes of a model. This is the one table from our operations to those of ONNX.</summary>
internal sealed class NodeWriter(Model model, GraphWriter writer)
{
    /// <summary>The ONNX value of one of ours: [N, C, H, W], or [N, F] where <paramref name="IsRow"/>.</summary>
    private readonly record struct Value(string Name, bool IsRow);

    private readonly IReadOnlyDictionary<string, FeatureShape> _shapes = model.Graph.Shapes;
    private readonly RoundingWriter _rounding = new(model.Int8, writer);
    private readonly Dictionary<string, Value> _values = [];

    /// <summary>Writes what is done with the network's input before any node reads it.</summary>
    public void Begin() => Set(NetworkGraph.InputName, new(NetworkGraph.InputName, IsRow: false));

    /// <summary>Writes a node, after those that it reads.</summary>
    public void Add(Node node) => Set(node.Name, Write(node));

    private void Set(string name, Value value) => _values[name] = value with { Name = _rounding.Round(name, value.Name) };

    private Value Write(Node node) => node.Operation switch
    {
        LinearOp linear => new(AddLinear(node, linear), IsRow: true),
        SoftmaxOp => new(writer.Add("Softmax", node.Name, [Row(node, 0)], ("axis", 1)), IsRow: true),
        FlattenOp => new(Row(node, 0), IsRow: true),
        ReluOp => Elementwise(node, "Relu"),
        LeakyReluOp leaky => Elementwise(node, "LeakyRelu", ("alpha", leaky.Slope)),
        SigmoidOp => Elementwise(node, "Sigmoid"),
        HardSigmoidOp hard => Elementwise(node, "HardSigmoid", ("alpha", hard.Alpha), ("beta", hard.Beta)),
        TanhOp => Elementwise(node, "Tanh"),
        ClipOp clip => new(
            writer.Add("Clip", node.Name, [Read(node, 0).Name, Scalar(node, "min", clip.Min), Scalar(node, "max", clip.Max)]),
            Read(node, 0).IsRow),
        DropoutOp dropout => new(
            writer.Add("Dropout", node.Name, [Read(node, 0).Name, Scalar(node, "ratio", dropout.Rate)]), Read(node, 0).IsRow),
        _ => new(AddMap(node), IsRow: false),
    };

    /// <summary>Writes the network's output as rows called <paramref name="output"/>.</summary>
    public void Finish(string output)
    {
        var last = _values[model.Graph.Output.Name];
        writer.Rename(last.IsRow ? last.Name : writer.Add("Flatten", output, [last.Name], ("axis", 1)), output);
    }

    /// <summary>Writes a node that reads and gives maps [N, C, H, W].</summary>
    private string AddMap(Node node)
    {
        var name = node.Name;
        switch (node.Operation)
        {
            case Conv2dOp c:
                return writer.Add("Conv", name,
                    [Map(node, 0), Parameter(node, "weight"), .. c.Bias ? [Parameter(node, "bias")] : Array.Empty<string>()],
                    ("kernel_shape", new[] { c.KernelHeight, c.KernelWidth }), ("strides", new[] { c.Stride, c.Stride }),
                    Pads(c.Padding), ("group", c.Groups));
            case ConvTransposeOp t:
                return writer.Add("ConvTranspose", name,
                    [Map(node, 0), ExchangedWeight(node), .. t.Bias ? [Parameter(node, "bias")] : Array.Empty<string>()],
                    ("kernel_shape", new[] { t.KernelHeight, t.KernelWidth }), ("strides", new[] { t.Stride, t.Stride }),
                    Pads(t.Padding), ("output_padding", new[] { t.OutputPadding, t.OutputPadding }));
            case BatchNormOp b:
                return writer.Add("BatchNormalization", name,
                    [
                        Map(node, 0), Parameter(node, "weight"), Parameter(node, "bias"),
                        Parameter(node, "running_mean"), Parameter(node, "running_var"),
                    ],
                    ("epsilon", b.Epsilon), ("momentum", 1 - b.Momentum));
            case PReluOp:
                return writer.Add("PRelu", name, [Map(node, 0), Parameter(node, "weight", perPixel: true)]);
            case AffineOp:
                var scaled = writer.Add("Mul", $"{name}.scaled", [Map(node, 0), Parameter(node, "weight", perPixel: true)]);
                return writer.Add("Add", name, [scaled, Parameter(node, "bias", perPixel: true)]);
            case HardSwishOp or SiluOp or MishOp or GeluOp or LayerNormOp:
                return Compositions.Add(writer, node.Operation, name, Map(node, 0), suffix => Parameter(node, suffix, perPixel: true));
            case LocalResponseNormOp l:
                return writer.Add(
                    "LRN", name, [Map(node, 0)], ("size", l.Size), ("alpha", l.Alpha), ("beta", l.Beta), ("bias", l.Bias));
            case AddOp:
                return writer.Add("Add", name, [Map(node, 0), Map(node, 1)]);
            case MulOp:
                return writer.Add("Mul", name, [Map(node, 0), Map(node, 1)]);
            case ConcatOp:
                return writer.Add("Concat", name, node.Inputs.Select((_, i) => Map(node, i)), ("axis", 1));
            case PoolOp p:
                return PoolWriter.Add(writer, p, name, Map(node, 0), _shapes[node.Inputs[0]]);
            case SpectralPoolOp p:
                return PoolWriter.AddSpectral(writer, p, name, Map(node, 0), _shapes[node.Inputs[0]]);
            case UpsampleOp u:
                var scales = writer.AddConstant($"{name}.scales", [4], [1, 1, u.Scale, u.Scale]);
                return writer.Add("Resize", name, [Map(node, 0), "", scales],
                    ("mode", u.Bilinear ? "linear" : "nearest"), ("nearest_mode", "floor"),
                    ("coordinate_transformation_mode", u.Bilinear ? "half_pixel" : "asymmetric"));
            case GlobalAvgPoolOp:
                return writer.Add("GlobalAveragePool", name, [Map(node, 0)]);
            case GlobalMaxPoolOp:
                return writer.Add("GlobalMaxPool", name, [Map(node, 0)]);
            case PadOp p:
                return PoolWriter.AddPad(writer, name, Map(node, 0), p);
            case SliceOp s:
                return writer.Add("Slice", name,
                    [
                        Map(node, 0), writer.AddConstant($"{name}.starts", s.Start),
                        writer.AddConstant($"{name}.ends", s.Start + s.Channels), writer.AddConstant($"{name}.axes", 1),
                    ]);
            case ChannelShuffleOp s:
                return AddShuffle(node, s.Groups);
            default:
                throw new InvalidOperationException($"no ONNX operation for {node.Operation}");
        }
    }

    private string AddLinear(Node node, LinearOp linear) => writer.Add("Gemm", node.Name,
        [Row(node, 0), Parameter(node, "weight"), .. linear.Bias ? [Parameter(node, "bias")] : Array.Empty<string>()], ("transB", 1));

    /// <summary>Writes channels as [groups, channels / groups], transposed. A dimension of 0 keeps the batch.</summary>
    private string AddShuffle(Node node, int groups)
    {
        var (name, x) = (node.Name, _shapes[node.Name]);
        string Reshape(string value, string step, params long[] shape) =>
            writer.Add("Reshape", $"{name}.{step}", [value, writer.AddConstant($"{name}.{step}.shape", shape)]);

        var split = Reshape(Map(node, 0), "split", 0, groups, x.Channels / groups, x.Height, x.Width);
        var transposed = writer.Add("Transpose", name, [split], ("perm", new[] { 0, 2, 1, 3, 4 }));
        return Reshape(transposed, "join", 0, x.Channels, x.Height, x.Width);
    }

    private Value Elementwise(Node node, string operation, params (string Name, object Value)[] attributes) =>
        Read(node, 0) with { Name = writer.Add(operation, node.Name, [Read(node, 0).Name], attributes) };

    private Value Read(Node node, int input) => _values[node.Inputs[input]];

    /// <summary>An input as [N, F].</summary>
    private string Row(Node node, int input)
    {
        var value = Read(node, input);
        if (value.IsRow) return value.Name;
        return writer.Add("Flatten", node.Operation is FlattenOp ? node.Name : $"{node.Name}.flat", [value.Name], ("axis", 1));
    }

    /// <summary>An input as [N, C, H, W].</summary>
    private string Map(Node node, int input)
    {
        var value = Read(node, input);
        if (!value.IsRow) return value.Name;
        var name = $"{node.Name}.map{input}";
        var shape = _shapes[node.Inputs[input]];
        var dims = writer.AddConstant($"{name}.shape", 0, shape.Channels, shape.Height, shape.Width);
        var map = writer.Add("Reshape", name, [value.Name, dims]);
        _values[node.Inputs[input]] = new(map, IsRow: false);
        return map;
    }

    private string Parameter(Node node, string suffix, bool perPixel = false)
    {
        var name = $"{node.Name}.{suffix}";
        var tensor = model.Parameters[name];
        if (suffix == "weight" && _rounding.AddWeight(node.Name, tensor) is { } weight) return weight;
        return writer.AddConstant(name, perPixel ? [tensor.Shape[0], 1, 1] : tensor.Shape, tensor.Data);
    }

    /// <summary>A weight [O, I, Kh, Kw] as [I, O, Kh, Kw].</summary>
    private string ExchangedWeight(Node node)
    {
        var name = $"{node.Name}.weight";
        var (shape, values) = (model.Parameters[name].Shape, model.Parameters[name].Data);
        var exchanged = new float[values.Length];
        TransposedConvolution.ExchangeChannels(values, shape[0], shape[1], exchanged);
        return writer.AddConstant(name, [shape[1], shape[0], shape[2], shape[3]], exchanged);
    }

    private string Scalar(Node node, string name, float value) => writer.AddConstant($"{node.Name}.{name}", [], [value]);

    private static (string Name, object Value) Pads(int padding) => ("pads", new[] { padding, padding, padding, padding });
}
