using Dst.Cli;

namespace Dst.Tests.Cli;

public class UsageTests
{
    private static readonly string[] VerbNames = ["run", "train", "distill", "prune", "eval", "predict", "inspect", "bench", "results", "data", "settings", "doctor"];

    public static TheoryData<string> Verbs => new([.. VerbNames, "data inspect", "bench kernels", "bench train"]);

    [Fact]
    public void No_verb_prints_the_help_with_every_verb()
    {
        var run = Terminal.Run();
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Equal("", run.Error);
        Assert.All(VerbNames, verb => Assert.Contains($"\n  {verb} ", run.Output));
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
    public void A_misspelt_verb_names_the_nearest_one() => Terminal.Run("docter").AssertWrongInput("'docter'", "'doctor'");

    [Fact]
    public void A_misspelt_option_names_the_nearest_one() => Terminal.Run("doctor", "--jsn").AssertWrongInput("'--jsn'", "'--json'");

    [Fact]
    public void A_misspelt_option_is_not_taken_for_a_file() => Terminal.Run("train", "--sedd", "3").AssertWrongInput("'--sedd'", "'--seed'", "dst train --help");

    [Fact]
    public void A_misspelt_sub_verb_names_the_nearest_one() => Terminal.Run("data", "inspct").AssertWrongInput("'inspct'", "'inspect'", "dst data --help");

    [Fact]
    public void A_missing_argument_is_named() => Terminal.Run("inspect").AssertWrongInput("MODEL", "dst inspect --help");

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
    public void An_option_without_its_value_is_named(params string[] arguments) => Terminal.Run(arguments).AssertWrongInput($"option {arguments[^1]} has no value");

    [Fact]
    public void A_word_that_is_no_choice_is_named_with_the_choices() =>
        Terminal.Run("eval", "model.safetensors", "--split", "nope").AssertWrongInput("'nope'", "'test'", "'validation'", "'training'");

    [Fact]
    public void An_argument_too_many_is_named() => Terminal.Run("doctor", "again").AssertWrongInput("'again'", "dst doctor --help");

    [Fact]
    public void Version_is_printed()
    {
        var run = Terminal.Run("--version");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Matches(@"^\d+\.\d+\.\d+", run.Output);
    }
}
