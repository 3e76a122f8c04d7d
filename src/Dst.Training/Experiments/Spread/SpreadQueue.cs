namespace Dst.Training.Experiments.Spread;

/// <summary>
/// The items that are to be made. Of those whose needs are done, the next one has the longest way to the end: the most work of its own and
/// of items that need it, one after another.
/// </summary>
internal sealed class SpreadQueue
{
    private readonly IReadOnlyList<SpreadItem> _items;
    private readonly State[] _states;
    private readonly double[] _workToEnd;

    /// <summary>Takes items, each after those that it needs.</summary>
    public SpreadQueue(IReadOnlyList<SpreadItem> items)
    {
        (_items, _states, _workToEnd) = (items, new State[items.Count], new double[items.Count]);
        for (var i = items.Count - 1; i >= 0; i--)
        {
            _workToEnd[i] += items[i].Work;
            foreach (var need in items[i].Needs) _workToEnd[need] = Math.Max(_workToEnd[need], _workToEnd[i]);
        }
    }

    private enum State
    {
        Waiting,
        Taken,
        Done,
        Failed,
    }

    /// <summary>Items that are neither done nor failed.</summary>
    public int Left => _states.Count(state => state is State.Waiting or State.Taken);

    /// <summary>Whether an item waits for others, or for a rank.</summary>
    public bool HasWaiting => _states.Contains(State.Waiting);

    /// <summary>Takes the next item that can be made now, or null.</summary>
    public int? Take()
    {
        int? best = null;
        for (var i = 0; i < _items.Count; i++)
        {
            if (_states[i] != State.Waiting || !_items[i].Needs.All(need => _states[need] == State.Done)) continue;
            if (best is null || _workToEnd[i] > _workToEnd[best.Value]) best = i;
        }

        if (best is { } taken) _states[taken] = State.Taken;
        return best;
    }

    /// <summary>Notes that an item is done.</summary>
    public void Finish(int item) => _states[item] = State.Done;

    /// <summary>Notes that an item has failed. Returns the items that need it, which fail too.</summary>
    public IReadOnlyList<int> Fail(int item)
    {
        _states[item] = State.Failed;
        var lost = new List<int>();
        for (var i = item + 1; i < _items.Count; i++)
        {
            if (_states[i] != State.Waiting || !_items[i].Needs.Any(need => _states[need] == State.Failed)) continue;
            _states[i] = State.Failed;
            lost.Add(i);
        }

        return lost;
    }
}
