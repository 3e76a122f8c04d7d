using Dst.Kernels;
using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff;

/// <summary>
/// Scratch memory that all nodes of a network share: nothing in it outlasts a node's pass. Parts are those of this rank, from 0.
/// </summary>
/// <param name="parts">Parts of this rank.</param>
internal sealed unsafe class Workspace(int parts) : IDisposable
{
    private AlignedBuffer _scratch = new(0);
    private AlignedBuffer _partials = new(0);
    private AlignedBuffer _shared = new(0);
    private AlignedBuffer _weights = new(0);

    /// <summary>Weights that a node packs anew for each pass.</summary>
    public float* Weights => _weights.Pointer;

    /// <summary>Memory that all parts share.</summary>
    public float* Shared => _shared.Pointer;

    /// <summary>Makes room for <paramref name="length"/> floats of scratch for each part. Parts never share a cache line.</summary>
    public void ReserveScratch(int length) => Grow(ref _scratch, parts * Layout.WholeLines((long)length));

    /// <summary>Makes room for <paramref name="length"/> floats of partial sums for each part. Parts never share a cache line.</summary>
    public void ReservePartials(int length) => Grow(ref _partials, parts * Layout.WholeLines((long)length));

    /// <summary>Makes room for <paramref name="length"/> floats that all parts share.</summary>
    public void ReserveShared(long length) => Grow(ref _shared, length);

    /// <summary>Makes room for <paramref name="length"/> floats of packed weights.</summary>
    public void ReserveWeights(long length) => Grow(ref _weights, length);

    /// <summary>Scratch memory of a part.</summary>
    public float* Scratch(int part) => _scratch.Pointer + _scratch.Length / parts * part;

    /// <summary>Partial sums of a part. A longer array starts at part 0 and runs on into the others.</summary>
    public float* Partial(int part) => _partials.Pointer + _partials.Length / parts * part;

    /// <inheritdoc/>
    public void Dispose()
    {
        _scratch.Dispose();
        _partials.Dispose();
        _shared.Dispose();
        _weights.Dispose();
    }

    private static void Grow(ref AlignedBuffer buffer, long length)
    {
        if (buffer.Length >= length) return;
        buffer.Dispose();
        buffer = new AlignedBuffer(length);
    }
}
