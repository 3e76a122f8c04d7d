using System.Runtime.InteropServices;
using Dst.Kernels;

namespace Dst.Runtime.Threading;

/// <summary>
/// Native memory of floats: zeroed, aligned to a cache line, never moved, freed on disposal. Linux is asked for pages of 2 MB where a
/// buffer fills them: large arrays are then read faster.
/// </summary>
/// <seealso cref="Dst.Runtime.Inference.InferenceSession"/>
public sealed unsafe class AlignedBuffer : IDisposable
{
    private const nuint LargePage = 2 << 20;
    private const int UseLargePages = 14; // MADV_HUGEPAGE
    private void* _memory; // pages that nobody touches take no memory
    private float* _pointer;

    /// <summary>Takes memory for <paramref name="length"/> floats.</summary>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    public AlignedBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        var bytes = checked((nuint)(length * sizeof(float)));
        var takesLargePages = OperatingSystem.IsLinux() && bytes >= LargePage;
        var alignment = takesLargePages ? LargePage : Layout.CacheLine;
        _memory = NativeMemory.AllocZeroed(checked(bytes + alignment));
        _pointer = (float*)(((nuint)_memory + alignment - 1) / alignment * alignment);
        // Whole pages alone, so that no memory is taken beyond the buffer. A refusal changes nothing.
        if (takesLargePages) _ = AdviseMemory(_pointer, bytes / LargePage * LargePage, UseLargePages);
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

    [DllImport("libc", EntryPoint = "madvise")]
    private static extern int AdviseMemory(void* start, nuint length, int advice);
}
