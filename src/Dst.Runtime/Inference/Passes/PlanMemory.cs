using Dst.Kernels;
using Dst.Runtime.Graph;
using Dst.Runtime.Inference.Steps;

namespace Dst.Runtime.Inference.Passes;

/// <summary>
/// Where in one block of memory each value lies: values that are never needed at the same time share their place. First fit, in
/// the order in which values are written.
/// </summary>
internal sealed class PlanMemory
{
    private readonly Dictionary<string, (long Start, long Length)> _places = [];
    private readonly Dictionary<string, int> _lastReads = [];

    /// <summary>Places the input and what each step writes.</summary>
    /// <param name="steps">In the order in which they run.</param>
    /// <param name="shapes">Shape of each value.</param>
    /// <param name="output">The value that is read after the last step.</param>
    public PlanMemory(IReadOnlyList<InferenceStep> steps, IReadOnlyDictionary<string, FeatureShape> shapes, string output)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            foreach (var value in steps[i].Reads) _lastReads[value] = i;
        }

        _lastReads[output] = steps.Count;
        Place(NetworkGraph.InputName, shapes[NetworkGraph.InputName], -1);
        for (var i = 0; i < steps.Count; i++)
        {
            if (!_places.ContainsKey(steps[i].Output)) Place(steps[i].Output, shapes[steps[i].Output], i);
        }
    }

    /// <summary>Floats for one image of all values.</summary>
    public long Length { get; private set; }

    /// <summary>First float of a value for one image; a batch takes as many times that.</summary>
    public long this[string value] => _places[value].Start;

    private void Place(string value, FeatureShape shape, int step)
    {
        var length = Layout.ImageLength(shape.Channels, shape.Height * shape.Width);
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
