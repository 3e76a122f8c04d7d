using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>1×1 kernels, which need no transform: the pixels of a square that they read are their factors.</summary>
/// <param name="stride">1 or 2.</param>
internal sealed unsafe class PointwiseTransforms<T>(int stride) : TileTransforms where T : unmanaged, ITileLanes<T>
{
    public override string Form => "direct by tile";

    public override int Points => Tile / stride;

    public override int Outputs => Tile / stride;

    public override IReadOnlyList<int[]> KernelRows { get; } = [.. Enumerable.Repeat(new[] { 0 }, Tile / stride)];

    public override void Weights(float* kernels, float* factors)
    {
        for (var position = 0; position < Points * Points; position++)
            new Span<float>(kernels, Layout.Block).CopyTo(new(factors + position * Layout.Block, Layout.Block));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Input(in TileSquares squares, float* strips, float* v, nint pitch)
    {
        for (var row = 0; row < Tile; row += stride)
        {
            for (var column = 0; column < Tile; column += stride, v += pitch)
            {
                var plane = squares.First + (row * Tile + column) * squares.PlaneLength;
                for (var first = 0; first < squares.Tiles; first += T.Count) T.Store(v + first, T.Load(plane + first));
            }
        }
    }

    public override void Output(TileProducts products, TileEnding ending, PlanePlace residual, PlanePlace y)
    {
        if (residual.First == null) Output<NoTileSum<T>>(products, ending, default, y);
        else Output<ResidualTileSum<T>>(products, ending, residual, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Output<TSum>(TileProducts products, TileEnding ending, PlanePlace residual, PlanePlace y) where TSum : ITileSum<T>
    {
        T least = T.Broadcast(ending.Bounds.Least), most = T.Broadcast(ending.Bounds.Most);
        var positions = Points * Points;
        var m = products.First;
        for (var filter = 0; filter < products.Filters; filter++)
        {
            var bias = T.Broadcast(ending.Bias[filter]);
            float* added = residual.First + filter * residual.FilterPitch, to = y.First + filter * y.FilterPitch;
            for (var tile = 0; tile < products.Tiles; tile += T.Count, m += T.Count, added += T.Count, to += T.Count)
            {
                for (nint p = 0; p < positions; p++)
                {
                    var sum = TSum.Add(T.Add(T.Load(m + p * products.Pitch), bias), added + p * residual.PlanePitch);
                    T.Store(to + p * y.PlanePitch, T.Clip(sum, least, most));
                }
            }
        }
    }
}
