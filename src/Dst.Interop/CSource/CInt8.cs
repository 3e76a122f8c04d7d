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
        switch (node.Operation)
        {
            case ConversionOp when program.Network.Program.Values[node.Inputs[0]].Scale is { } scale:
                program.Call("to_floats", node, $"{CText.Float(scale.Scale)}, {scale.Zero}");
                break;
            case ConversionOp:
                EmitToBytes(program, node);
                break;
            case { IsWeighted: true }:
                EmitConvolution(program, node);
                break;
            case FlattenOp:
                program.CallToPlanes("write_planes_bytes", node);
                break;
            case ConcatOp:
                EmitConcat(program, node);
                break;
            case MaxPoolOp or GlobalMaxPoolOp:
                program.Call("max_pool_bytes", node, CPooling.Arguments(CPooling.WindowOf(program, node)));
                break;
            case AvgPoolOp or GlobalAvgPoolOp:
                EmitMeanPool(program, node);
                break;
            case var _ when node.Integers!.Tables.Count > 0:
                EmitLookup(program, node, 0, program.AddressOf(node.Output));
                break;
            default:
                EmitRescaling(program, node);
                break;
        }
    }

    /// <summary>Writes the functions and the call of a convolution that keeps the maxima of a pooling alone.</summary>
    public static void EmitMaxima(CProgram program, CMaxima maxima)
    {
        var layer = AddConvolution(program, maxima.Convolution);
        var (x, y) = (maxima.Convolution.Inputs[0], maxima.Pooling.Output);
        program.Statement(
            "convolve_max_bytes", layer, program.AddressOf(x), program.MapOf(x), program.AddressOf(y), program.MapOf(y));
    }

    private static void EmitToBytes(CProgram program, LoweredNode node)
    {
        var (x, y) = (node.Inputs[0], node.Output);
        program.Use("tile.c");
        program.Use("to_byte.c");
        var scale = program.Network.Program.Values[y].Scale!.Value;
        var arguments = $"{CText.Float(1 / scale.Scale)}, {scale.Zero}";
        if (program.Network[x].IsPlanes)
            program.Statement("planes_to_bytes", program.AddressOf(x), arguments, program.AddressOf(y), program.MapOf(y));
        else program.Call("to_bytes", node, arguments);
    }

    private static void EmitConvolution(CProgram program, LoweredNode node)
    {
        var layer = AddConvolution(program, node);
        program.CallLayer("convolve_bytes", node, layer);
    }

    private static void EmitConcat(CProgram program, LoweredNode node)
    {
        var first = 0;
        for (var i = 0; i < node.Inputs.Count; i++)
        {
            EmitLookup(program, node, i, $"{program.AddressOf(node.Output)} + {first}");
            first += program.Network[node.Inputs[i]].Shape.Channels;
        }
    }

    private static void EmitMeanPool(CProgram program, LoweredNode node)
    {
        UseRequantisation(program);
        var window = CPooling.WindowOf(program, node);
        var (arguments, counted) = (CPooling.Arguments(window), CPooling.CountedPadding(node, window));
        var integers = node.Integers!;
        var requantisation = AddRequantisation(program, node, integers.ToBytes!);
        program.Call("mean_pool_bytes", node, $"{arguments}, {counted}, {integers.Padding}, {integers.SumShift}, {requantisation}");
    }

    /// <summary>Writes the call that replaces each byte of an input by that of its table.</summary>
    private static void EmitLookup(CProgram program, LoweredNode node, int input, string output)
    {
        program.Statement(
            "look_bytes", program.AddIntegers(node, $"table{input}", node.Integers!.Tables[input]),
            program.AddressOf(node.Inputs[input]), program.MapOf(node.Inputs[input]), output, program.MapOf(node.Output));
    }

    private static void EmitRescaling(CProgram program, LoweredNode node)
    {
        UseRequantisation(program);
        var second = node.Inputs.Count > 1 ? program.AddressOf(node.Inputs[1]) : "NULL";
        var integers = node.Integers!;
        program.Call("rescale_bytes", node, $"{second}, {integers.SumShift}, {AddRequantisation(program, node, integers.ToBytes!)}");
    }

    /// <summary>Adds what all layers with weights need, and the layer. Returns its address.</summary>
    private static string AddConvolution(CProgram program, LoweredNode node)
    {
        UseRequantisation(program);
        program.Use("sum_products.c");
        program.Use("byte_convolution.c");
        var (integers, blocks) = (node.Integers!, CFilterBlocks.Of(program, node));
        var (bytes, floats) = (integers.ToBytes, integers.ToFloats);
        return program.AddLayer(
            node, "byte_convolution",
            [
                ("weights", program.AddIntegers(node, "weights", blocks.PairsOf(integers.Weight!))),
                .. blocks.FieldsOf(program, node),
                ("bytes", bytes is null ? "NULL" : AddRequantisation(program, node, bytes)),
                ("summands", floats is null ? "NULL" : program.AddIntegers(node, "summands", floats.Offsets)),
                ("scales", floats is null ? "NULL" : program.AddFloats(node, "scales", floats.Scales)),
            ]);
    }

    private static void UseRequantisation(CProgram program)
    {
        program.Use("tile.c");
        program.Use("requantise.c");
    }

    /// <summary>Adds the structure that says how sums become bytes. Returns its address.</summary>
    private static string AddRequantisation(CProgram program, LoweredNode node, Requantisation q) => program.AddLayer(
        node, "requantisation",
        ("multipliers", program.AddIntegers(node, "multipliers", q.Multipliers)),
        ("offsets", program.AddIntegers(node, "offsets", q.Offsets)),
        ("count", $"{q.Offsets.Length}"), ("shift", $"{32 + q.Shift}"),
        ("residual_factor", q.ResidualMultiplier.ToString(CultureInfo.InvariantCulture)), ("residual_shift", $"{q.ResidualShift}"),
        ("low", $"{q.Low}"), ("high", $"{q.High}"));
}
