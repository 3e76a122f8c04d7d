using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Dst.Kernels;

/// <summary>1×1 kernels, which need no transform: the pixels of a square that they read are their factors.</summary>
/// <param name="stride">1 or 2.</param>
internal sealed unsafe class PointwiseTransforms(int stride) : TileTransforms
{
    public override string Form => "direct by tile";

    public override int Points => Tile / stride;

    public override int Outputs => Tile / stride;

    public override IReadOnlyList<int[]> KernelRows { get; } = [.. Enumerable.Repeat(new[] { 0 }, Tile / stride)];

    public override void Weights(float* kernels, float* factors)
    {
        for (var position = 0; position < Points * Points; position++)
            Vector512.Load(kernels).Store(factors + position * Layout.Block);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Input(in TileSquares squares, float* strips, float* v, nint pitch)
    {
        for (var row = 0; row < Tile; row += stride)
        {
            for (var column = 0; column < Tile; column += stride, v += pitch)
            {
                var plane = squares.First + (row * Tile + column) * squares.PlaneLength;
                for (var first = 0; first < squares.Tiles; first += Layout.Block) Vector512.Load(plane + first).Store(v + first);
            }
        }
    }

    public override void Output(TileProducts products, TileEnding ending, PlanePlace residual, PlanePlace y)
    {
        if (residual.First == null) Output<NoTileSum>(products, ending, default, y);
        else Output<ResidualTileSum>(products, ending, residual, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Output<TSum>(TileProducts products, TileEnding ending, PlanePlace residual, PlanePlace y) where TSum : ITileSum
    {
        Vector512<float> least = Vector512.Create(ending.Bounds.Least), most = Vector512.Create(ending.Bounds.Most);
        var positions = Points * Points;
        var m = products.First;
        for (var filter = 0; filter < products.Filters; filter++)
        {
            var bias = Vector512.Create(ending.Bias[filter]);
            float* added = residual.First + filter * residual.FilterPitch, to = y.First + filter * y.FilterPitch;
            for (var i = 0; i < products.Vectors; i++, m += Layout.Block, added += residual.VectorPitch, to += y.VectorPitch)
            {
                for (nint p = 0; p < positions; p++)
                    TileEnding.Clip(TSum.Add(Vector512.Load(m + p * products.Pitch) + bias, added + p * residual.PlanePitch), least, most)
                        .Store(to + p * y.PlanePitch);
            }
        }
    }
}
