using Dst.Cli;

namespace Dst.Tests.Cli;

public class UsageTests
{
    private static readonly string[] VerbNames = [
        "train", "compress", "run", "distill", "prune", "halve", "quantise", "import", "eval", "predict", "inspect", "export", "bench",
        "results", "report", "data", "settings", "networks", "doctor"];

    public static TheoryData<string> Verbs => new([.. VerbNames, "data inspect", "bench kernels", "bench peers", "bench train"]);

    [Fact]
    public void No_verb_prints_the_help_with_every_verb()
    {
        var run = Terminal.Run();
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Equal("", run.Error);
        Assert.All(VerbNames, verb => Assert.Contains($"\n  {verb} ", run.Output));
    }

    [Fact]
    public void Examples_name_files_of_the_repository_that_exist()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "Dst.slnx"))) root = root.Parent;
        var words = VerbNames.SelectMany(HelpOf).Where(line => line.StartsWith("  ./dst", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ', '"'));
        var files = words.Where(word => word.Split('/')[0] is "recipes" or "models").ToList();
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.True(File.Exists(Path.Combine(root.FullName, file)), file));
    }

    [Fact]
    public void Data_beside_a_model_to_compress_have_an_option()
    {
        Terminal.Run("compress", "model.safetensors", "photos")
            .AssertWrongInput("unknown argument 'photos', did you mean '--data photos'? see dst compress --help");
        Terminal.Run("compress", "photos", "more").AssertWrongInput("unknown argument 'more'; see");
    }

    [Fact]
    public void The_help_lists_verbs_by_what_one_wants_to_do()
    {
        var help = Terminal.Run("--help").Output;
        string[] order =
            ["From images to a model:", "  train ", "  compress ", "Use a model:", "  predict ", "Take a model, change it:", "  doctor "];
        Assert.Equal(order, order.OrderBy(text => help.IndexOf($"\n{text}", StringComparison.Ordinal)));
        Assert.Contains("\nVerbs:\n", Terminal.Run("data", "--help").Output);
    }

    [Theory, MemberData(nameof(Verbs))]
    public void Help_of_a_verb_ends_with_examples_of_it(string verb)
    {
        var run = Terminal.Run([.. verb.Split(' '), "--help"]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Equal("", run.Error);
        Assert.Contains($"\n  ./dst {verb}", run.Output[run.Output.IndexOf("Examples:", StringComparison.Ordinal)..]);
    }

    [Fact]
    public void Help_marks_what_may_be_left_out_and_fits_into_100_columns()
    {
        Assert.Contains("dst train [DATA|RECIPE] [options]", Terminal.Run("train", "--help").Output);
        Assert.Contains("dst predict MODEL [IMAGE...] [options]", Terminal.Run("predict", "--help").Output);
        Assert.Contains("dst bench [VERB] [MODEL] [options]", Terminal.Run("bench", "--help").Output);
        var lines = VerbNames.SelectMany(HelpOf).Where(line => !line.StartsWith("  ./dst", StringComparison.Ordinal));
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 100));
    }

    [Theory]
    [InlineData("help")]
    [InlineData("help", "train")]
    public void The_word_help_is_help(params string[] words) => Assert.Equal(Terminal.Run([.. words[1..], "--help"]), Terminal.Run(words));

    [Fact]
    public void A_word_that_is_near_no_verb_names_all_of_them() =>
        Terminal.Run("list").AssertWrongInput("'list'", "train, compress, run", "doctor");

    [Theory]
    [InlineData("run", "--patience", "--set train.patience=VALUE")]
    [InlineData("run", "--learning-rate", "--set train.schedule.learning_rate=VALUE")]
    public void A_key_of_the_recipe_that_is_no_option_is_named(string verb, string option, string expected) =>
        Terminal.Run(verb, option, "3").AssertWrongInput($"'{option}'", expected);

    [Fact]
    public void An_option_that_is_near_no_other_has_no_suggestion() =>
        Assert.DoesNotContain("mean", Terminal.Run("doctor", "--zzzzzz").Error);

    [Theory]
    [InlineData("export")]
    [InlineData("eval")]
    [InlineData("bench")]
    public void A_model_is_an_argument_of_every_verb(string verb) =>
        Terminal.Run(verb, "--model", "x.safetensors").AssertWrongInput("MODEL", "without --model");

    [Fact]
    public void A_misspelt_verb_names_the_nearest_one() => Terminal.Run("docter").AssertWrongInput("'docter'", "'doctor'");

    [Fact]
    public void A_misspelt_option_names_the_nearest_one() => Terminal.Run("doctor", "--jsn").AssertWrongInput("'--jsn'", "'--json'");

    [Fact]
    public void A_misspelt_option_is_not_taken_for_a_file() =>
        Terminal.Run("train", "--sedd", "3").AssertWrongInput("'--sedd'", "'--seed'", "dst train --help");

    [Fact]
    public void A_misspelt_sub_verb_names_the_nearest_one() =>
        Terminal.Run("data", "inspct").AssertWrongInput("'inspct'", "'inspect'", "dst data --help");

    [Fact]
    public void What_is_missing_is_named()
    {
        Terminal.Run("inspect").AssertWrongInput("dst: inspect has no MODEL; one was expected; see dst inspect --help");
        Terminal.Run("export", "model.safetensors").AssertWrongInput(
            "export has no --format onnx|c|safetensors and no --out PATH; each was expected");
        Terminal.Run("bench", "train").AssertWrongInput("bench train has no --arch name; one was expected");
        Terminal.Run("data").AssertWrongInput("data has no verb; inspect or simulate was expected");
    }

    [Fact]
    public void An_option_with_too_few_values_or_too_many_is_named()
    {
        Terminal.Run("export", "model.safetensors", "--check-data", "x.npy").AssertWrongInput(
            "option --check-data has 1 value; 2 were expected, INPUTS LOGITS");
        string[] data = ["--check-data", "x.npy", "y.npy"];
        Terminal.Run(["export", "model.safetensors", .. data, .. data]).AssertWrongInput(
            "option --check-data is given 2 times; once was expected");
        Terminal.Run("eval", "model.safetensors", "--threads", "1", "--threads", "2").AssertWrongInput(
            "option --threads is given 2 times; once was expected");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("two")]
    [InlineData("99999999999")]
    public void A_number_out_of_range_is_named_with_the_range(string threads) =>
        Terminal.Run("run", "--threads", threads).AssertWrongInput("--threads", $"'{threads}'", "from 1 to 1024");

    [Theory]
    [InlineData("inspect", "")]
    [InlineData("predict", "model.safetensors", "")]
    [InlineData("prune", "model.safetensors", "--out", "")]
    public void An_empty_argument_is_refused(params string[] arguments) =>
        Terminal.Run(arguments).AssertWrongInput("empty", $"dst {arguments[0]} --help");

    [Theory]
    [InlineData("train", "--set")]
    [InlineData("train", "--set", "seed=2", "--set")]
    [InlineData("prune", "model.safetensors", "--out", "x.safetensors", "--exclude")]
    public void An_option_without_its_value_is_named(params string[] arguments) =>
        Terminal.Run(arguments).AssertWrongInput($"option {arguments[^1]} has no value");

    [Fact]
    public void A_word_that_is_no_choice_is_named_with_the_choices() =>
        Terminal.Run("eval", "model.safetensors", "--split", "nope")
            .AssertWrongInput("option --split is 'nope'; test, validation, training or all was expected");

    [Fact]
    public void An_argument_too_many_is_named() => Terminal.Run("doctor", "again").AssertWrongInput("'again'", "dst doctor --help");

    private static string[] HelpOf(string verb) => Terminal.Run([.. verb.Split(' '), "--help"]).Output.Split('\n');

    [Fact]
    public void Version_is_printed()
    {
        var run = Terminal.Run("--version");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+", run.Output);
    }
}
