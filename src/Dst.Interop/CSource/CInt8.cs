using System.Globalization;
using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>Operations on bytes, and conversions between bytes and floats.</summary>
internal static class CInt8
{
    /// <summary>Writes the functions and the calls of a node.</summary>
    public static void Emit(CProgram program, LoweredNode node)
    {
        var x = program.Network[node.Inputs[0]].Shape;
        switch (node.Operation)
        {
            case ConversionOp:
                Convert(program, node);
                break;
            case { IsWeighted: true }:
                Convolve(program, node);
                break;
            case FlattenOp:
                program.Use("write_planes_bytes.c");
                program.Statement(
                    "write_planes_bytes", program.AddressOf(node.Inputs[0]), program.MapOf(node.Inputs[0]),
                    program.AddressOf(node.Output));
                break;
            case ConcatOp:
                Join(program, node);
                break;
            case MaxPoolOp or GlobalMaxPoolOp:
                program.Use("max_pool_bytes.c");
                program.Call("max_pool_bytes", node, CPooling.WindowOf(WindowOf(node, x)));
                break;
            case AvgPoolOp or GlobalAvgPoolOp:
                Mean(program, node, WindowOf(node, x));
                break;
            case var _ when node.Integers!.Tables.Count > 0:
                Look(program, node, 0, program.AddressOf(node.Output));
                break;
            default:
                Rescale(program, node);
                break;
        }
    }

    private static void Convert(CProgram program, LoweredNode node)
    {
        var (network, input) = (program.Network, node.Inputs[0]);
        if (network.Program.Values[input].Scale is { } x)
        {
            program.Use("to_floats.c");
            program.Call("to_floats", node, $"{CText.Float(x.Scale)}, {x.Zero}");
            return;
        }

        program.Use("tile.c");
        program.Use("to_byte.c");
        var y = network.Program.Values[node.Output].Scale!.Value;
        var arguments = $"{CText.Float(1 / y.Scale)}, {y.Zero}";
        if (network[input].IsPlanes)
        {
            program.Use("planes_to_bytes.c");
            program.Statement(
                "planes_to_bytes", program.AddressOf(input), arguments, program.AddressOf(node.Output), program.MapOf(node.Output));
            return;
        }

        program.Use("to_bytes.c");
        program.Call("to_bytes", node, arguments);
    }

    /// <summary>Writes the functions and the call of a convolution that keeps the maxima of a pooling alone.</summary>
    public static void EmitMaxima(CProgram program, CMaxima maxima)
    {
        var layer = AddConvolution(program, maxima.Convolution);
        program.Use("convolve_max_bytes.c");
        var (x, y) = (maxima.Convolution.Inputs[0], maxima.Pooling.Output);
        program.Statement(
            "convolve_max_bytes", layer, program.AddressOf(x), program.MapOf(x), program.AddressOf(y), program.MapOf(y));
    }

    private static void Convolve(CProgram program, LoweredNode node)
    {
        var layer = AddConvolution(program, node);
        program.Use("convolve_bytes.c");
        CConvolutions.EmitCall(program, node, "convolve_bytes", layer);
    }

    /// <summary>Adds what all layers with weights need, and the layer. Gives its address.</summary>
    private static string AddConvolution(CProgram program, LoweredNode node)
    {
        UseRequantisation(program);
        program.Use("sum_products.c");
        program.Use("byte_convolution.c");
        var (integers, plan) = (node.Integers!, CConvolutions.PlanOf(program, node));
        return program.AddLayer(
            node, "byte_convolution",
            [
                ("weights", program.AddConstants(node, "weights", plan.PairsOf(integers.Weight!))),
                .. plan.FieldsOf(program, node),
                ("bytes", integers.ToBytes is { } bytes ? Requantisation(program, node, bytes) : "NULL"),
                ("summands", integers.ToFloats is { } f ? program.AddConstants(node, "summands", f.Offsets) : "NULL"),
                ("scales", integers.ToFloats is { } g ? program.AddFloats(node, "scales", g.Scales) : "NULL"),
            ]);
    }

    private static void Rescale(CProgram program, LoweredNode node)
    {
        UseRequantisation(program);
        program.Use("rescale_bytes.c");
        var second = node.Inputs.Count > 1 ? program.AddressOf(node.Inputs[1]) : "NULL";
        var integers = node.Integers!;
        program.Call("rescale_bytes", node, $"{second}, {integers.SumShift}, {Requantisation(program, node, integers.ToBytes!)}");
    }

    private static void Mean(CProgram program, LoweredNode node, WindowShape window)
    {
        UseRequantisation(program);
        program.Use("mean_pool_bytes.c");
        var counted = node.Operation is AvgPoolOp { CountPadding: true } ? $"{window.Sides.Bottom}, {window.Sides.Right}" : "-1, -1";
        var (integers, windowText) = (node.Integers!, CPooling.WindowOf(window));
        var by = Requantisation(program, node, integers.ToBytes!);
        program.Call("mean_pool_bytes", node, $"{windowText}, {counted}, {integers.Padding}, {integers.SumShift}, {by}");
    }

    private static void Join(CProgram program, LoweredNode node)
    {
        var first = 0;
        for (var i = 0; i < node.Inputs.Count; i++)
        {
            Look(program, node, i, $"{program.AddressOf(node.Output)} + {first}");
            first += program.Network[node.Inputs[i]].Shape.Channels;
        }
    }

    private static void Look(CProgram program, LoweredNode node, int input, string to)
    {
        program.Use("look_bytes.c");
        program.Statement(
            "look_bytes", program.AddConstants(node, $"table{input}", node.Integers!.Tables[input]),
            program.AddressOf(node.Inputs[input]), program.MapOf(node.Inputs[input]), to, program.MapOf(node.Output));
    }

    private static void UseRequantisation(CProgram program)
    {
        program.Use("tile.c");
        program.Use("requantise.c");
    }

    private static string Requantisation(CProgram program, LoweredNode node, Requantisation q) => program.AddLayer(
        node, "requantisation",
        ("multipliers", program.AddConstants(node, "multipliers", q.Multipliers)),
        ("offsets", program.AddConstants(node, "offsets", q.Offsets)),
        ("count", $"{q.Offsets.Length}"), ("shift", $"{32 + q.Shift}"),
        ("residual_factor", q.ResidualMultiplier.ToString(CultureInfo.InvariantCulture)), ("residual_shift", $"{q.ResidualShift}"),
        ("low", $"{q.Low}"), ("high", $"{q.High}"));

    private static WindowShape WindowOf(LoweredNode node, FeatureShape x) =>
        node.Operation is PoolOp pool ? pool.ShapeFor(x) : x.WholeMap();
}
