using System.Numerics;
using System.Runtime.Intrinsics;

namespace Dst.Training.Objectives;

/// <summary>Loops over float32 values, such as the pixels of a channel. Their bits do not depend on the width of vectors.</summary>
internal static class FeatureRows
{
    /// <summary>y ← y + a·x.</summary>
    public static void AddScaled(float a, ReadOnlySpan<float> x, Span<float> y)
    {
        var i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
            (new Vector<float>(y[i..]) + a * new Vector<float>(x[i..])).CopyTo(y[i..]);
        for (; i < x.Length; i++) y[i] += a * x[i];
    }

    /// <summary>Σ xᵢ·yᵢ, in sixteen partial sums whatever the processor's vectors are.</summary>
    public static float Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var sums = Vector512<float>.Zero;
        var i = 0;
        for (; i <= x.Length - Vector512<float>.Count; i += Vector512<float>.Count)
            sums += Vector512.Create(x.Slice(i, Vector512<float>.Count)) * Vector512.Create(y.Slice(i, Vector512<float>.Count));
        var rest = 0f;
        for (; i < x.Length; i++) rest += x[i] * y[i];
        return Vector512.Sum(sums) + rest;
    }
}
