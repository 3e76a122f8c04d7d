using System.Text.Json;
using Dst.Cli;
using Dst.Kernels.Simd;
using Dst.Runtime;

namespace Dst.Tests.Cli;

public class DoctorCommandTests
{
    [Fact]
    public void Json_is_one_document_with_the_tier_in_use()
    {
        var run = Terminal.Run("doctor", "--json");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Equal("", run.Error);
        using var document = JsonDocument.Parse(run.Output);
        var machine = document.RootElement;
        Assert.Equal(SimdTiers.Best.ToString(), machine.GetProperty("tier").GetString(), ignoreCase: true);
        Assert.Equal(Processor.Name, machine.GetProperty("cpu").GetString());
        Assert.Equal(Environment.ProcessorCount, machine.GetProperty("cores").GetInt32());
        Assert.InRange(machine.GetProperty("free_memory_bytes").GetInt64(), 1, long.MaxValue);
        Assert.Contains("TIFF", machine.GetProperty("image_formats").EnumerateArray().Select(format => format.GetString()));
    }

    [Theory]
    [InlineData("doctor")]
    [InlineData("settings")]
    [InlineData("--version")]
    public void A_vector_width_that_cannot_be_had_is_refused_by_every_command(string verb) =>
        Terminal.RunProcess(CommandLine.TierVariable, "avx9", verb).AssertWrongInput("DST_SIMD", "'avx9'", "scalar");

    [Fact]
    public void A_vector_width_that_is_asked_for_is_the_one_in_use() =>
        Assert.Contains("\"tier\": \"scalar\"", Terminal.RunProcess(CommandLine.TierVariable, "scalar", "doctor", "--json").Output);

    [Fact]
    public void Text_names_the_formats_of_images()
    {
        var run = Terminal.Run("doctor");
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains(SimdTiers.Best.ToString(), run.Output);
        Assert.Matches("images +JPEG, PNG, .*TIFF", run.Output);
    }
}
