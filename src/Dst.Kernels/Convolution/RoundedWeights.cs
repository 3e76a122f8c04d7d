using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>Weights as integers of 16 bits with a scale, weight ≈ integer · scale: half of the bytes of floats.</summary>
internal static unsafe class RoundedWeights
{
    /// <summary>The scale of weights of which <paramref name="largest"/> is the largest without its sign.</summary>
    public static float ScaleOf(float largest) => largest / short.MaxValue;

    /// <summary>The integer of a weight.</summary>
    public static short Round(float weight, float scale)
    {
        var steps = scale > 0 ? MathF.Round(weight / scale) : 0;
        return (short)Math.Clamp(steps, -short.MaxValue, short.MaxValue); // a denormal scale is not exact
    }

    /// <summary>Sixteen weights, floats or integers. The JIT compiles the branch of the type alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load<T, TWeight>(TWeight* weights)
        where T : unmanaged, ILanes<T>
        where TWeight : unmanaged =>
        typeof(TWeight) == typeof(short) ? T.Load((short*)weights) : T.Load((float*)weights);
}
