using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dst.Kernels;

/// <summary>F(4×4, 3×3), and the maximum over 2×2 pixels behind it.</summary>
internal sealed unsafe class PooledSquareTransforms : SquareTransforms
{
    public override int Outputs => Tile / 2;

    /// <summary>
    /// y = Aᵀ M A of some filters, and the maxima over 2×2 pixels. The bias is added to a maximum, which gives the same: rounding keeps the
    /// order.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Output(TileProducts products, TileEnding ending, PlanePlace residual, PlanePlace y)
    {
        Vector512<float> least = Vector512.Create(ending.Bounds.Least), most = Vector512.Create(ending.Bounds.Most);
        nint pitch = products.Pitch, to = y.PlanePitch;
        var m = products.First;
        for (var filter = 0; filter < products.Filters; filter++)
        {
            var bias = Vector512.Create(ending.Bias[filter]);
            var first = y.First + filter * y.FilterPitch;
            for (var i = 0; i < products.Vectors; i++, m += Layout.Block, first += y.VectorPitch)
            {
                Column(m, pitch, out var a0, out var a1, out var a2, out var a3);
                Column(m + pitch, pitch, out var b0, out var b1, out var b2, out var b3);
                Column(m + 2 * pitch, pitch, out var c0, out var c1, out var c2, out var c3);
                Column(m + 3 * pitch, pitch, out var d0, out var d1, out var d2, out var d3);
                Column(m + 4 * pitch, pitch, out var e0, out var e1, out var e2, out var e3);
                Column(m + 5 * pitch, pitch, out var f0, out var f1, out var f2, out var f3);
                Maxima(a0, b0, c0, d0, e0, f0, out var upper0, out var upper1);
                Maxima(a1, b1, c1, d1, e1, f1, out var lower0, out var lower1);
                TileEnding.Clip(Vector512.Max(upper0, lower0) + bias, least, most).Store(first);
                TileEnding.Clip(Vector512.Max(upper1, lower1) + bias, least, most).Store(first + to);
                Maxima(a2, b2, c2, d2, e2, f2, out upper0, out upper1);
                Maxima(a3, b3, c3, d3, e3, f3, out lower0, out lower1);
                TileEnding.Clip(Vector512.Max(upper0, lower0) + bias, least, most).Store(first + 2 * to);
                TileEnding.Clip(Vector512.Max(upper1, lower1) + bias, least, most).Store(first + 3 * to);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Maxima(
        Vector512<float> m0, Vector512<float> m1, Vector512<float> m2, Vector512<float> m3, Vector512<float> m4, Vector512<float> m5,
        out Vector512<float> left, out Vector512<float> right)
    {
        Combine(m0, m1, m2, m3, m4, m5, out var y0, out var y1, out var y2, out var y3);
        left = Vector512.Max(y0, y1);
        right = Vector512.Max(y2, y3);
    }
}
