using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>F(4×4, 3×3), and the maximum over 2×2 pixels behind it.</summary>
internal sealed unsafe class PooledSquareTransforms<T> : SquareTransforms<T> where T : unmanaged, ITileLanes<T>
{
    public override int Outputs => Tile / 2;

    public override void Output(TileProducts products, TileEnding ending, PlanePlace residual, PlanePlace y)
    {
        RowPairs<T>.Write<EvenRows<T>, UpperMaxima>(products, new(y));
        RowPairs<T>.Write<OddRows<T>, Maxima>(products, new(ending, y));
    }

    /// <summary>Writes the maxima of the upper pixels.</summary>
    private readonly struct UpperMaxima(PlanePlace y) : IOutputRows<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Write(int filter, int tile, int row, T y0, T y1, T y2, T y3)
        {
            var to = y.First + filter * y.FilterPitch + tile + row * y.PlanePitch;
            T.Store(to, T.Max(y0, y1));
            T.Store(to + y.PlanePitch, T.Max(y2, y3));
        }
    }

    /// <summary>
    /// Writes the maxima of these and the lower pixels, and what follows them. The bias is added to a maximum, which gives the same:
    /// rounding keeps the order.
    /// </summary>
    private readonly struct Maxima(TileEnding ending, PlanePlace y) : IOutputRows<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Write(int filter, int tile, int row, T y0, T y1, T y2, T y3)
        {
            var to = y.First + filter * y.FilterPitch + tile + (row - 1) * y.PlanePitch;
            T bias = T.Broadcast(ending.Bias[filter]), least = T.Broadcast(ending.Bounds.Least), most = T.Broadcast(ending.Bounds.Most);
            T left = T.Max(T.Load(to), T.Max(y0, y1)), right = T.Max(T.Load(to + y.PlanePitch), T.Max(y2, y3));
            T.Store(to, T.Clip(T.Add(left, bias), least, most));
            T.Store(to + y.PlanePitch, T.Clip(T.Add(right, bias), least, most));
        }
    }
}
