using Dst.Graph;

namespace Dst.Runtime.Lowering;

/// <summary>What a step reads and writes.</summary>
/// <param name="Reads">The values that it reads.</param>
/// <param name="Output">The value that it writes.</param>
/// <param name="Replaceable">Values whose place it may overwrite, if they are as long and nothing reads them later.</param>
public sealed record PlannedStep(IEnumerable<string> Reads, string Output, params IEnumerable<string> Replaceable);

/// <summary>
/// Where in one block of memory each value lies. Values that are never needed at the same time may share a place. Places are found by
/// first fit, in the order in which values are written.
/// </summary>
public sealed class MemoryPlan
{
    private readonly Dictionary<string, Place> _places = [];
    private readonly Dictionary<string, int> _lastReads = [];
    private readonly Func<string, long> _lengthOf;

    /// <summary>Values that a step still reads, in the order of their places.</summary>
    private readonly List<Place> _living = [];

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
            else Put(written, _places[dying].Start);
        }
    }

    /// <summary>Elements of the block for one image.</summary>
    public long Length { get; private set; }

    /// <summary>First element of a value, for one image. For a batch, multiply by its size.</summary>
    public long this[string value] => _places[value].Start;

    /// <summary>Puts the output of a step into the first gap between the values that the step or a later one reads.</summary>
    private void FindPlace(string value, int step)
    {
        _living.RemoveAll(place => place.LastRead < step);
        var (start, length) = (0L, _lengthOf(value));
        foreach (var other in _living)
        {
            if (start + length <= other.Start) break;
            start = Math.Max(start, other.End);
        }

        Put(value, start);
    }

    private void Put(string value, long start)
    {
        var place = new Place(start, start + _lengthOf(value), _lastReads.GetValueOrDefault(value, -1));
        _places[value] = place;
        _living.Insert(_living.FindLastIndex(other => other.Start <= start) + 1, place);
        Length = Math.Max(Length, place.End);
    }

    /// <summary>A value's place, and the last step that reads it.</summary>
    private readonly record struct Place(long Start, long End, int LastRead);
}
