using System.Numerics;
using System.Runtime.CompilerServices;
using Dst.Masks;

namespace Dst.Training.Optimizers;

/// <summary>
/// A mask spread out to one pattern of bits per weight, all ones or all zeros, so that each step applies it at the speed of memory.
/// </summary>
internal sealed class KeptBits
{
    private readonly float[] _bits;

    /// <summary>Spreads <paramref name="mask"/> over the <paramref name="length"/> weights of its layer.</summary>
    public KeptBits(LayerMask mask, int length)
    {
        Mask = mask;
        _bits = new float[length];
        Array.Fill(_bits, BitConverter.Int32BitsToSingle(-1));
        mask.Apply(_bits);
    }

    /// <summary>The mask that the bits stand for.</summary>
    public LayerMask Mask { get; }

    /// <summary>Sets every pruned position of a run of <paramref name="values"/> to +0, even if it is not a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float[] values, int first, int length)
    {
        Span<float> run = values.AsSpan(first, length), bits = _bits.AsSpan(first, length);
        var i = 0;
        for (; i <= run.Length - Vector<float>.Count; i += Vector<float>.Count)
            Vector.BitwiseAnd(new Vector<float>(run[i..]), new Vector<float>(bits[i..])).CopyTo(run[i..]);
        for (; i < run.Length; i++)
        {
            if (bits[i] == 0) run[i] = 0;
        }
    }
}
