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
}
