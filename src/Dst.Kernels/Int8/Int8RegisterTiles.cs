using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>A loop that is compiled for each register tile.</summary>
internal interface IInt8Loop<T> where T : unmanaged, ISumLanes<T>
{
    void Run<TTile>() where TTile : unmanaged, IInt8Accumulators<T>;
}

/// <summary>The one switch from the pixels of a register tile to its type.</summary>
internal static class Int8RegisterTiles
{
    /// <summary>Rows of a tile of <see cref="RunRows"/>.</summary>
    public const int Rows = 4;

    /// <summary>Runs a loop.</summary>
    /// <param name="width">Pixels: 1, 2, 4, 8 or 16.</param>
    /// <param name="loop">The loop.</param>
    public static void Run<T, TLoop>(int width, in TLoop loop)
        where T : unmanaged, ISumLanes<T>
        where TLoop : struct, IInt8Loop<T>
    {
        switch (width)
        {
            case 16:
                loop.Run<Int8Join<T, Int8Join<T, Int8Four<T>, Int8Four<T>>, Int8Join<T, Int8Four<T>, Int8Four<T>>>>();
                break;
            case 8: loop.Run<Int8Join<T, Int8Four<T>, Int8Four<T>>>(); break;
            case 4: loop.Run<Int8Four<T>>(); break;
            case 2: loop.Run<Int8Two<T>>(); break;
            default: loop.Run<Int8One<T>>(); break;
        }
    }

    /// <summary>Runs a loop over pixels of each of four rows.</summary>
    /// <param name="width">Pixels of a row: 1, 2 or 4.</param>
    /// <param name="loop">The loop.</param>
    public static void RunRows<T, TLoop>(int width, in TLoop loop)
        where T : unmanaged, ISumLanes<T>
        where TLoop : struct, IInt8Loop<T>
    {
        switch (width)
        {
            case 4: loop.Run<Int8Rows<T, Int8Four<T>>>(); break;
            case 2: loop.Run<Int8Rows<T, Int8Two<T>>>(); break;
            default: loop.Run<Int8Rows<T, Int8One<T>>>(); break;
        }
    }
}
