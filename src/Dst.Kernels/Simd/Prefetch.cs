using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Dst.Kernels.Simd;

/// <summary>Neighbouring floats in memory.</summary>
/// <param name="start">The first.</param>
/// <param name="length">How many.</param>
public readonly unsafe struct MemoryRange(float* start, long length)
{
    /// <summary>The first float.</summary>
    public float* Start => start;

    /// <summary>One past the last.</summary>
    public float* End => start + length;

    /// <summary>Some of the equal shares into which the range is cut.</summary>
    /// <param name="first">The first share.</param>
    /// <param name="count">How many.</param>
    /// <param name="total">Shares of the whole range.</param>
    public MemoryRange Slice(int first, int count, int total)
    {
        var begin = length * first / total;
        return new(start + begin, length * (first + count) / total - begin);
    }
}

/// <summary>
/// Memory that is read or written soon. A kernel whose arithmetic leaves memory idle fetches it into the second-level cache piece by piece,
/// and nothing waits for it. Processors that have no such instruction in .NET, as those of ARM, ignore it.
/// </summary>
/// <param name="first">A range.</param>
/// <param name="second">Another, or none.</param>
/// <param name="third">Another, or none.</param>
public struct Prefetch(MemoryRange first, MemoryRange second = default, MemoryRange third = default)
{
    /// <summary>Bytes between the weights that are read and those that are fetched: about what is used while memory answers.</summary>
    internal const int BytesAhead = 8192;

    private Walk _first = new(first);
    private Walk _second = new(second);
    private Walk _third = new(third);

    /// <summary>Prepares <paramref name="pieces"/> calls of <see cref="FetchNext"/>, which fetch all.</summary>
    internal void CutInto(int pieces)
    {
        _first.CutInto(pieces);
        _second.CutInto(pieces);
        _third.CutInto(pieces);
    }

    /// <summary>Fetches the next piece of each range.</summary>
    internal void FetchNext()
    {
        if (!Sse.IsSupported) return;
        _first.FetchNext();
        _second.FetchNext();
        _third.FetchNext();
    }

    /// <summary>Fetches what lies behind weights that are read now, into the first-level cache. It may be outside of any array.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe void Ahead(void* weights, nint bytes = BytesAhead)
    {
        if (Sse.IsSupported) Sse.Prefetch0((byte*)weights + bytes);
    }

    /// <summary>A walk through a range.</summary>
    private unsafe struct Walk(MemoryRange range)
    {
        private const int Line = 16;

        private readonly float* _end = range.End;
        private float* _next = range.Start;
        private long _step;

        public void CutInto(int pieces) => _step = (_end - _next + pieces * Line - 1) / (pieces * Line) * Line;

        public void FetchNext()
        {
            var end = _end - _next > _step ? _next + _step : _end;
            for (; _next < end; _next += Line) Sse.Prefetch1(_next);
        }
    }
}
