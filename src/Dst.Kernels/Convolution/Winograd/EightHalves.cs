using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// Eight lanes of sums for each of eight tiles, in registers. Processors whose units have 256 bits multiply two such vectors in the time
/// that one of sixteen lanes takes.
/// </summary>
internal unsafe struct EightHalves
{
    /// <summary>Lanes of a tile.</summary>
    public const int Lanes = 8;

    private Vector256<float> _a;
    private Vector256<float> _b;
    private Vector256<float> _c;
    private Vector256<float> _d;
    private Vector256<float> _e;
    private Vector256<float> _f;
    private Vector256<float> _g;
    private Vector256<float> _h;

    /// <summary>The sums as the lower lanes of sixteen.</summary>
    public readonly EightSums<Lanes512> Widened
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(new(_a), new(_b), new(_c), new(_d), new(_e), new(_f), new(_g), new(_h));
    }

    /// <summary>Adds vector · scalar to each tile; the scalars are sixteen floats apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void MultiplyAdd(float* scalars, Vector256<float> vector)
    {
        _a = MultiplyAdd(scalars, vector, _a);
        _b = MultiplyAdd(scalars + Layout.Block, vector, _b);
        _c = MultiplyAdd(scalars + 2 * Layout.Block, vector, _c);
        _d = MultiplyAdd(scalars + 3 * Layout.Block, vector, _d);
        _e = MultiplyAdd(scalars + 4 * Layout.Block, vector, _e);
        _f = MultiplyAdd(scalars + 5 * Layout.Block, vector, _f);
        _g = MultiplyAdd(scalars + 6 * Layout.Block, vector, _g);
        _h = MultiplyAdd(scalars + 7 * Layout.Block, vector, _h);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> MultiplyAdd(float* scalar, Vector256<float> vector, Vector256<float> sum)
    {
        var all = Vector256.Create(*scalar);
        return Vector256.MultiplyAddEstimate(all, vector, sum);
    }
}
