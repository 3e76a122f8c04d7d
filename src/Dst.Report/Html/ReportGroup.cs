using Dst.Report.Runs;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;

namespace Dst.Report.Html;

/// <summary>The runs of one recipe, one for each seed, as a report shows them.</summary>
/// <param name="Index">Its number in the report.</param>
/// <param name="Runs">The runs.</param>
/// <param name="Details">The other files of each run, in the same order.</param>
internal sealed record ReportGroup(int Index, PatternRuns Runs, IReadOnlyList<RunDetails> Details)
{
    /// <summary>Name of the recipe, its pattern, and what tells it from others.</summary>
    public string Name => Runs.Label.Length > 0 ? $"{Runs.Recipe}: {Runs.Label}" : Runs.Recipe;

    /// <summary>The recipe of its first run.</summary>
    public Recipe Recipe => Runs.Runs[0].Recipe;

    /// <summary>The arms over the seeds.</summary>
    public IReadOnlyList<ArmStatistic> Arms => Runs.Arms;

    /// <summary>The arm that the details are about: the method's, or the last.</summary>
    public ArmStatistic Main => Runs.Find(ArmNames.Dst) ?? Arms[^1];

    /// <summary>The dense network that the main arm is compared with, or null if it was not tested or is the main arm itself.</summary>
    public ArmStatistic? Dense => Arm.DenseOf(Recipe).Name is var name && name != Main.Arm ? Runs.Find(name) : null;

    /// <summary>Names of the classes, or their numbers if no file names them.</summary>
    public IReadOnlyList<string> ClassNames
    {
        get
        {
            var named = Details.Select(run => run.TestOf(Main.Arm)?.ClassNames ?? run.ModelOf(Main.Arm)?.ClassNames)
                .FirstOrDefault(names => names?.Count == Confusion.Count);
            return named ?? [.. Enumerable.Range(0, Confusion.Count).Select(label => $"{label}")];
        }
    }

    /// <summary>Test images of the main arm by [label][prediction], summed over the seeds.</summary>
    public IReadOnlyList<IReadOnlyList<long>> Confusion => ConfusionOf(Main.Arm);

    /// <summary>The main arm, then the others whose mistakes can be compared with its own.</summary>
    public IReadOnlyList<string> ArmsByClass =>
    [
        Main.Arm,
        .. Arms.Select(arm => arm.Arm).Where(arm => arm != Main.Arm && ConfusionOf(arm).Count == Confusion.Count),
    ];

    /// <summary>Test images of an arm by [label][prediction], summed over the seeds.</summary>
    public IReadOnlyList<IReadOnlyList<long>> ConfusionOf(string arm)
    {
        var all = Runs.Runs.Select(run => run.Summary.Find(arm)?.Confusion).OfType<IReadOnlyList<IReadOnlyList<long>>>().ToList();
        var equal = all.Where(rows => rows.Count == all[0].Count).ToList();
        return [.. all[0].Select((row, i) => row.Select((_, j) => equal.Sum(rows => rows[i][j])).ToList())];
    }

    /// <summary>CSS class of the colour of an arm; it is the same in all charts. An auto-encoder has that of its network.</summary>
    public static string ColourOf(string arm)
    {
        var name = arm == ArmNames.Pretrain ? ArmNames.Student : arm == ArmNames.PretrainTeacher ? ArmNames.Teacher : arm;
        return $"arm{ArmNames.All.Index().First(known => known.Item == name).Index}";
    }
}
