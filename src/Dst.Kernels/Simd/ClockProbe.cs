using System.Runtime.CompilerServices;

namespace Dst.Kernels.Simd;

/// <summary>Additions that wait for each other, one a cycle on every processor: they tell its clock.</summary>
public static class ClockProbe
{
    /// <summary>Runs a number of rounds and returns the number of cycles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Run(int rounds)
    {
        var a = 1UL;
        for (var i = 0; i < rounds; i++)
        {
            a += a;
            a += a;
            a += a;
            a += a;
            a += a;
            a += a;
            a += a;
            a += a;
        }

        GC.KeepAlive(a);
        return 8L * rounds;
    }
}
