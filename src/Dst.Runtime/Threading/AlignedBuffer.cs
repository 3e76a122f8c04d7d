using System.Runtime.InteropServices;

namespace Dst.Runtime.Threading;

/// <summary>Native memory of floats: zeroed, aligned to a cache line, never moved, freed on disposal.</summary>
/// <seealso cref="Dst.Runtime.Inference.InferenceSession"/>
public sealed unsafe class AlignedBuffer : IDisposable
{
    private const nuint CacheLine = 64;
    private void* _memory; // pages that nobody touches take no memory
    private float* _pointer;

    /// <summary>Takes memory for <paramref name="length"/> floats.</summary>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    public AlignedBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _memory = NativeMemory.AllocZeroed(checked((nuint)(length * sizeof(float))) + CacheLine);
        _pointer = (float*)(((nuint)_memory + CacheLine - 1) / CacheLine * CacheLine);
    }

    /// <summary>Frees the memory if <see cref="Dispose"/> was not called.</summary>
    ~AlignedBuffer() => Free();

    /// <summary>Number of floats.</summary>
    public long Length { get; }

    /// <summary>First element.</summary>
    public float* Pointer => _pointer;

    /// <summary>All elements, if they fit in a span.</summary>
    public Span<float> Span => new(_pointer, checked((int)Length));

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.Free(_memory);
        _memory = null;
        _pointer = null;
    }
}
