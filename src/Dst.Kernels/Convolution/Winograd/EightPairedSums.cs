using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Sums of eight channels for each of eight tiles, in registers. Lane 2·i is channel i over every second filter, and lane 2·i + 1 the same
/// channel over the filters between them: one load repeats the scalars of both.
/// </summary>
internal unsafe struct EightPairedSums
{
    /// <summary>Channels of a tile.</summary>
    public const int Channels = 8;

    private Vector512<float> _a;
    private Vector512<float> _b;
    private Vector512<float> _c;
    private Vector512<float> _d;
    private Vector512<float> _e;
    private Vector512<float> _f;
    private Vector512<float> _g;
    private Vector512<float> _h;

    /// <summary>The sums over all filters, in the even lanes.</summary>
    public readonly EightSums<Lanes512> Total
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(
            AddNeighbours(_a), AddNeighbours(_b), AddNeighbours(_c), AddNeighbours(_d), AddNeighbours(_e), AddNeighbours(_f),
            AddNeighbours(_g), AddNeighbours(_h));
    }

    /// <summary>Adds weights · scalars of two filters to each tile; tiles are sixteen floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, Vector512<float> weights)
    {
        _a = MultiplyAdd(scalars, weights, _a);
        _b = MultiplyAdd(scalars + Layout.Block, weights, _b);
        _c = MultiplyAdd(scalars + 2 * Layout.Block, weights, _c);
        _d = MultiplyAdd(scalars + 3 * Layout.Block, weights, _d);
        _e = MultiplyAdd(scalars + 4 * Layout.Block, weights, _e);
        _f = MultiplyAdd(scalars + 5 * Layout.Block, weights, _f);
        _g = MultiplyAdd(scalars + 6 * Layout.Block, weights, _g);
        _h = MultiplyAdd(scalars + 7 * Layout.Block, weights, _h);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> MultiplyAdd(float* scalars, Vector512<float> weights, Vector512<float> sums)
    {
        var both = Vector512.Create(*(double*)scalars).AsSingle();
        return Vector512.MultiplyAddEstimate(both, weights, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes512 AddNeighbours(Vector512<float> sums) => new(sums + Avx512F.Permute4x32(sums, 0b10_11_00_01));
}
