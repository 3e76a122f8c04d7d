using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>Poolings of floats, over windows and over the whole map.</summary>
internal static class CPooling
{
    private const float Smallest = 1e-30f; // stochastic pooling divides by no smaller sum

    /// <summary>Writes the functions and the call of a pooling.</summary>
    public static void Emit(CProgram program, LoweredNode node)
    {
        var window = WindowOf(program, node);
        switch (node.Operation)
        {
            case AvgPoolOp or GlobalAvgPoolOp:
                program.Call("average_pool", node, $"{Arguments(window)}, {CountedPadding(node, window)}");
                break;
            case MaxPoolOp or GlobalMaxPoolOp:
                EmitByLanes(program, node, window, "max", "max_lanes.c", 1);
                break;
            case MaxPoolDropoutOp { Inference: PoolInference.ScaledMax } p:
                EmitByLanes(program, node, window, "max", "max_lanes.c", p.Retain);
                break;
            case MaxPoolDropoutOp p:
                EmitByLanes(
                    program, node, window, $"weighted_{window.Area}", "weighted_lanes.c", p.Retain, ("POSITIONS", $"{window.Area}"));
                break;
            case StochasticPoolOp:
                EmitByLanes(program, node, window, "stochastic", "stochastic_lanes.c", Smallest);
                break;
            default:
                throw new InvalidOperationException($"{node.Operation} is no pooling");
        }
    }

    /// <summary>Writes the function, the matrices and the call of a spectral pooling.</summary>
    public static void EmitSpectral(CProgram program, LoweredNode node, SpectralPoolOp pool)
    {
        var x = program.Network[node.Inputs[0]].Shape;
        program.Use("spectral_pool.c", ("WIDTH", $"{x.Width}"));
        var rows = program.AddFloats(node, "rows", SpectralPool.Matrix(x.Height, pool.Height));
        var columns = program.AddFloats(node, "columns", SpectralPool.Matrix(x.Width, pool.Width));
        program.Call($"spectral_pool_{x.Width}", node, $"{rows}, {columns}");
    }

    /// <summary>The window of a pooling; that of a global one is the whole map.</summary>
    public static WindowShape WindowOf(CProgram program, LoweredNode node)
    {
        var x = program.Network[node.Inputs[0]].Shape;
        return node.Operation is PoolOp pool ? pool.ShapeFor(x) : x.WholeMap();
    }

    /// <summary>A window as arguments of a C function.</summary>
    public static string Arguments(WindowShape w) =>
        $"{w.KernelHeight}, {w.KernelWidth}, {w.Stride}, {w.StrideWidth}, {w.Sides.Top}, {w.Sides.Left}";

    /// <summary>Padding below and on the right that a mean counts, as arguments of a C function; -1 where it counts none.</summary>
    public static string CountedPadding(LoweredNode node, WindowShape w) =>
        node.Operation is AvgPoolOp { CountPadding: true } ? $"{w.Sides.Bottom}, {w.Sides.Right}" : "-1, -1";

    private static void EmitByLanes(
        CProgram program, LoweredNode node, WindowShape w, string kind, string lanes, float number, params (string, string)[] words)
    {
        program.Use("tile.c");
        program.Use(lanes, words);
        program.Use("pool.c", ("KIND", kind));
        program.Call($"{kind}_pool", node, $"{Arguments(w)}, {CText.Float(number)}");
    }
}
