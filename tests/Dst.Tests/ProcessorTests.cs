using Dst.Runtime;

namespace Dst.Tests;

public class ProcessorTests
{
    [Theory]
    [InlineData("AuthenticAMD", 26, 2, "family 26, model 2 (Zen 5)")]
    [InlineData("AuthenticAMD", 25, 17, "family 25, model 17 (Zen 4)")]
    [InlineData("AuthenticAMD", 25, 97, "family 25, model 97 (Zen 4)")]
    [InlineData("AuthenticAMD", 25, 1, "family 25, model 1 (Zen 3)")]
    [InlineData("AuthenticAMD", 25, 33, "family 25, model 33 (Zen 3)")]
    [InlineData("AuthenticAMD", 23, 49, "family 23, model 49 (Zen 2)")]
    [InlineData("AuthenticAMD", 23, 8, "family 23, model 8 (Zen+)")]
    [InlineData("AuthenticAMD", 23, 1, "family 23, model 1 (Zen)")]
    [InlineData("GenuineIntel", 6, 143, "family 6, model 143 (Sapphire Rapids)")]
    [InlineData("GenuineIntel", 6, 999, "family 6, model 999")]
    [InlineData("AuthenticAMD", 99, 1, "family 99, model 1")]
    public void Family_and_model_name_a_generation(string vendor, int family, int model, string expected)
    {
        string[] lines = [
            "processor\t: 0", $"vendor_id\t: {vendor}", $"cpu family\t: {family}", $"model\t\t: {model}", "model name\t: X", "",
            $"cpu family\t: {family + 1}"];
        Assert.Equal(expected, Processor.GenerationOf(Processor.Parse(lines)));
        Assert.Equal($"X, {expected}", Processor.NameOf(Processor.Parse(lines)));
    }

    [Theory]
    [InlineData("0x41", "0xd40", "part 0xd40 (Neoverse V1)")]
    [InlineData("0x48", "0xd40", "part 0xd40")]
    public void The_part_number_names_a_core_of_Arm(string implementer, string part, string expected) =>
        Assert.Equal(
            expected, Processor.GenerationOf(Processor.Parse(["processor : 0", $"CPU implementer : {implementer}", $"CPU part : {part}"])));

    [Fact]
    public void What_the_system_does_not_tell_is_not_guessed() =>
        Assert.Null(Processor.GenerationOf(Processor.Parse(["processor : 0", "no fact"])));
}
