namespace Dst.Kernels.Simd;

/// <summary>One register of neighbouring tiles, a tile in a lane.</summary>
internal unsafe interface ITileLanes<T> : IVector<T> where T : unmanaged, ITileLanes<T>
{
    /// <summary>Lanes: 8 or 16.</summary>
    static abstract int Count { get; }

    /// <summary>Floats where the mask is all ones, elsewhere zeros. What it does not load need not be there.</summary>
    static abstract T LoadWhere(float* source, T mask);

    /// <summary>a and b, bit by bit.</summary>
    static abstract T And(T a, T b);

    /// <summary>The rows of a square of sixteen by sixteen: source[places[f] + t] for sixteen f, of each t.</summary>
    /// <param name="source">What places are counted from.</param>
    /// <param name="places">Where the columns of the square lie.</param>
    /// <param name="rows">Takes the rows, in any order.</param>
    static abstract void Square<TRows>(float* source, int* places, TRows rows) where TRows : struct, IRowWriter<T>;
}
