using Dst.Graph;

namespace Dst.Runtime.Lowering;

/// <summary>What a step reads and writes.</summary>
/// <param name="Reads">The values that it reads.</param>
/// <param name="Output">The value that it writes.</param>
/// <param name="Replaceable">Those of the values read in whose place it may write, if they are as long and nothing reads them later.</param>
internal sealed record PlannedStep(IEnumerable<string> Reads, string Output, params IEnumerable<string> Replaceable);

/// <summary>
/// Where in one block of memory each value lies: values that are never needed at the same time share their place. First fit, in
/// the order in which values are written.
/// </summary>
internal sealed class PlanMemory
{
    private readonly Dictionary<string, (long Start, long Length)> _places = [];
    private readonly Dictionary<string, int> _lastReads = [];
    private readonly Func<string, long> _lengthOf;

    /// <summary>Places the input and what each step writes.</summary>
    /// <param name="steps">In the order in which they run.</param>
    /// <param name="lengthOf">Floats of each value for one image; 0 for one that lies elsewhere.</param>
    /// <param name="output">The value that is read after the last step.</param>
    public PlanMemory(IReadOnlyList<PlannedStep> steps, Func<string, long> lengthOf, string output)
    {
        _lengthOf = lengthOf;
        for (var i = 0; i < steps.Count; i++)
        {
            foreach (var value in steps[i].Reads) _lastReads[value] = i;
        }

        _lastReads[output] = steps.Count;
        Place(NetworkGraph.InputName, -1);
        for (var i = 0; i < steps.Count; i++)
        {
            var written = steps[i].Output;
            if (_places.ContainsKey(written)) continue;
            var dying = steps[i].Replaceable.FirstOrDefault(value => _lastReads[value] == i && lengthOf(value) == lengthOf(written));
            if (dying is null) Place(written, i);
            else _places[written] = _places[dying];
        }
    }

    /// <summary>Floats for one image of all values.</summary>
    public long Length { get; private set; }

    /// <summary>First float of a value for one image; a batch takes as many times that.</summary>
    public long this[string value] => _places[value].Start;

    private void Place(string value, int step)
    {
        var length = _lengthOf(value);
        var start = 0L;
        var living = _places.Where(place => _lastReads.GetValueOrDefault(place.Key, -1) >= step).Select(place => place.Value);
        foreach (var other in living.OrderBy(place => place.Start))
        {
            if (start + length <= other.Start) break;
            start = Math.Max(start, other.Start + other.Length);
        }

        _places[value] = (start, length);
        Length = Math.Max(Length, start + length);
    }
}
