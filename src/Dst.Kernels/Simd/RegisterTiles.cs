using System.Runtime.CompilerServices;

namespace Dst.Kernels.Simd;

/// <summary>A loop that is compiled for each number of vectors that live in registers.</summary>
internal interface ITileLoop<T> where T : unmanaged, ILanes<T>
{
    void Run<TTile>() where TTile : unmanaged, IAccumulators<T>;
}

/// <summary>A loop that is compiled for each number of pixels whose sums of two blocks live in registers.</summary>
internal interface IPairLoop<T> where T : unmanaged, ILanes<T>
{
    void Run<TPairs>() where TPairs : unmanaged, IPairedSums<T>;
}

/// <summary>The one switch from the width of a register tile to its type.</summary>
internal static class RegisterTiles
{
    /// <summary>Runs a loop.</summary>
    /// <param name="width">Vectors: 1 to 8, 12 or 16.</param>
    /// <param name="loop">The loop.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<T, TLoop>(int width, in TLoop loop)
        where T : unmanaged, ILanes<T>
        where TLoop : ITileLoop<T>, allows ref struct
    {
        switch (width)
        {
            case 16: loop.Run<Join<T, Join<T, Four<T>, Four<T>>, Join<T, Four<T>, Four<T>>>>(); break;
            case 12: loop.Run<Join<T, Join<T, Four<T>, Four<T>>, Four<T>>>(); break;
            case 8: loop.Run<Join<T, Four<T>, Four<T>>>(); break;
            case 7: loop.Run<Join<T, Four<T>, Join<T, Two<T>, One<T>>>>(); break;
            case 6: loop.Run<Join<T, Four<T>, Two<T>>>(); break;
            case 5: loop.Run<Join<T, Four<T>, One<T>>>(); break;
            case 4: loop.Run<Four<T>>(); break;
            case 3: loop.Run<Join<T, Two<T>, One<T>>>(); break;
            case 2: loop.Run<Two<T>>(); break;
            default: loop.Run<One<T>>(); break;
        }
    }

    /// <summary>Runs a loop over two blocks.</summary>
    /// <param name="width">Pixels: 1 to 8, or 12.</param>
    /// <param name="loop">The loop.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void RunPairs<T, TLoop>(int width, in TLoop loop)
        where T : unmanaged, ILanes<T>
        where TLoop : IPairLoop<T>, allows ref struct
    {
        switch (width)
        {
            case 12:
                loop.Run<JoinPairs<T,
                    JoinPairs<T, JoinPairs<T, TwoPairs<T>, TwoPairs<T>>, JoinPairs<T, TwoPairs<T>, TwoPairs<T>>>,
                    JoinPairs<T, TwoPairs<T>, TwoPairs<T>>>>();
                break;
            case 8: loop.Run<JoinPairs<T, JoinPairs<T, TwoPairs<T>, TwoPairs<T>>, JoinPairs<T, TwoPairs<T>, TwoPairs<T>>>>(); break;
            case 7: loop.Run<JoinPairs<T, JoinPairs<T, TwoPairs<T>, TwoPairs<T>>, JoinPairs<T, TwoPairs<T>, OnePair<T>>>>(); break;
            case 6: loop.Run<JoinPairs<T, JoinPairs<T, TwoPairs<T>, TwoPairs<T>>, TwoPairs<T>>>(); break;
            case 5: loop.Run<JoinPairs<T, JoinPairs<T, TwoPairs<T>, TwoPairs<T>>, OnePair<T>>>(); break;
            case 4: loop.Run<JoinPairs<T, TwoPairs<T>, TwoPairs<T>>>(); break;
            case 3: loop.Run<JoinPairs<T, TwoPairs<T>, OnePair<T>>>(); break;
            case 2: loop.Run<TwoPairs<T>>(); break;
            default: loop.Run<OnePair<T>>(); break;
        }
    }
}
