using Dst.Graph;

namespace Dst.Runtime.Lowering;

/// <summary>What a step reads and writes.</summary>
/// <param name="Reads">The values that it reads.</param>
/// <param name="Output">The value that it writes.</param>
/// <param name="Replaceable">Values whose place it may overwrite, if they are as long and nothing reads them later.</param>
/// <seealso cref="Dst.Runtime.Inference.InferencePlan"/>
public sealed record PlannedStep(IEnumerable<string> Reads, string Output, params IEnumerable<string> Replaceable);

/// <summary>
/// Where in one block of memory each value lies. Values that are never needed at the same time may share a place. Places are found by
/// first fit, in the order in which values are written. The time is near-linear in the number of steps: only gaps are searched.
/// </summary>
/// <seealso cref="Dst.Runtime.Inference.InferencePlan"/>
public sealed class MemoryPlan
{
    private readonly Dictionary<string, Place> _places = [];
    private readonly Dictionary<string, int> _lastReads = [];
    private readonly Func<string, long> _lengthOf;

    /// <summary>Places in use, by the last step that reads them.</summary>
    private readonly PriorityQueue<Place, int> _living = new();

    /// <summary>What lies between the places in use, and behind them, in order.</summary>
    private readonly List<(long Start, long End)> _gaps = [(0, long.MaxValue)];

    /// <summary>Places the network's input and what each step writes.</summary>
    /// <param name="steps">In the order in which they run.</param>
    /// <param name="lengthOf">Elements of a value of one image; 0 for a value that lies elsewhere.</param>
    /// <param name="output">The value that is read after the last step.</param>
    public MemoryPlan(IReadOnlyList<PlannedStep> steps, Func<string, long> lengthOf, string output)
    {
        ArgumentNullException.ThrowIfNull(steps);
        _lengthOf = lengthOf;
        for (var i = 0; i < steps.Count; i++)
        {
            foreach (var value in steps[i].Reads) _lastReads[value] = i;
        }

        _lastReads[output] = steps.Count;
        FindPlace(NetworkGraph.InputName, -1);
        for (var i = 0; i < steps.Count; i++)
        {
            var written = steps[i].Output;
            if (_places.ContainsKey(written)) continue;
            var dying = steps[i].Replaceable.FirstOrDefault(value => _lastReads[value] == i && lengthOf(value) == lengthOf(written));
            if (dying is null) FindPlace(written, i);
            else TakeOver(written, _places[dying], i);
        }
    }

    /// <summary>Elements of the block for one image.</summary>
    public long Length { get; private set; }

    /// <summary>First element of a value, for one image. For a batch, multiply by its size.</summary>
    public long this[string value] => _places[value].Start;

    /// <summary>Puts the output of a step into the first gap between the values that the step or a later one reads.</summary>
    private void FindPlace(string value, int step)
    {
        FreeBefore(step);
        var length = _lengthOf(value);
        var start = length == 0 ? 0 : TakeGap(length);
        var place = new Place(start, start + length) { LastRead = LastReadOf(value) };
        _places[value] = place;
        _living.Enqueue(place, place.LastRead);
        Length = Math.Max(Length, place.End);
    }

    /// <summary>Gives the output of a step the place of a value that the step reads last.</summary>
    private void TakeOver(string value, Place place, int step)
    {
        place.LastRead = Math.Max(step, LastReadOf(value));
        _places[value] = place;
    }

    private int LastReadOf(string value) => _lastReads.GetValueOrDefault(value, -1);

    private void FreeBefore(int step)
    {
        while (_living.TryPeek(out var place, out var lastRead) && lastRead < step)
        {
            _living.Dequeue();
            if (place.LastRead >= step) _living.Enqueue(place, place.LastRead); // another value took it over
            else if (place.End > place.Start) AddGap(place);
        }
    }

    private long TakeGap(long length)
    {
        var i = _gaps.FindIndex(gap => gap.End - gap.Start >= length);
        var (start, end) = _gaps[i];
        if (start + length == end) _gaps.RemoveAt(i);
        else _gaps[i] = (start + length, end);
        return start;
    }

    private void AddGap(Place place)
    {
        var (start, end) = (place.Start, place.End);
        var next = ~_gaps.BinarySearch((start, end));
        if (_gaps[next].Start == end)
        {
            end = _gaps[next].End;
            _gaps.RemoveAt(next);
        }

        if (next > 0 && _gaps[next - 1].End == start) _gaps[next - 1] = (_gaps[next - 1].Start, end);
        else _gaps.Insert(next, (start, end));
    }

    /// <summary>A place, and the last step that reads what lies there.</summary>
    private sealed record Place(long Start, long End)
    {
        public required int LastRead { get; set; }
    }
}
