using System.Numerics;
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

    /// <summary>Sets every pruned position of <paramref name="values"/> to +0, even if it is not a number.</summary>
    public void Apply(Span<float> values)
    {
        var i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
            Vector.BitwiseAnd(new Vector<float>(values[i..]), new Vector<float>(_bits, i)).CopyTo(values[i..]);
        for (; i < values.Length; i++)
        {
            if (_bits[i] == 0) values[i] = 0;
        }
    }
}
