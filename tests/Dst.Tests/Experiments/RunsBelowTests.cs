using Dst.Tests.Cli;
using Dst.Tests.Foundations;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Experiments;

/// <summary>What is said of a folder of runs that is named in place of a run.</summary>
public sealed class RunsBelowTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Runs_that_are_not_finished_are_named_the_newest_first()
    {
        var runs = Enumerable.Range(1, 5).Select(Begin).ToArray();
        Finish(runs[3]);
        foreach (var folder in new[] { _folder.Path, _folder.File("tiny") })
            Assert.Equal(
                $"{folder} has no recipe.yaml, but runs that are not finished; expected --resume {runs[4]}, --resume {runs[2]} or "
                + $"--resume {runs[1]}, the newest first",
                Refusal(folder));
        Terminal.Run("run", "--resume", _folder.Path).AssertWrongInput($"expected --resume {runs[4]}, ");
    }

    [Fact]
    public void Finished_and_damaged_runs_are_not_offered()
    {
        Finish(Begin(1));
        Assert.EndsWith(", and the runs in it are finished; expected the folder of a run that is not", Refusal(_folder.Path));
        var run = Begin(2);
        File.WriteAllText(Path.Combine(Begin(3), "recipe.yaml"), "arms: 7");
        Assert.EndsWith($"; expected --resume {run}", Refusal(_folder.Path));
    }

    [Fact]
    public void A_set_of_runs_stands_for_its_seeds()
    {
        var recipe = TinyRun.Recipe(_folder.Path, "arms=[student]", "seeds=[1, 2]");
        var set = RunSet.Create(recipe, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Local));
        foreach (var seed in recipe.Seeds) set.Open(seed).Dispose();
        Assert.EndsWith($"; expected --resume {set.Path}", Refusal(_folder.Path));
        foreach (var seed in recipe.Seeds) Finish(Path.Combine(set.Path, $"seed-{seed}"));
        Assert.Contains("are finished", Refusal(_folder.Path));
    }

    [Fact]
    public void A_folder_without_runs_has_none_to_name()
    {
        Assert.EndsWith("has no recipe.yaml; expected the folder of a run", Refusal(_folder.Path));
        Assert.EndsWith("has no recipe.yaml; expected the folder of a run", Refusal(_folder.File("none")));
    }

    private static string Refusal(string folder) => Assert.Throws<InputException>(() => RunFolder.Resume(folder)).Message;

    private string Begin(int second)
    {
        using var run = RunFolder.Create(
            TinyRun.Recipe(_folder.Path, "arms=[student]"), new DateTime(2026, 1, 2, 3, 4, second, DateTimeKind.Local));
        return run.Path;
    }

    private static void Finish(string folder)
    {
        using var run = RunFolder.Resume(folder);
        run.AddArm(new()
        {
            Arm = "student",
            Network = "resnet8",
            TestTop1 = 0.5,
            ValidationTop1 = 0.5,
            Weights = 2,
            Nonzero = 2,
            Macs = 3,
            EffectiveMacs = 3,
            FileBytes = 4,
            LatencyMs = new(1, 1),
            Seconds = 1,
            Epochs = 3,
            BestEpoch = 2,
            Confusion = [[1, 1], [1, 1]],
        });
    }
}
