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
    public void Add(Node node)
    {
        writer.Layer = node.Name;
        Set(node.Name, Write(node));
    }

    /// <summary>Writes the network's output as rows called <paramref name="output"/>.</summary>
    public void Finish(string output)
    {
        writer.Layer = "";
        var last = _values[model.Graph.Output.Name];
        writer.Rename(last.IsRow ? last.Name : writer.Add("Flatten", output, [last.Name], ("axis", 1)), output);
    }

    /// <summary>Sets a value of ours, rounded to bytes if the network holds it in bytes.</summary>
    private void Set(string name, Value value) => _values[name] = value with { Name = _rounding.Round(name, value.Name) };

    private Value Write(Node node) => node.Operation switch
    {
        LinearOp linear => new(AddLinear(node, linear), IsRow: true),
        SoftmaxOp => new(writer.Add("Softmax", node.Name, [Row(node)], ("axis", 1)), IsRow: true),
        FlattenOp => new(Row(node), IsRow: true),
        ReluOp => Elementwise(node, "Relu"),
        LeakyReluOp leaky => Elementwise(node, "LeakyRelu", ("alpha", leaky.Slope)),
        EluOp elu => Elementwise(node, "Elu", ("alpha", elu.Alpha)),
        SigmoidOp => Elementwise(node, "Sigmoid"),
        HardSigmoidOp hard => Elementwise(node, "HardSigmoid", ("alpha", hard.Alpha), ("beta", hard.Beta)),
        TanhOp => Elementwise(node, "Tanh"),
        ClipOp clip => Read(node) with
        {
            Name = writer.Add("Clip", node.Name, [Read(node).Name, Scalar(node, "min", clip.Min), Scalar(node, "max", clip.Max)]),
        },
        DropoutOp dropout => Read(node) with
        {
            Name = writer.Add("Dropout", node.Name, [Read(node).Name, Scalar(node, "ratio", dropout.Rate)]),
        },
        _ => new(AddMap(node), IsRow: false),
    };

    /// <summary>Writes a node that reads and gives maps [N, C, H, W].</summary>
    private string AddMap(Node node) => node.Operation switch
    {
        Conv2dOp c => writer.Add(
            "Conv", node.Name, [Map(node, 0), Parameter(node, "weight"), .. BiasOf(node, c.Bias)],
            ("kernel_shape", new[] { c.KernelHeight, c.KernelWidth }), ("strides", new[] { c.Stride, c.Stride }),
            Pads(c.Padding), ("group", c.Groups)),
        ConvTransposeOp t => writer.Add(
            "ConvTranspose", node.Name, [Map(node, 0), ExchangedWeight(node), .. BiasOf(node, t.Bias)],
            ("kernel_shape", new[] { t.KernelHeight, t.KernelWidth }), ("strides", new[] { t.Stride, t.Stride }),
            Pads(t.Padding), ("output_padding", new[] { t.OutputPadding, t.OutputPadding })),
        BatchNormOp b => AddBatchNorm(node, b),
        PReluOp => writer.Add("PRelu", node.Name, [Map(node, 0), Parameter(node, "weight", perPixel: true)]),
        AffineOp => AddAffine(node),
        GroupNormOp g => AddGroupNorm(node, g),
        LocalResponseNormOp l => writer.Add(
            "LRN", node.Name, [Map(node, 0)], ("size", l.Size), ("alpha", l.Alpha), ("beta", l.Beta), ("bias", l.Bias)),
        AddOp => writer.Add("Add", node.Name, [Map(node, 0), Map(node, 1)]),
        MulOp => writer.Add("Mul", node.Name, [Map(node, 0), Map(node, 1)]),
        ConcatOp => writer.Add("Concat", node.Name, node.Inputs.Select((_, i) => Map(node, i)), ("axis", 1)),
        PoolOp p => PoolWriter.Add(writer, p, node.Name, Map(node, 0), _shapes[node.Inputs[0]]),
        SpectralPoolOp p => PoolWriter.AddSpectral(writer, p, node.Name, Map(node, 0), _shapes[node.Inputs[0]]),
        UpsampleOp u => AddUpsample(node, u),
        GlobalAvgPoolOp => writer.Add("GlobalAveragePool", node.Name, [Map(node, 0)]),
        GlobalMaxPoolOp => writer.Add("GlobalMaxPool", node.Name, [Map(node, 0)]),
        PadOp p => PoolWriter.AddPad(writer, node.Name, Map(node, 0), p),
        EdgePadOp p => PoolWriter.AddEdgePad(writer, node.Name, Map(node, 0), p),
        SliceOp s => AddSlice(node, s),
        ChannelShuffleOp s => AddShuffle(node, s.Groups),
        _ => Compositions.Add(
            writer, node.Operation, node.Name, Map(node, 0), suffix => Parameter(node, suffix, perPixel: true)),
    };

    private string AddBatchNorm(Node node, BatchNormOp norm) => writer.Add(
        "BatchNormalization", node.Name,
        [
            Map(node, 0), Parameter(node, "weight"), Parameter(node, "bias"),
            Parameter(node, "running_mean"), Parameter(node, "running_var"),
        ],
        ("epsilon", norm.Epsilon), ("momentum", 1 - norm.Momentum));

    private string AddAffine(Node node) => AddScales(node, Map(node, 0), node.Name);

    /// <summary>Writes x · weight + bias for each channel of a value.</summary>
    private string AddScales(Node node, string x, string name)
    {
        var scaled = writer.Add("Mul", $"{node.Name}.scaled", [x, Parameter(node, "weight", perPixel: true)]);
        return writer.Add("Add", name, [scaled, Parameter(node, "bias", perPixel: true)]);
    }

    /// <summary>Writes a group as a channel of an instance normalisation, as PyTorch does.</summary>
    private string AddGroupNorm(Node node, GroupNormOp norm)
    {
        var (name, x, epsilon) = (node.Name, _shapes[node.Name], ("epsilon", norm.Epsilon));
        if (norm.Groups == x.Channels)
            return writer.Add("InstanceNormalization", name, [Map(node, 0), Parameter(node, "weight"), Parameter(node, "bias")], epsilon);
        string ForGroups(string suffix, float value) =>
            writer.AddConstant($"{name}.{suffix}", [norm.Groups], [.. Enumerable.Repeat(value, norm.Groups)]);
        var groups = Reshape(node, Map(node, 0), "groups", 0, norm.Groups, -1);
        var normal = writer.Add("InstanceNormalization", name, [groups, ForGroups("ones", 1), ForGroups("zeros", 0)], epsilon);
        return AddScales(node, Reshape(node, normal, "map", 0, x.Channels, x.Height, x.Width), $"{name}.biased");
    }

    /// <summary>Writes a step that gives the same elements other dimensions. One of 0 keeps the batch.</summary>
    private string Reshape(Node node, string value, string step, params long[] shape) =>
        writer.Add("Reshape", $"{node.Name}.{step}", [value, writer.AddConstant($"{node.Name}.{step}.shape", shape)]);

    private string AddUpsample(Node node, UpsampleOp upsample)
    {
        var scales = writer.AddConstant($"{node.Name}.scales", [4], [1, 1, upsample.Scale, upsample.Scale]);
        return writer.Add(
            "Resize", node.Name, [Map(node, 0), "", scales],
            ("mode", upsample.Bilinear ? "linear" : "nearest"), ("nearest_mode", "floor"),
            ("coordinate_transformation_mode", upsample.Bilinear ? "half_pixel" : "asymmetric"));
    }

    private string AddSlice(Node node, SliceOp slice)
    {
        string Constant(string name, long value) => writer.AddConstant($"{node.Name}.{name}", value);
        return writer.Add(
            "Slice", node.Name,
            [Map(node, 0), Constant("starts", slice.Start), Constant("ends", slice.Start + slice.Channels), Constant("axes", 1)]);
    }

    private string AddLinear(Node node, LinearOp linear) => writer.Add("Gemm", node.Name,
        [Row(node), Parameter(node, "weight"), .. BiasOf(node, linear.Bias)], ("transB", 1));

    /// <summary>Writes channels as [groups, channels / groups], transposed.</summary>
    private string AddShuffle(Node node, int groups)
    {
        var (name, x) = (node.Name, _shapes[node.Name]);
        var split = Reshape(node, Map(node, 0), "split", 0, groups, x.Channels / groups, x.Height, x.Width);
        var transposed = writer.Add("Transpose", name, [split], ("perm", new[] { 0, 2, 1, 3, 4 }));
        return Reshape(node, transposed, "join", 0, x.Channels, x.Height, x.Width);
    }

    private Value Elementwise(Node node, string operation, params (string Name, object Value)[] attributes) =>
        Read(node) with { Name = writer.Add(operation, node.Name, [Read(node).Name], attributes) };

    private Value Read(Node node, int input = 0) => _values[node.Inputs[input]];

    /// <summary>The input as [N, F].</summary>
    private string Row(Node node)
    {
        var value = Read(node);
        if (value.IsRow) return value.Name;
        return writer.Add("Flatten", node.Operation is FlattenOp ? node.Name : $"{node.Name}.flat", [value.Name], ("axis", 1));
    }

    /// <summary>An input as [N, C, H, W].</summary>
    private string Map(Node node, int input)
    {
        var value = Read(node, input);
        if (!value.IsRow) return value.Name;
        var shape = _shapes[node.Inputs[input]];
        var map = Reshape(node, value.Name, $"map{input}", 0, shape.Channels, shape.Height, shape.Width);
        _values[node.Inputs[input]] = new(map, IsRow: false);
        return map;
    }

    /// <summary>Writes a parameter; one for each channel as [C, 1, 1] if it is used <paramref name="perPixel"/>.</summary>
    private string Parameter(Node node, string suffix, bool perPixel = false)
    {
        var name = $"{node.Name}.{suffix}";
        var tensor = model.Parameters[name];
        if (suffix == "weight" && _rounding.AddWeight(node.Name, tensor) is { } weight) return weight;
        return writer.AddConstant(name, perPixel ? [tensor.Shape[0], 1, 1] : tensor.Shape, tensor.Data);
    }

    private string[] BiasOf(Node node, bool hasBias) => hasBias ? [Parameter(node, "bias")] : [];

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
