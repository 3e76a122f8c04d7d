using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dst.Training.Ranks;

/// <summary>Parts of arrays that travel together, copied to memory that does not move.</summary>
internal sealed unsafe class Parcel<T> where T : unmanaged, INumber<T>
{
    private readonly List<(T[] Array, int[]? Kept)> _contents = [];
    private T[] _values = [];
    private T[] _received = [];

    /// <summary>Elements in it.</summary>
    public int Length { get; private set; }

    /// <summary>Copies an array, or the elements of it that <paramref name="kept"/> lists.</summary>
    public void Add(T[] array, int[]? kept = null)
    {
        var count = kept?.Length ?? array.Length;
        if (_values.Length < Length + count) Grow(Length + count);
        var values = _values.AsSpan(Length, count);
        if (kept is null) array.CopyTo(values);
        else for (var i = 0; i < count; i++) values[i] = array[kept[i]];
        _contents.Add((array, kept));
        Length += count;
    }

    /// <summary>Adds up the parcels of all ranks.</summary>
    public RankOperation Sum(RankGroup ranks, int channel)
    {
        var length = RankSum<T>.ReceivedLength(Length);
        if (_received.Length < length) _received = GC.AllocateUninitializedArray<T>(length, pinned: true);
        return new RankSum<T>(ranks, channel, Start(_values), Length, Start(_received));
    }

    /// <summary>Fills in what other ranks have: rank r the elements from bounds[r] to bounds[r + 1].</summary>
    public RankOperation Gather(RankGroup ranks, int channel, int[] bounds) =>
        new RankGather<T>(ranks, channel, Start(_values), rank => bounds[rank]);

    /// <summary>Copies everything back.</summary>
    public void Unpack()
    {
        var first = 0;
        foreach (var (array, kept) in _contents)
        {
            var values = _values.AsSpan(first, kept?.Length ?? array.Length);
            if (kept is null) values.CopyTo(array);
            else for (var i = 0; i < kept.Length; i++) array[kept[i]] = values[i];
            first += values.Length;
        }

        _contents.Clear();
        Length = 0;
    }

    private static T* Start(T[] pinned) => (T*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));

    private void Grow(int length)
    {
        var values = GC.AllocateUninitializedArray<T>(Math.Max(length, 2 * _values.Length), pinned: true);
        _values.AsSpan(0, Length).CopyTo(values);
        _values = values;
    }
}

/// <summary>Parcels that are used again in the next pass.</summary>
internal sealed class Parcels<T> where T : unmanaged, INumber<T>
{
    private readonly List<Parcel<T>> _all = [];
    private int _used;

    /// <summary>An empty one.</summary>
    public Parcel<T> Next()
    {
        if (_used == _all.Count) _all.Add(new());
        return _all[_used++];
    }

    /// <summary>Copies the contents of all back to where they came from.</summary>
    public void UnpackAll()
    {
        for (var i = 0; i < _used; i++) _all[i].Unpack();
        _used = 0;
    }
}
