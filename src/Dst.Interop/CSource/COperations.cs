using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>Writes each operation into the source. This is the one table from operations to C.</summary>
internal static class COperations
{
    /// <summary>What the C source can compute.</summary>
    public static LoweringTarget Target { get; } = new(ReadsMapsInAnyOrder: true);

    /// <summary>Writes all statements of a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="prefix">What all names begin with.</param>
    /// <param name="weights">Takes the constants that are not part of the source; null if all are.</param>
    public static CProgram Write(CNetwork network, string prefix, CWeights? weights)
    {
        var program = new CProgram(network, prefix, weights);
        var (input, output) = (NetworkGraph.InputName, network.Program.Output);
        program.Use("map.c");
        if (network[input].Argument is null)
        {
            program.Begin("input", $"{network[input].Shape}, from channel planes to a map", input);
            program.Statement("read_planes", "input", program.AddressOf(input), program.MapOf(input));
        }

        foreach (var node in network.Program.Nodes)
        {
            if (network.IsPooled(node)) continue; // its pooling computes it too
            switch (network.PooledBy(node))
            {
                case CRows rows:
                    EmitRows(program, rows);
                    break;
                case CMaxima maxima:
                    EmitMaxima(program, maxima);
                    break;
                default:
                    program.Begin(node.Layer, Describe(node, network), node.Output);
                    Emit(program, node);
                    break;
            }
        }

        if (network[output].Argument is null or "input")
        {
            program.Begin("output", "from a map to channel planes", output);
            program.Statement("write_planes", program.AddressOf(output), program.MapOf(output), "logits");
        }

        return program;
    }

    private static void EmitRows(CProgram program, CRows rows)
    {
        var (convolution, pooling) = (rows.Convolution, rows.Pooling);
        program.Begin(convolution.Layer, $"{Describe(convolution, program.Network)}, {rows.Rows} rows at a time", convolution.Output);
        program.Begin(pooling.Layer, $"{Describe(pooling, program.Network)}, row by row", pooling.Output);
        program.BeginRows(rows);
        Emit(program, convolution);
        Emit(program, pooling);
        program.EndRows();
    }

    private static void EmitMaxima(CProgram program, CMaxima maxima)
    {
        var (convolution, pooling) = (maxima.Convolution, maxima.Pooling);
        program.Begin($"{convolution.Layer}, {pooling.Layer}", $"{Describe(convolution, program.Network)}, 2x2 maxima", pooling.Output);
        CInt8.EmitMaxima(program, maxima);
    }

    private static void Emit(CProgram program, LoweredNode node)
    {
        switch (node.Operation)
        {
            case ConversionOp:
            case var _ when node.Integers is not null:
                CInt8.Emit(program, node);
                break;
            case Conv2dOp when node is LoweredDepthwiseNode depthwise:
                CConvolutions.EmitDepthwise(program, depthwise);
                break;
            case Conv2dOp or LinearOp:
                CConvolutions.Emit(program, node);
                break;
            case ConvTransposeOp t:
                CConvolutions.EmitTransposed(program, node, t);
                break;
            case PoolOp or GlobalMaxPoolOp or GlobalAvgPoolOp:
                CPooling.Emit(program, node);
                break;
            case SpectralPoolOp p:
                CPooling.EmitSpectral(program, node, p);
                break;
            case LayerNormOp l:
                EmitLayerNorm(program, node, l);
                break;
            case GroupNormOp g:
                EmitGroupNorm(program, node, g);
                break;
            case LocalResponseNormOp l:
                EmitLocalResponseNorm(program, node, l);
                break;
            case SoftmaxOp:
                program.UseMath();
                program.CallToPlanes("softmax", node);
                break;
            case FlattenOp:
                program.CallToPlanes("write_planes", node);
                break;
            case ConcatOp:
                EmitConcat(program, node);
                break;
            case SliceOp s:
                EmitCopy(program, node.Inputs[0], s.Start, s.Channels, node.Output, 0);
                break;
            case PadOp p:
                EmitPad(program, node, p);
                break;
            case EdgePadOp p:
                program.Call("edge_pad", node, $"{p.Top}, {p.Left}, {(p.Reflects ? 1 : 0)}");
                break;
            case ChannelShuffleOp s:
                program.Call("shuffle", node, $"{s.Groups}");
                break;
            case UpsampleOp u:
                program.Call("upsample", node, $"{u.Scale}, {(u.Bilinear ? 1 : 0)}");
                break;
            case { IsElementwise: true }:
                CElementwise.Emit(program, node);
                break;
            default:
                throw new InputException($"layer '{node.Layer}' is the operation {NameOf(node)}, which cannot be exported as C source yet");
        }
    }

