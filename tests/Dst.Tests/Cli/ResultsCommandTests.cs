using System.Text.Json;
using System.Text.RegularExpressions;
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
        var run = Terminal.Run("results", _folder.Path, "--wide");
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        Assert.Contains("## sample: kernel:16:16, seeds 1, 2, 3\n", Squeeze(run.Output));
        Assert.Contains("| student-kd | resnet8 | 92.00 ± 2.00 | ", Squeeze(run.Output));
        var narrow = Terminal.Run("results", _folder.Path).Output;
        Assert.Contains("| dst | resnet8 | 92.00 ± 1.41 | 90.00 ± 0.00 | 1 min 00 s | 2 |", Squeeze(narrow));
        Assert.Contains("| dst | 100 | 60 | 600 | 500 B | 1.000 | 2.000 |", Squeeze(narrow));
        Assert.All(narrow.Split('\n').Where(line => line.StartsWith('|')), line => Assert.InRange(line.Length, 20, 85));
        Assert.Contains("| dst | resnet8 | 92.00 ± 1.41 | ", Squeeze(run.Output));
        Assert.Contains("| 1.000 | 2.000 | 1 min 00 s | 2 |", Squeeze(run.Output));
        Assert.DoesNotContain("patterns", Squeeze(run.Output));
        Assert.True(run.Output.IndexOf("| student-kd", StringComparison.Ordinal) < run.Output.IndexOf("| dst", StringComparison.Ordinal));
    }

    [Fact]
    public void Several_patterns_of_a_recipe_are_compared()
    {
        WriteRun("a", seed: 1, block: 16, ("dst", 0.91, 1.0, 2.0));
        WriteRun("b", seed: 1, block: 4, ("dst", 0.92, 1.6, 2.0));
        var run = Terminal.Run("results", _folder.File("a"), _folder.File("b"));
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        Assert.Contains("## sample: patterns", Squeeze(run.Output));
        Assert.Contains("| kernel:16:16 | 91.00 | - | - | 1.000 | 2.000 | 2.00 | 1 |", Squeeze(run.Output));
        Assert.Contains("| kernel:4:16 | 92.00 | - | - | 1.600 | 2.000 | 1.25 | 1 |", Squeeze(run.Output));
    }

    [Fact]
    public void Arms_are_compared_with_dst_seed_by_seed()
    {
        WriteRun("a", seed: 1, block: 16, ("dst", 0.91, 1.0, 2.0), ("uhp", 0.90, 1.0, 2.0), ("student", 0.93, 1.0, 2.0));
        WriteRun("b", seed: 2, block: 16, ("dst", 0.81, 1.0, 2.0));
        WriteRun("c", seed: 2, block: 16, ("uhp", 0.78, 1.0, 2.0)); // the same seed in another run
        WriteRun("d", seed: 3, block: 16, ("uhp", 0.10, 1.0, 2.0)); // without dst
        var run = Terminal.Run("results", _folder.Path);
        Assert.Contains(
            "| arm | dst is better by, points | seeds |\n|-----|-------------------------:|------:|\n| uhp | 2.00 ± 1.41 | 2 |\n\n",
            Squeeze(run.Output));
        var document = JsonDocument.Parse(Terminal.Run("results", _folder.Path, "--json").Output).RootElement[0];
        var difference = Assert.Single(document.GetProperty("differences").EnumerateArray());
        Assert.Equal(("uhp", 2), (difference.GetProperty("arm").GetString(), difference.GetProperty("seeds").GetInt32()));
        Assert.Equal(0.02, difference.GetProperty("test_top1").GetProperty("mean").GetDouble(), 1e-9);
    }

    [Fact]
    public void All_arms_that_two_runs_trained_twice_are_told_in_one_line()
    {
        WriteRun("a", seed: 1, block: 16, ("dst", 0.91, 1.0, 2.0), ("student", 0.80, 1.0, 2.0));
        WriteRun("b", seed: 1, block: 16, ("dst", 0.92, 1.0, 2.0), ("student", 0.81, 1.0, 2.0));
        Assert.Equal(
            $"{_folder.File("a")} and {_folder.File("b")} trained dst, student of one recipe with the seed 1; the last is counted\n",
            Terminal.Run("results", _folder.Path).Error);
    }

    [Fact]
    public void Of_an_arm_that_a_seed_trained_twice_the_last_is_counted()
    {
        WriteRun("a", seed: 1, block: 16, ("dst", 0.91, 1.0, 2.0), ("student", 0.80, 1.0, 2.0));
        WriteRun("b", seed: 1, block: 16, ("dst", 0.92, 1.0, 2.0));
        WriteRun("c", seed: 2, block: 16, ("dst", 0.94, 1.0, 2.0));
        var run = Terminal.Run("results", _folder.Path);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains($"{_folder.File("a")} and {_folder.File("b")} trained dst of one recipe with the seed 1; the last", run.Error);
        Assert.Contains("| dst | resnet8 | 93.00 ± 1.41 | ", Squeeze(run.Output));
        Assert.Contains("| student | resnet8 | 80.00 | ", Squeeze(run.Output));
        Assert.Equal("", Terminal.Run("results", _folder.File("a"), _folder.File("a")).Error); // a folder may be named twice
    }

    [Fact]
    public void Recipes_of_one_name_with_other_keys_are_told_apart()
    {
        WriteRun("a", seed: 1, "train: { epochs: 5 }", ("student", 0.80, 1.0, 2.0));
        WriteRun("b", seed: 1, "train: { epochs: 9 }", ("student", 0.90, 1.0, 2.0));
        WriteRun("c", seed: 2, "{ train: { epochs: 9 }, student: { from: x } }", ("student", 0.94, 1.0, 2.0));
        var run = Terminal.Run("results", _folder.Path);
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        Assert.Contains("epochs 5", Heading(Squeeze(run.Output), "| student | resnet8 | 80.00 | "));
        var longer = Heading(Squeeze(run.Output), "| student | resnet8 | 92.00 ± 2.83 | "); // models of each seed do not part the seeds
        Assert.Contains("train.epochs 9", longer);
        Assert.EndsWith("seeds 1, 2", longer);

        WriteRun("d", seed: 2, "{ train: { epochs: 9 }, student: { from: y } }", ("student", 0.70, 1.0, 2.0));
        var models = Terminal.Run("results", _folder.Path);
        Assert.Equal((CommandLine.Done, ""), (models.ExitCode, models.Error));
        Assert.Contains("student.from y", Heading(Squeeze(models.Output), "| student | resnet8 | 70.00 | "));

        static string Heading(string output, string row) =>
            output[..output.IndexOf(row, StringComparison.Ordinal)].Split('\n')
                .Last(line => line.StartsWith("##", StringComparison.Ordinal));
    }

    [Fact]
    public void Runs_on_other_images_have_a_table_of_their_own()
    {
        WriteRun("a", seed: 1, block: 16, ("student", 0.80, 1.0, 2.0));
        WriteRun("b", seed: 1, block: 16, ("student", 0.90, 1.0, 2.0));
        WriteRun("c", seed: 2, block: 16, ("student", 0.94, 1.0, 2.0));
        WriteManifest("a", seed: 1, hash: "0123456789abcdef", images: 120);
        WriteManifest("b", seed: 1, hash: "fedcba9876543210", images: 60);
        WriteManifest("c", seed: 2, hash: "fedcba9876543210", images: 60);
        var run = Terminal.Run("results", _folder.Path);
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        Assert.Contains("## sample: images 120 (hash 01234567), seeds 1\n", run.Output);
        Assert.Contains("## sample: images 60 (hash fedcba98), seeds 1, 2\n", run.Output);
        Assert.Contains("| student | resnet8 | 92.00 ± 2.83 | ", Squeeze(run.Output));

        WriteRun("d", seed: 3, block: 16, ("student", 0.70, 1.0, 2.0)); // of an older version
        Assert.Contains("images unknown, seeds 3\n", Terminal.Run("results", _folder.Path).Output);
        Assert.Contains("## sample: seeds 1, 3\n", Terminal.Run("results", _folder.File("a"), _folder.File("d")).Output);
        Assert.Equal(CommandLine.Done, Terminal.Run("report", _folder.Path).ExitCode);
        Assert.Contains("images 60 (hash fedcba98)", File.ReadAllText(_folder.File("report.html")));
    }

    [Fact]
    public void Runs_that_prune_nothing_have_no_pattern()
    {
        WriteRun("a", seed: 1, block: 16, ("student", 0.80, 1.0, 2.0));
        var run = Terminal.Run("results", _folder.Path);
        Assert.Contains("## sample: seeds 1\n", run.Output);
        using var document = JsonDocument.Parse(Terminal.Run("results", _folder.Path, "--json").Output);
        Assert.Equal(JsonValueKind.Null, document.RootElement[0].GetProperty("pattern").ValueKind);
        Assert.Equal(CommandLine.Done, Terminal.Run("report", _folder.Path).ExitCode);
        Assert.DoesNotContain("kernel:16:16", File.ReadAllText(_folder.File("report.html")));

        WriteRun("b", seed: 1, block: 4, ("student", 0.90, 1.0, 2.0));
        Assert.Contains("## sample: prune.block 4, seeds 1\n", Terminal.Run("results", _folder.Path).Output);
        WriteRun("c", seed: 2, block: 16, ("dst", 0.90, 1.0, 2.0)); // the recipe of the first prunes after all
        Assert.Contains("## sample: kernel:16:16, seeds 1, 2\n", Terminal.Run("results", _folder.Path).Output);
    }

    [Fact]
    public void A_key_without_a_value_has_none()
    {
        WriteRun("a", seed: 1, "{}", ("student", 0.80, 1.0, 2.0));
        WriteRun("b", seed: 1, "student: { from: x }", ("student", 0.90, 1.0, 2.0));
        Assert.Contains("student.from none, seeds 1\n", Terminal.Run("results", _folder.Path).Output);
    }

    [Fact]
    public void Of_many_keys_the_heading_names_a_few_and_a_line_all()
    {
        WriteRun("a", seed: 1, "data: { flip: true, shift: 2, gain: 0.1, erase: 0.1 }", ("student", 0.80, 1.0, 2.0));
        WriteRun("b", seed: 1, "{}", ("student", 0.90, 1.0, 2.0));
        WriteRun("c", seed: 1, "data: { erase: 0.2 }", ("student", 0.70, 1.0, 2.0));
        var output = Terminal.Run("results", _folder.Path).Output;
        Assert.Contains("data.shift 2, data.erase 0.1, data.flip true and 1 more key, seeds 1\n\nkeys: ", output);
        Assert.Contains("data.shift 0, data.erase 0.2, data.flip false and 1 more key, seeds 1\n", output);
        Assert.Contains("data.gain 0.1\n", output);
        Assert.DoesNotContain("patterns", output); // there is no arm dst to compare
    }

    [Fact]
    public void A_run_that_cannot_be_read_does_not_stop_the_others()
    {
        WriteRun("a", seed: 1, block: 16, ("dst", 0.91, 1.0, 2.0));
        WriteRun("b", seed: 2, "no_such_key: 1", ("dst", 0.95, 1.0, 2.0));
        var run = Terminal.Run("results", _folder.Path);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains("warning: a run is left out: ", run.Error);
        Assert.Contains("no_such_key", run.Error);
        Assert.Contains("| dst | resnet8 | 91.00 | ", Squeeze(run.Output));
        WriteRun("a", seed: 1, "no_such_key: 1", ("dst", 0.95, 1.0, 2.0));
        Terminal.Run("results", _folder.Path).AssertFailsWith(CommandLine.WrongInput, "has no run that can be read");
    }

    [Fact]
    public void Json_has_the_fields_that_the_documents_name()
    {
        WriteRun("a", seed: 1, block: 16, ("dst", 0.91, 1.0, 2.0));
        var run = Terminal.Run("results", _folder.Path, "--json");
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        using var document = JsonDocument.Parse(run.Output);
        var group = Assert.Single(document.RootElement.EnumerateArray());
        Assert.Equal(
            ["recipe", "pattern", "settings", "seeds", "arms", "differences"],
            group.EnumerateObject().Select(property => property.Name));
        Assert.Equal(0.91, group.GetProperty("arms")[0].GetProperty("test_top1").GetProperty("mean").GetDouble());
    }

    [Fact]
    public void Report_writes_a_page_into_the_folder_or_where_it_is_told_to()
    {
        WriteRun("a", seed: 1, block: 16, ("dst", 0.91, 1.0, 2.0));
        WriteRun("b", seed: 2, block: 16, ("dst", 0.93, 1.5, 3.0));
        var own = Terminal.Run("report", _folder.Path);
        Assert.Equal((CommandLine.Done, ""), (own.ExitCode, own.Error));
        Assert.StartsWith($"report: {_folder.File("report.html")}, ", own.Output);
        Assert.Contains("92.00 ± 1.41", File.ReadAllText(_folder.File("report.html")));
        var page = _folder.File("page.html");
        var other = Terminal.Run("report", _folder.File("a"), _folder.File("b"), "--out", page, "--json");
        Assert.Equal((CommandLine.Done, ""), (other.ExitCode, other.Error));
        Assert.Contains($"\"file\": \"{page}\"", other.Output);
        Assert.True(File.Exists(page));
        Terminal.Run("report", _folder.Path, "--out", _folder.File("none/page.html")).AssertWrongInput("--out", "does not exist");
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

    private void WriteManifest(string name, int seed, string hash, int images) => File.WriteAllText(
        Path.Combine(_folder.File(name), "manifest.json"), $$"""
        { "version": "1", "commit": null, "framework": "", "system": "", "cpu": "", "tier": "v256", "threads": 1, "seed": {{seed}},
          "started": "2026-01-02T03:04:05Z", "data": {}, "images": { "training": {{images - 10}}, "test": 10 }, "images_hash": "{{hash}}" }
        """);

    private static string Squeeze(string output) => Regex.Replace(output, " +", " ");

    private void WriteRun(string name, int seed, int block, params (string Arm, double Top1, double Ms, double DenseMs)[] arms) =>
        WriteRun(name, seed, $"prune: {{ unit: kernel, block: {block}, group: 16 }}", arms);

    private void WriteRun(string name, int seed, string keys, params (string Arm, double Top1, double Ms, double DenseMs)[] arms)
    {
        var folder = Directory.CreateDirectory(_folder.File(name)).FullName;
        File.WriteAllText(
            Path.Combine(folder, "recipe.yaml"), keys.StartsWith('{') ? keys.Insert(1, " name: sample, ") : $"name: sample\n{keys}");
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
