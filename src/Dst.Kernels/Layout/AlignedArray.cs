using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dst.Kernels;

/// <summary>
/// An array of the garbage collector that does not move and begins with a cache line, so that no vector of it lies in two. It lives as long
/// as this object.
/// </summary>
/// <param name="length">Number of elements, which are 0 at first.</param>
internal sealed unsafe class AlignedArray<T>(int length) where T : unmanaged
{
    private readonly byte[] _memory = GC.AllocateArray<byte>(checked(length * sizeof(T) + Layout.CacheLine - 1), pinned: true);

    /// <summary>Number of elements.</summary>
    public int Length => length;

    /// <summary>The first element.</summary>
    public T* Pointer => (T*)Layout.Align((byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory)));

    /// <summary>All elements.</summary>
    public Span<T> Span => new(Pointer, length);
}
