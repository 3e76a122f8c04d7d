using Dst.Report.Html;
using Dst.Report.Runs;
using Dst.Tests.Experiments;
using Dst.Tests.Foundations;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Report.Html;

public sealed class HtmlReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_has_all_sections_and_a_folder_of_an_older_version_says_what_it_lacks()
    {
        var folder = TinyRun.RunIn(_folder.Path, "arms=[uhp, dst]");
        var page = Render(folder);
        string[] sections = ["arms", "tradeoff", "curves", "confusion", "calibration", "layers", "origin"];
        Assert.All(sections, section => Assert.Contains($"<section class=\"{section}\">", page));
        Assert.DoesNotContain("class=\"notice\"", page);
        const string pruned = "The finished dense student, pruned by the pattern row:4:2, ";
        Assert.Contains($"{pruned}trained on labels alone.", page);
        Assert.Contains($"{pruned}taught by the teacher and the network before pruning.", page);
        Assert.Equal(3, Count(page, "class=\"mask\""));
        string[] others = ["teacher", "student-kd", "uhp"]; // beside dst, the main arm
        Assert.All(others, arm => Assert.Contains($"<h3>Confusion matrix of {arm}</h3>", page));
        Assert.All(others.Append("dst"), arm => Assert.Contains($"<h3>Reliability of {arm}</h3>", page));
        Assert.Contains("Share right of each class, arm beside arm", page);
        Assert.Contains("\nprune:\n  unit: row\n", page); // the recipe in lines

        foreach (var file in Directory.GetFiles(folder, "*-test.safetensors")) File.Delete(file);
        File.Delete(Path.Combine(folder, "manifest.json"));
        File.WriteAllText(Path.Combine(folder, "metrics.csv"), "torn");
        File.WriteAllText(Path.Combine(folder, "dst.safetensors"), "torn");
        var old = Render(folder);
        Assert.All(["arms", "tradeoff", "confusion", "origin"], section => Assert.Contains($"<section class=\"{section}\">", old));
        Assert.All(["curves", "calibration", "layers"], section => Assert.DoesNotContain($"<section class=\"{section}\">", old));
        string[] sentences =
        [
            "there is no &lt;arm&gt;-test.safetensors of teacher, student-kd, uhp, dst, so calibration and pictures of mistakes are left",
            "manifest.json is not there, so command, versions and processor are left out", "learning curves are left out: ",
            "layers and masks of dst are left out: ",
        ];
        Assert.All(sentences, sentence => Assert.Contains($"<li>{sentence}", old));
    }

    [Fact]
    public void Predictions_of_another_run_are_left_out()
    {
        var folder = TinyRun.RunIn(_folder.Path, "arms=[student]");
        var file = Path.Combine(folder, TestRecord.FileOf("student"));
        var record = TestRecord.Load(file);
        (record with { Predictions = [.. record.Predictions.Skip(1)], Mistakes = [] }).Save(file);
        Assert.Contains("student-test.safetensors has other predictions than summary.json counts", Render(folder));
    }

    [Fact]
    public void The_network_of_another_run_is_left_out()
    {
        var folder = TinyRun.RunIn(_folder.Path, "arms=[student]");
        var file = Path.Combine(folder, "student.safetensors");
        var model = Model.Load(file);
        (model with { ClassNames = [.. model.ClassNames.Reverse()] }).Save(file);
        var page = Render(folder);
        Assert.Contains($"<li>layers and masks of student are left out: {file} is not the file that the run made</li>", page);
        Assert.DoesNotContain("<section class=\"layers\">", page);
    }

    [Fact]
    public void Seeds_are_taken_together_and_other_recipes_stand_beside_them()
    {
        string[] runs =
        [
            TinyRun.RunIn(_folder.File("a"), "arms=[student]"), TinyRun.RunIn(_folder.File("b"), "arms=[student]", "seed=6"),
            TinyRun.RunIn(_folder.File("c"), "arms=[student]", "data.simulated.difficulty=0.3", "train.epochs=2"),
        ];
        var page = Render(runs);
        Assert.Equal(2, Count(page, "<details class=\"group\""));
        Assert.Contains("train.epochs 3", page);
        Assert.Contains("seeds 5, 6", page);
        Assert.Contains("summed over the seeds", page);
        Assert.Contains("Bars are standard deviations over the seeds.", page);
        Assert.Contains("runs of one seed were tested on different images, so their accuracies do not compare", page);
        Assert.DoesNotContain("different images", Render(runs[..2])); // each seed draws its own
        Assert.Equal(3, Count(page, "<dt>Run folder</dt>"));
    }

    [Fact]
    public void A_run_without_a_finished_network_is_named()
    {
        var run = RunResults.FindAll(TinyRun.RunIn(_folder.Path, "arms=[student]", "train.epochs=1"), Assert.Fail).Single();
        var empty = run with { Summary = run.Summary with { Arms = [] } };
        var refusal = Assert.Throws<InputException>(() => HtmlReport.Render([empty], Assert.Fail));
        Assert.Contains($"{run.Folder} has no finished network", refusal.Message);
        var live = LiveReport.Page(empty, new(run.Folder, Version: 3, Progress: null));
        Assert.All(["now", "curves", "origin"], section => Assert.Contains($"<section class=\"{section}\"", live));
        Assert.Contains($"data-version=\"3 of {run.Folder}\"", live);
        Assert.Contains("<h2>Training begins</h2>", live);
        var last = LiveReport.Page(run, new(run.Folder, Version: 4, Progress: null) { End = "The run has ended." });
        Assert.Contains("<section class=\"arms\">", last);
        Assert.Contains("<h2>The run has ended.</h2>", last);
    }

    private static string Render(params string[] folders) => HtmlReport.Render(RunResults.FindAll(folders, Assert.Fail), Assert.Fail);

    private static int Count(string page, string text) => page.Split(text).Length - 1;
}
