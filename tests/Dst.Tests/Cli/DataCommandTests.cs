using System.Text.Json;
using Dst.Cli;
using Dst.Tests.Foundations;
using Dst.Tests.Images;

namespace Dst.Tests.Cli;

public sealed class DataCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Json_has_counts_by_class_and_split()
    {
        var run = Terminal.Run(
            "data", "inspect", "--data.simulated.classes", "2", "--data.simulated.per_class_train", "10", "--data.simulated.per_class_test",
            "3", "--data.validation", "0.2", "--json");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        var splits = document.RootElement.GetProperty("splits").EnumerateArray()
            .ToDictionary(
                split => split.GetProperty("name").GetString()!,
                split => split.GetProperty("class_counts").EnumerateArray().Select(count => count.GetInt32()).ToArray());
        Assert.Equal([8, 8], splits["training"]);
        Assert.Equal([2, 2], splits["validation"]);
        Assert.Equal([3, 3], splits["test"]);
        Assert.Empty(document.RootElement.GetProperty("leaks").EnumerateArray());
    }

    [Fact]
    public void Simulated_chips_become_files_that_are_read_as_they_were_made()
    {
        string[] chips = ["--data.simulated.classes", "2", "--data.simulated.per_class_train", "3", "--data.simulated.per_class_test", "2"];
        var folder = _folder.File("chips");
        var run = Terminal.Run(["data", "simulate", folder, .. chips]);
        Assert.Equal((CommandLine.Done, $"10 images are in {folder}\n"), (run.ExitCode, run.Output));
        Assert.DoesNotContain(
            Directory.GetFileSystemEntries(Path.GetDirectoryName(folder)!), entry => entry.EndsWith(".tmp", StringComparison.Ordinal));
        string Splits(params string[] data) => Terminal.Run(["data", "inspect", "--json", "--data.validation", "0", .. data]).Output;
        string Counts(string json) => JsonDocument.Parse(json).RootElement.GetProperty("splits").GetRawText();
        Assert.Equal(
            Counts(Splits(["--data.kind", "simulated", .. chips])), Counts(Splits("--data.kind", "folder", "--data.path", folder)));
        Terminal.Run("data", "simulate", folder).AssertWrongInput("exists and is not empty");
        Terminal.Run("data", "simulate", _folder.File("new"), "--data.crop", "8").AssertWrongInput("data.crop has no effect");
    }

    [Fact]
    public void Classes_that_are_too_small_for_a_split_are_shown_with_a_warning()
    {
        foreach (var (name, images) in new[] { ("a", 4), ("b", 1) })
        {
            Directory.CreateDirectory(_folder.File($"few/{name}"));
            for (var i = 0; i < images; i++)
            {
                var picture = TestImages.GreyPng(8, 8, (y, x) => (byte)(images * 40 + i + y * x));
                File.WriteAllBytes(_folder.File($"few/{name}/{i}.png"), picture);
            }
        }

        var run = Terminal.Run("data", "inspect", _folder.File("few"));
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains("warning: class 'b' has one image left ('", run.Error);
        Assert.Contains("') to draw a split from; the test has none", run.Error);
        Assert.Contains("; the validation has none", run.Error);
        Assert.Matches("(?m)^b +1 +0 +0$", run.Output);
        var folds = Terminal.Run("data", "inspect", _folder.File("few"), "--data.folds", "3");
        Assert.Equal(CommandLine.Done, folds.ExitCode);
        Assert.Contains("warning: class 'b' has 1 image; not each of the 3 tests has one", folds.Error);
    }

    [Fact]
    public void A_list_of_labels_is_called_so()
    {
        const string Advice = "lists of labels are not read: put the images of each class into a folder of its own";
        Directory.CreateDirectory(_folder.File("flat/images"));
        var list = _folder.File("flat/labels.csv");
        File.WriteAllText(list, "filename,label\n0.png,a\n");
        File.WriteAllBytes(_folder.File("flat/images/0.png"), TestImages.GreyPng(4, 4, (_, _) => 0));
        Terminal.Run("data", "inspect", list).AssertWrongInput($"'{list}' is a list; {Advice}, and name the folder around them");
        Terminal.Run("data", "inspect", "--data.path", list).AssertWrongInput($"'{list}' is a list; {Advice}");
        Terminal.Run("data", "inspect", _folder.File("flat"))
            .AssertWrongInput($"holds 1 class folder; at least 2 were expected; it holds 'labels.csv', and {Advice}");
    }

    [Fact]
    public void Set_wins_over_the_option_of_the_same_key()
    {
        var run = Terminal.Run(
            "data", "inspect", "--set", "data.simulated.size=24", "--data.simulated.size", "16", "--data.simulated.per_class_train", "4");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains("sizes 24x24", run.Output);
    }

    [Fact]
    public void A_value_that_the_recipe_does_not_allow_is_refused() =>
        Terminal.Run("data", "inspect", "--data.kind", "simulatd").AssertWrongInput("'simulatd'", "simulated");

    [Fact]
    public void A_list_may_be_given_with_or_without_brackets()
    {
        foreach (var bands in new[] { "vh,vv", "[vh, vv]" })
            Terminal.Run("data", "inspect", "--data.kind", "opensarship", "--data.path", _folder.Path, "--data.bands", bands)
                .AssertWrongInput("no scene");
        Terminal.Run("data", "inspect", "--data.bands", "hh").AssertWrongInput("'hh'", "vv or vh");
    }

    [Fact]
    public void A_folder_that_is_missing_is_named() =>
        Terminal.Run("data", "inspect", "--data.kind", "folder", "--data.path", _folder.File("a: b # c")).AssertWrongInput("a: b # c");
}
