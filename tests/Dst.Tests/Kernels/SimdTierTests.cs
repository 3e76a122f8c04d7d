using System.Text.Json;
using Dst.Kernels.Simd;
using Dst.Tests.Cli;

namespace Dst.Tests.Kernels;

public class SimdTierTests
{
    /// <summary>Switches of the runtime, and the widest tier that each leaves when it is 0.</summary>
    public static TheoryData<string, SimdTier> Switches => new()
    {
        { "DOTNET_EnableAVX512", SimdTier.V256 },
        { "DOTNET_EnableAVX2", SimdTier.V128 },
        { "DOTNET_EnableHWIntrinsic", SimdTier.Scalar },
    };

    [Theory]
    [MemberData(nameof(Switches))]
    public void A_switch_of_the_runtime_narrows_the_best_tier(string variable, SimdTier widest)
    {
        using var machine = JsonDocument.Parse(Terminal.RunProcess(variable, "0", "doctor", "--json").Output);
        var expected = widest < SimdTiers.Best ? widest : SimdTiers.Best;
        Assert.Equal(SimdTiers.NameOf(expected), machine.RootElement.GetProperty("best_tier").GetString());
    }

    /// <summary>The test script runs this under each switch, where all tests of the category have the narrow tiers only.</summary>
    [Theory, Trait("Category", "Tier")]
    [MemberData(nameof(Switches))]
    public void The_best_tier_of_this_process_is_one_that_its_switches_allow(string variable, SimdTier widest)
    {
        if (Environment.GetEnvironmentVariable(variable) == "0")
            Assert.True(SimdTiers.Best <= widest, $"the best tier is {SimdTiers.Best}");
    }

    [Theory]
    [InlineData("v128", SimdTier.V512, SimdTier.V128)]
    [InlineData("SCALAR", SimdTier.V512, SimdTier.Scalar)]
    [InlineData("V256", SimdTier.V256, SimdTier.V256)]
    [InlineData("v512", SimdTier.V256, null)]
    [InlineData("avx9", SimdTier.V256, null)]
    [InlineData("7", SimdTier.V256, null)]
    [InlineData("1", SimdTier.V256, null)]
    [InlineData("", SimdTier.V128, SimdTier.V128)]
    [InlineData(null, SimdTier.V512, SimdTier.V512)]
    public void Parse_honours_a_tier_that_the_processor_has(string? name, SimdTier best, SimdTier? expected) =>
        Assert.Equal(expected, SimdTiers.Parse(name, best));
}
