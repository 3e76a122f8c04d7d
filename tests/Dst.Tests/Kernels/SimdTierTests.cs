using System.Text.Json;
using Dst.Kernels.Simd;
using Dst.Tests.Cli;

namespace Dst.Tests.Kernels;

public class SimdTierTests
{
    /// <summary>What a switch of the runtime leaves at most where it is 0.</summary>
    private static readonly (string Variable, SimdTier Widest)[] Switches =
    [
        ("DOTNET_EnableAVX512", SimdTier.V256), ("DOTNET_EnableAVX2", SimdTier.V128), ("DOTNET_EnableHWIntrinsic", SimdTier.Scalar),
    ];

    public static TheoryData<string, SimdTier> AllSwitches
    {
        get
        {
            var switches = new TheoryData<string, SimdTier>();
            foreach (var (variable, widest) in Switches) switches.Add(variable, widest);
            return switches;
        }
    }

    /// <summary>The test script runs this under each switch.</summary>
    [Fact, Trait("Category", "Tier")]
    public void The_best_tier_is_one_that_the_switches_of_this_process_allow()
    {
        foreach (var (variable, widest) in Switches)
        {
            if (Environment.GetEnvironmentVariable(variable) == "0") Assert.True(SimdTiers.Best <= widest, $"{variable} is 0 and the best tier {SimdTiers.Best}");
        }
    }

    [Theory]
    [MemberData(nameof(AllSwitches))]
    public void A_switch_of_the_runtime_narrows_the_best_tier(string variable, SimdTier widest)
    {
        using var machine = JsonDocument.Parse(Terminal.RunProcess(variable, "0", "doctor", "--json").Output);
        Assert.Equal(SimdTiers.NameOf(widest < SimdTiers.Best ? widest : SimdTiers.Best), machine.RootElement.GetProperty("best_tier").GetString());
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
