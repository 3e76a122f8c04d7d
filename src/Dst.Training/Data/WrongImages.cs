namespace Dst.Training.Data;

/// <summary>Images that cannot be read. One message names the first and counts all, so that a user can mend them together.</summary>
internal sealed class WrongImages
{
    private const int Shown = 5;
    private readonly SortedList<int, InputException> _first = []; // by place
    private int _count;

    /// <summary>Whether there is one.</summary>
    public bool Any => _count > 0;

    /// <summary>Adds an image, from any thread.</summary>
    /// <param name="place">Its place among the images.</param>
    /// <param name="problem">What is wrong with it.</param>
    public void Add(int place, InputException problem)
    {
        lock (_first)
        {
            _count++;
            _first.Add(place, problem);
            if (_first.Count > Shown) _first.RemoveAt(Shown);
        }
    }

    /// <summary>Fails if an image was added.</summary>
    /// <param name="images">How many were read.</param>
    /// <param name="advice">The end of the message, or empty.</param>
    /// <exception cref="InputException">One was.</exception>
    public void ThrowIfAny(int images, string advice = "")
    {
        if (_count == 0) return;
        if (_count == 1) throw new InputException(_first.Values[0].Message + advice, _first.Values[0]);
        var more = _count > Shown ? $"; and {_count - Shown} more" : "";
        throw new InputException(
            $"{_count} of {images} images cannot be read; mend them or take them away: "
            + string.Join("; ", _first.Values.Select(problem => problem.Message)) + more + advice,
            _first.Values[0]);
    }
}
