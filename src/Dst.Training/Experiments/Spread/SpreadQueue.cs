using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments.Spread;

/// <summary>An arm of a run that one rank makes alone.</summary>
/// <param name="Run">Number of the run, from 0.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Arm">The arm.</param>
/// <param name="Work">Multiply-accumulates of its training, roughly.</param>
/// <param name="Needs">Items that must be done before, by number.</param>
internal sealed record SpreadItem(int Run, long Seed, Arm Arm, double Work, IReadOnlyList<int> Needs)
{
    /// <summary>Its name in messages.</summary>
    public string Name => $"seed {Seed}: {Arm.Name}";

    /// <summary>The arms of a run that are not finished, in the order in which one process makes them.</summary>
    /// <param name="run">Number of the run.</param>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="plan">Of <see cref="Pipeline.Check"/>: what is not finished.</param>
    /// <param name="first">Number of its first item.</param>
    public static IReadOnlyList<SpreadItem> Of(int run, Recipe recipe, IReadOnlyList<PlannedArm> plan, int first)
    {
        var items = new List<SpreadItem>();
        var trainers = new Dictionary<string, int>(); // of the auto-encoders of the run
        foreach (var arm in Arm.InOrderOf(recipe))
        {
            if (plan.FirstOrDefault(planned => planned.Arm == arm.Name) is not { } planned) continue;
            var needs = arm.NeedsIn(recipe).Select(need => items.FindIndex(item => item.Arm == need)).Where(i => i >= 0).ToList();
            if (arm.AutoEncoderIn(recipe) is { } name && !trainers.TryAdd(name, items.Count)) needs.Add(trainers[name]);

            items.Add(new(run, recipe.Seed, arm, planned.Work, [.. needs.Distinct().Select(i => first + i)]));
        }

        return items;
    }
}

/// <summary>
/// Which items are to be made, longest first: of those whose needs are done the one with the most work on the longest way from it to the
/// end.
/// </summary>
internal sealed class SpreadQueue
{
    private readonly IReadOnlyList<SpreadItem> _items;
    private readonly State[] _states;
    private readonly double[] _paths;

    /// <summary>Takes items, each after those that it needs.</summary>
    public SpreadQueue(IReadOnlyList<SpreadItem> items)
    {
        (_items, _states, _paths) = (items, new State[items.Count], new double[items.Count]);
        for (var i = items.Count - 1; i >= 0; i--)
        {
            _paths[i] += items[i].Work;
            foreach (var need in items[i].Needs) _paths[need] = Math.Max(_paths[need], _paths[i]);
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
            if (best is null || _paths[i] > _paths[best.Value]) best = i;
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
