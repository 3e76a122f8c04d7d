using Dst.Cli;
using Dst.Kernels.Simd;

namespace Dst.Tests.Kernels;

public class SimdTierTests
{
    /// <summary>The test script runs the suite once for each tier and says here which one the runtime's switches must give.</summary>
    [Fact]
    public void Tier_is_the_one_that_the_test_script_expects()
    {
        var expected = Environment.GetEnvironmentVariable("DST_TEST_EXPECT_TIER");
        if (string.IsNullOrEmpty(expected)) expected = Environment.GetEnvironmentVariable(CommandLine.TierVariable);
        if (string.IsNullOrEmpty(expected)) expected = SimdTiers.Best.ToString();
        Assert.Equal(expected, SimdTiers.Best.ToString(), ignoreCase: true);
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
    public void Parse_honours_a_tier_that_the_processor_has(string? forced, SimdTier best, SimdTier? expected) =>
        Assert.Equal(expected, SimdTiers.Parse(forced, best));
}
