using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>The one table of operations: what each writes into the source.</summary>
internal static class Operations
{
    /// <summary>Writes all statements of a network.</summary>
    public static CProgram Write(CNetwork network)
    {
        var program = new CProgram(network);
        program.Use("map.c");
        if (network[NetworkGraph.InputName].Argument is null)
        {
            program.Begin("input", $"{network[NetworkGraph.InputName].Shape}, from channel planes to a map", NetworkGraph.InputName);
            program.Use("read_planes.c");
            program.Statement("read_planes", "input", network.AddressOf(NetworkGraph.InputName), program.MapOf(NetworkGraph.InputName));
        }

        foreach (var node in network.Graph.Nodes)
        {
            program.Begin(node.Layer, Describe(node, network), node.Output);
            Emit(program, node);
        }

        if (network[network.Graph.Output].Argument is null or "input")
        {
            program.Begin("output", "from a map to channel planes", network.Graph.Output);
            program.Use("write_planes.c");
            program.Statement("write_planes", network.AddressOf(network.Graph.Output), program.MapOf(network.Graph.Output), "logits");
        }

        return program;
    }

    private static void Emit(CProgram program, PlanNode node)
    {
        switch (node.Operation)
        {
            case Conv2dOp c:
                Convolutions.Emit(program, node, c);
                break;
            case LinearOp l:
                Convolutions.Emit(program, node, l);
                break;
            case MaxPoolOp p:
                EmitMaxPool(program, node, p.Kernel, p.Stride, p.Padding);
                break;
            case GlobalMaxPoolOp:
                var map = program.Network[node.Inputs[0]].Shape;
                // The function cuts windows to the map.
                EmitMaxPool(program, node, kernel: Math.Max(map.Height, map.Width), stride: 1, padding: 0);
                break;
            case AvgPoolOp p:
                program.Use("average_pool.c");
                program.Call("average_pool", node, $"{p.Kernel}, {p.Kernel}, {p.Stride}, {p.Padding}, {(p.CountPadding ? 1 : 0)}");
                break;
            case GlobalAvgPoolOp:
                var whole = program.Network[node.Inputs[0]].Shape;
                program.Use("average_pool.c");
                program.Call("average_pool", node, $"{whole.Height}, {whole.Width}, 1, 0, 0");
                break;
            case SoftmaxOp:
                program.Use("softmax.c");
                program.UseMath();
                program.Statement("softmax", program.Network.AddressOf(node.Inputs[0]), program.MapOf(node.Inputs[0]), program.Network.AddressOf(node.Output));
                break;
            case FlattenOp:
                program.Use("write_planes.c");
                program.Statement("write_planes", program.Network.AddressOf(node.Inputs[0]), program.MapOf(node.Inputs[0]), program.Network.AddressOf(node.Output));
                break;
            case ConcatOp:
                EmitConcat(program, node);
                break;
            case SliceOp s:
                EmitCopy(program, node.Inputs[0], s.Start, s.Channels, node.Output, 0);
                break;
            case PadOp p:
                var padded = program.Network[node.Output];
                program.Use("fill.c");
                program.Statement("fill", CText.Float(p.Value), program.Network.AddressOf(node.Output), program.MapOf(node.Output));
                EmitCopy(program, node.Inputs[0], 0, program.Network[node.Inputs[0]].Shape.Channels, node.Output, p.Top * padded.Pitch + p.Left * padded.Shape.Channels + p.ChannelsBefore);
                break;
            case ChannelShuffleOp s:
                program.Use("shuffle.c");
                program.Call("shuffle", node, $"{s.Groups}");
                break;
            case { IsElementwise: true }:
                Elementwise.Emit(program, node);
                break;
            default:
                throw new InputException($"layer '{node.Layer}' is the operation {NameOf(node)}, which cannot be exported as C source yet");
        }
    }

    private static void EmitMaxPool(CProgram program, PlanNode node, int kernel, int stride, int padding)
    {
        program.Use("tile.c");
        program.Use("max_pool.c");
        program.Call("max_pool", node, $"{kernel}, {stride}, {padding}");
    }

    private static void EmitConcat(CProgram program, PlanNode node)
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
        program.Use("copy.c");
        var network = program.Network;
        program.Statement("copy", $"{network.AddressOf(from)} + {firstRead}", program.MapOf(from), $"{channels}", $"{network.AddressOf(to)} + {firstWritten}", program.MapOf(to));
    }

    private static string Describe(PlanNode node, CNetwork network)
    {
        var kind = node.Operation is Conv2dOp c ? $"{c.KernelHeight}x{c.KernelWidth} convolution" : NameOf(node);
        var kept = node.Mask is { } mask ? $", {100.0 * mask.KeptWeights / node.Weight!.Length:F0}% of the weights" : "";
        var extra = $"{(node.Residual is null ? "" : ", sum")}{(node.Bounds == Bounds.None ? "" : node.Bounds == Bounds.Relu ? ", relu" : ", clip")}";
        return $"{kind}{extra}, {network[node.Inputs[0]].Shape} to {network[node.Output].Shape}{kept}";
    }

    private static string NameOf(PlanNode node) => node.Operation.GetType().Name[..^2];
}
