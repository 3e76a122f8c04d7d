using Dst.Graph;
using Dst.Kernels;
using Dst.Runtime.Lowering;

namespace Dst.Interop.CSource;

/// <summary>Poolings, over windows and over the whole map.</summary>
internal static class CPooling
{
    private const float Smallest = 1e-30f; // stochastic pooling divides by no smaller sum

    /// <summary>Writes the functions and the call of a pooling of a map of the shape <paramref name="x"/>.</summary>
    public static void Emit(CProgram program, LoweredNode node, FeatureShape x)
    {
        switch (node.Operation)
        {
            case AvgPoolOp { CountPadding: true } p:
                var shape = p.ShapeFor(x);
                EmitAverage(program, node, shape, $"{shape.Sides.Bottom}, {shape.Sides.Right}");
                break;
            case AvgPoolOp p:
                EmitAverage(program, node, p.ShapeFor(x), "-1, -1");
                break;
            case GlobalAvgPoolOp:
                EmitAverage(program, node, x.WholeMap(), "-1, -1");
                break;
            case MaxPoolOp p:
                EmitByLanes(program, node, p.ShapeFor(x), "max", "max_lanes.c", 1);
                break;
            case GlobalMaxPoolOp:
                EmitByLanes(program, node, x.WholeMap(), "max", "max_lanes.c", 1);
                break;
            case MaxPoolDropoutOp { Inference: PoolInference.ScaledMax } p:
                EmitByLanes(program, node, p.ShapeFor(x), "max", "max_lanes.c", p.Retain);
                break;
            case MaxPoolDropoutOp p:
                var area = p.ShapeFor(x).Area;
                EmitByLanes(program, node, p.ShapeFor(x), $"weighted_{area}", "weighted_lanes.c", p.Retain, ("POSITIONS", $"{area}"));
                break;
            case StochasticPoolOp p:
                EmitByLanes(program, node, p.ShapeFor(x), "stochastic", "stochastic_lanes.c", Smallest);
                break;
            default:
                throw new InvalidOperationException($"{node.Operation} is no pooling");
        }
    }

    /// <summary>Writes the function, the matrices and the call of a spectral pooling of a map of the shape <paramref name="x"/>.</summary>
    public static void EmitSpectral(CProgram program, LoweredNode node, SpectralPoolOp pool, FeatureShape x)
    {
        program.Use("spectral_pool.c", ("WIDTH", $"{x.Width}"));
        var rows = program.AddFloats(node, "rows", SpectralPool.Matrix(x.Height, pool.Height));
        var columns = program.AddFloats(node, "columns", SpectralPool.Matrix(x.Width, pool.Width));
        program.Call($"spectral_pool_{x.Width}", node, $"{rows}, {columns}");
    }

    private static void EmitAverage(CProgram program, LoweredNode node, WindowShape w, string paddingThatCounts)
    {
        program.Use("average_pool.c");
        program.Call("average_pool", node, $"{WindowOf(w)}, {paddingThatCounts}");
    }

    private static void EmitByLanes(
        CProgram program, LoweredNode node, WindowShape w, string kind, string lanes, float number, params (string, string)[] words)
    {
        program.Use("tile.c");
        program.Use(lanes, words);
        program.Use("pool.c", ("KIND", kind));
        program.Call($"{kind}_pool", node, $"{WindowOf(w)}, {CText.Float(number)}");
    }

    /// <summary>The window as arguments of a C function.</summary>
    public static string WindowOf(WindowShape w) =>
        $"{w.KernelHeight}, {w.KernelWidth}, {w.Stride}, {w.StrideWidth}, {w.Sides.Top}, {w.Sides.Left}";
}
