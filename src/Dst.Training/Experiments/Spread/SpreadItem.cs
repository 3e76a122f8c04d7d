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
    public string Name => Invariant($"seed {Seed}: {Arm.Name}");

    /// <summary>The arms of a run that are not finished, in the order in which one process makes them.</summary>
    /// <param name="run">Number of the run.</param>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="plan">Of <see cref="Pipeline.Check"/>: what is not finished.</param>
    /// <param name="first">Number of its first item.</param>
    public static IReadOnlyList<SpreadItem> AllOf(int run, Recipe recipe, IReadOnlyList<PlannedArm> plan, int first)
    {
        var items = new List<SpreadItem>();
        var trainerOf = new Dictionary<string, int>(); // the item that trains each auto-encoder
        foreach (var arm in Arm.InOrderOf(recipe))
        {
            if (plan.FirstOrDefault(planned => planned.Arm == arm.Name) is not { } planned) continue;
            var needs = arm.NeedsIn(recipe).Select(need => items.FindIndex(item => item.Arm == need)).Where(i => i >= 0).ToList();
            if (arm.AutoEncoderIn(recipe) is { } name && !trainerOf.TryAdd(name, items.Count)) needs.Add(trainerOf[name]);
            items.Add(new(run, recipe.Seed, arm, planned.Work, [.. needs.Distinct().Select(i => first + i)]));
        }

        return items;
    }
}