    private static void EmitLayerNorm(CProgram program, LoweredNode node, LayerNormOp norm)
    {
        program.UseMath();
        program.Call("layer_norm", node, $"{AddScales(program, node)}, {CText.Float(norm.Epsilon)}");
    }

    private static void EmitGroupNorm(CProgram program, LoweredNode node, GroupNormOp norm)
    {
        program.UseMath();
        var (low, high) = CProgram.BoundsOf(node);
        program.Call("group_norm", node, $"{norm.Groups}, {AddScales(program, node)}, {CText.Float(norm.Epsilon)}, {low}, {high}");
    }

    /// <summary>A factor and a summand for each channel.</summary>
    private static string AddScales(CProgram program, LoweredNode node) =>
        $"{program.AddFloats(node, "weight", node.Weight!)}, {program.AddFloats(node, "bias", node.Bias!)}";

    private static void EmitLocalResponseNorm(CProgram program, LoweredNode node, LocalResponseNormOp norm)
    {
        program.UseMath();
        var constants = string.Join(", ", new[] { norm.Alpha / norm.Size, norm.Beta, norm.Bias }.Select(CText.Float));
        program.Call("local_response_norm", node, $"{(norm.Size - 1) / 2}, {norm.Size / 2}, {constants}");
    }

    private static void EmitPad(CProgram program, LoweredNode node, PadOp pad)
    {
        var padded = program.Network[node.Output];
        program.Statement("fill", CText.Float(pad.Value), program.AddressOf(node.Output), program.MapOf(node.Output));
        var first = pad.Top * padded.Pitch + pad.Left * padded.Shape.Channels + pad.ChannelsBefore;
        EmitCopy(program, node.Inputs[0], 0, program.Network[node.Inputs[0]].Shape.Channels, node.Output, first);
    }

    private static void EmitConcat(CProgram program, LoweredNode node)
    {
        var first = 0;
        foreach (var input in node.Inputs)
        {
            var channels = program.Network[input].Shape.Channels;
            EmitCopy(program, input, 0, channels, node.Output, first);
            first += channels;
        }
    }

    private static void EmitCopy(CProgram program, string from, int firstRead, int channels, string to, int firstWritten)
    {
        program.Statement(
            "copy", $"{program.AddressOf(from)} + {firstRead}", program.MapOf(from), $"{channels}",
            $"{program.AddressOf(to)} + {firstWritten}", program.MapOf(to));
    }

    private static string Describe(LoweredNode node, CNetwork network)
    {
        var kind = node.Operation switch
        {
            Conv2dOp c => $"{c.KernelHeight}x{c.KernelWidth} convolution",
            ConvTransposeOp t => $"{t.KernelHeight}x{t.KernelWidth} transposed convolution",
            _ => NameOf(node),
        };
        var kept = node.Mask is { } mask ? Invariant($", {100.0 * mask.KeptWeights / node.Weight!.Length:F0}% of the weights") : "";
        var sum = node.Residual is null ? "" : ", sum";
        var clip = node.Bounds == Bounds.None ? "" : node.Bounds == Bounds.Relu ? ", relu" : ", clip";
        var values = network.Program.Values;
        return $"{kind}{sum}{clip}, {values[node.Inputs[0]].Shape} to {values[node.Output].Shape}{kept}";
    }

    private static string NameOf(LoweredNode node) => node.Operation.GetType().Name[..^2];
}
