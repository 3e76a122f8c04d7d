using Dst.Runtime.Threading;

namespace Dst.Training.Autodiff;

/// <summary>Scratch memory that all nodes of a network share: each node uses it only within one of its jobs.</summary>
internal sealed unsafe class Workspace : IDisposable
{
    private AlignedBuffer _scratch = new(0);
    private AlignedBuffer _partials = new(0);

    /// <summary>Makes room: scratch floats for each part, and <paramref name="partials"/> arrays of partial sums.</summary>
    public void Reserve(int scratchLength, int partials, int partialLength)
    {
        Grow(ref _scratch, (long)WorkerPool.Parts * Rounded(scratchLength));
        Grow(ref _partials, (long)partials * Rounded(partialLength));
    }

    /// <summary>Scratch memory of a part.</summary>
    public float* Scratch(int part) => _scratch.Pointer + _scratch.Length / WorkerPool.Parts * part;

    /// <summary>A part's array of partial sums.</summary>
    public Span<float> Partial(int part, int length) => new(_partials.Pointer + (long)part * Rounded(length), length);

    /// <inheritdoc/>
    public void Dispose()
    {
        _scratch.Dispose();
        _partials.Dispose();
    }

    private static void Grow(ref AlignedBuffer buffer, long length)
    {
        if (buffer.Length >= length) return;
        buffer.Dispose();
        buffer = new AlignedBuffer(length);
    }

    /// <summary>Whole cache lines, so that parts never share one.</summary>
    private static int Rounded(int length) => (length + 15) / 16 * 16;
}
