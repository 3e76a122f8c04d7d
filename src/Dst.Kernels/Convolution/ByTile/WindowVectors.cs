using System.Runtime.CompilerServices;
using Dst.Kernels.Simd;

namespace Dst.Kernels;

/// <summary>
/// A row or a column of the windows of a vector of tiles of F(4×4, 3×3), out of planes of squares. A window begins a pixel before its
/// square.
/// </summary>
/// <param name="square">The first pixel of their squares in this row or column.</param>
/// <param name="pixelPitch">Floats from one pixel of a square to the next.</param>
/// <param name="squarePitch">Floats from one square to the next.</param>
/// <param name="hasPrevious">All ones for tiles with a square before theirs; other tiles read zeros there.</param>
/// <param name="hasNext">All ones for tiles with a square behind theirs.</param>
internal readonly unsafe struct WindowVectors<T>(float* square, nint pixelPitch, nint squarePitch, T hasPrevious, T hasNext)
    : IVectorSource<T> where T : unmanaged, ITileLanes<T>
{
    private const int Side = 4; // of a square

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load(int i)
    {
        if (i == 0) return T.LoadWhere(square + (Side - 1) * pixelPitch - squarePitch, hasPrevious);
        if (i <= Side) return T.Load(square + (i - 1) * pixelPitch);
        return T.LoadWhere(square + squarePitch, hasNext);
    }
}
