using Dst.Cli;
using Dst.Tests.Foundations;

namespace Dst.Tests.Cli;

public sealed class ResultsCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Arms_have_mean_and_standard_deviation_over_seeds()
    {
        WriteRun("a", seed: 1, block: 16, ("student-kd", 0.90, 2.0, 2.0), ("dst", 0.91, 1.0, 2.0));
        WriteRun("b", seed: 2, block: 16, ("student-kd", 0.92, 3.0, 3.0), ("dst", 0.93, 1.5, 3.0));
        WriteRun("c", seed: 3, block: 16, ("student-kd", 0.94, 2.5, 2.5));
        var run = Terminal.Run("results", _folder.Path);
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        Assert.Contains("## sample: kernel:16:16, seeds 1, 2, 3\n", run.Output);
        Assert.Contains("| student-kd | resnet8 | 92.00 ± 2.00 | ", run.Output);
        Assert.Contains("| dst | resnet8 | 92.00 ± 1.41 | ", run.Output);
        Assert.Contains("| 1.000 | 2.000 | 1.0 ± 0.0 | 2 |", run.Output);
        Assert.DoesNotContain("patterns", run.Output);
        Assert.True(run.Output.IndexOf("| student-kd", StringComparison.Ordinal) < run.Output.IndexOf("| dst", StringComparison.Ordinal));
    }

    [Fact]
    public void Several_patterns_of_a_recipe_are_compared()
    {
        WriteRun("a", seed: 1, block: 16, ("dst", 0.91, 1.0, 2.0));
        WriteRun("b", seed: 1, block: 4, ("dst", 0.92, 1.6, 2.0));
        var run = Terminal.Run("results", _folder.File("a"), _folder.File("b"));
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        Assert.Contains("## sample: patterns", run.Output);
        Assert.Contains("| kernel:16:16 | 91.00 | - | - | 1.000 | 2.000 | 2.00 | 1 |", run.Output);
        Assert.Contains("| kernel:4:16 | 92.00 | - | - | 1.600 | 2.000 | 1.25 | 1 |", run.Output);
    }

    [Fact]
    public void The_same_seed_twice_is_refused()
    {
        WriteRun("a", seed: 1, block: 16, ("dst", 0.91, 1.0, 2.0));
        WriteRun("b", seed: 1, block: 16, ("dst", 0.92, 1.0, 2.0));
        Terminal.Run("results", _folder.Path).AssertWrongInput("seed 1", _folder.File("a"), _folder.File("b"));
    }

    [Fact]
    public void A_folder_without_runs_is_named() => Terminal.Run("results", _folder.Path).AssertWrongInput(_folder.Path, "summary.json");

    [Fact]
    public void A_torn_summary_is_named()
    {
        WriteRun("a", seed: 1, block: 16, ("dst", 0.91, 1.0, 2.0));
        var summary = Path.Combine(_folder.File("a"), "summary.json");
        File.WriteAllText(summary, File.ReadAllText(summary)[..40]);
        Terminal.Run("results", _folder.Path).AssertWrongInput(summary);
    }

    private void WriteRun(string name, int seed, int block, params (string Arm, double Top1, double Ms, double DenseMs)[] arms)
    {
        var folder = Directory.CreateDirectory(_folder.File(name)).FullName;
        File.WriteAllText(Path.Combine(folder, "recipe.yaml"), $$"""
            name: sample
            prune: { unit: kernel, block: {{block}}, group: 16 }
            """);
        var rows = arms.Select(arm => $$"""
            { "arm": "{{arm.Arm}}", "network": "resnet8", "test_top1": {{arm.Top1}}, "validation_top1": 0.9,
              "weights": 100, "nonzero": 60, "macs": 1000, "effective_macs": 600, "file_bytes": 500,
              "latency_ms": { "min": {{arm.Ms}}, "median": 9 }, "latency_dense_ms": { "min": {{arm.DenseMs}}, "median": 9 },
              "seconds": 60, "epochs": 3, "best_epoch": 2, "confusion": [[1, 0], [0, 1]], "layers": [] }
            """);
        File.WriteAllText(
            Path.Combine(folder, "summary.json"), $$"""{ "recipe": "sample", "seed": {{seed}}, "arms": [{{string.Join(",", rows)}}] }""");
    }
}
