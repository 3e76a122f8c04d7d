using System.Runtime.CompilerServices;

namespace Dst.Kernels;

/// <summary>Steps that wait for each other, one a cycle on every processor: they tell its clock.</summary>
public static class ClockProbe
{
    private static ulong _last;

    /// <summary>Runs a number of rounds and returns the number of cycles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long Run(int rounds)
    {
        // A compiler folds equal steps into one, but not an addition and an exclusive or in turns.
        ulong a = 1, b = SplitMix64.Hash((ulong)rounds), c = SplitMix64.Hash(b);
        for (var i = 0; i < rounds; i++)
        {
            a += b;
            a ^= c;
            a += b;
            a ^= c;
            a += b;
            a ^= c;
            a += b;
            a ^= c;
        }

        Volatile.Write(ref _last, a); // or a compiler leaves the steps out
        return 8L * rounds;
    }
}
