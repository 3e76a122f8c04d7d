using System.Text.Json;
using Dst.Cli;

namespace Dst.Tests.Cli;

public class SettingsCommandTests
{
    [Fact]
    public void Every_key_has_help_and_legal_values()
    {
        var run = Terminal.Run("settings", "--json");
        Assert.Equal((CommandLine.Done, ""), (run.ExitCode, run.Error));
        using var document = JsonDocument.Parse(run.Output);
        var keys = document.RootElement.EnumerateArray().ToArray();
        Assert.Contains(keys, key => key.GetProperty("path").GetString() == "train.epochs");
        Assert.All(keys, key => Assert.NotEqual("", key.GetProperty("help").GetString()));
        Assert.All(keys, key => Assert.NotEqual("", key.GetProperty("expected").GetString()));
    }

    [Theory]
    [InlineData("prune.gradual", "prune.gradual.share", "prune.gradual.stages")]
    [InlineData("seed", "seed")]
    public void One_section_or_key_is_shown_alone(string section, params string[] paths)
    {
        using var document = JsonDocument.Parse(Terminal.Run("settings", section, "--json").Output);
        Assert.Equal(paths, document.RootElement.EnumerateArray().Select(key => key.GetProperty("path").GetString()));
    }

    [Fact]
    public void A_section_that_does_not_exist_is_named_with_those_that_do() =>
        Terminal.Run("settings", "trian").AssertWrongInput("'trian'", "train", "prune");
}
