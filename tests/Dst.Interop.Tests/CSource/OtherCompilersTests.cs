using Dst.Interop.CSource;

namespace Dst.Interop.Tests.CSource;

/// <summary>Exported C source for other processors, as C++, and beside another one.</summary>
public sealed class OtherCompilersTests : ExportedCode
{
    [Theory]
    [InlineData("aarch64-linux-gnu", "qemu-aarch64", "-O3")]
    [InlineData("arm-linux-gnueabihf", "qemu-arm", "-O3 -mcpu=cortex-a9 -mfpu=neon -funsafe-math-optimizations")]
    [InlineData("arm-linux-gnueabihf", "qemu-arm", "-O3 -mcpu=cortex-a9 -mfpu=vfpv3-d16")]
    public void Runs_on_other_processors(string target, string emulator, string flags)
    {
        foreach (var (network, pattern) in new[] { ("resnet8", "kernel:16:16"), ("odd", "weight:1:4"), ("activations", "dense") })
            Assert.Contains(
                "ok",
                Tool.MakeTest(Export(Networks.Create(network, pattern, 0.25)), $"{target}-gcc", flags, $"{emulator} -L /usr/{target}"));
    }

    [Theory]
    [InlineData("g++", "-std=c++11")]
    [InlineData("g++", "-std=c++20")]
    [InlineData("clang++", "-std=c++11")]
    public void Is_C_plus_plus_too(string compiler, string standard)
    {
        foreach (var (network, pattern) in new[] { ("mobilenetv2", "dense"), ("odd", "weight:8:4"), ("activations", "dense") })
        {
            var source = Export(Networks.Create(network, pattern, 0.25));
            Compile(source, compiler, $"-x c++ {standard} -O2 -Wall -Wextra -Wpedantic -Wconversion -Werror net.c net_test.c -o test -lm");
            Assert.Contains("ok", Tool.Run(source, Path.Combine(source, "test")).Output);
        }
    }

    [Theory]
    [InlineData("gcc", "-std=c99")]
    [InlineData("g++", "-x c++ -std=c++11")]
    public void Two_networks_fit_into_one_file(string compiler, string language)
    {
        var folder = NewFolder();
        CSourceExport.Write(Networks.Create("odd", "kernel:16:16", 0.25), Path.Combine(folder, "first"), "first", CSourceCheck.None);
        CSourceExport.Write(Networks.Create("odd", "weight:1:4", 0.25), Path.Combine(folder, "second"), "second", CSourceCheck.None);
        File.WriteAllText(Path.Combine(folder, "main.c"), """
            #include "first/first.c"
            #include "second/second.c"
            int main(void)
            {
                static first_context a;
                static second_context b;
                static float image[FIRST_INPUTS], logits[FIRST_OUTPUTS];
                return first_predict(&a, image, logits) + second_predict(&b, image, logits);
            }
            """);
        Compile(folder, compiler, $"{language} -Wall -Wextra -Wpedantic -Werror main.c -o main -lm");
        Assert.Equal(0, Tool.Run(folder, Path.Combine(folder, "main")).ExitCode);
    }
}
