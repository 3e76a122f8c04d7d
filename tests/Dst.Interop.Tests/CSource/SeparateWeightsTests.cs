using Dst.Interop.CSource;

namespace Dst.Interop.Tests.CSource;

/// <summary>C source whose weights are a binary file.</summary>
public sealed class SeparateWeightsTests : ExportedCode
{
    /// <summary>The network has layers of floats, masks and layers of bytes.</summary>
    [Fact]
    public void Gives_the_same_logits()
    {
        var source = Export(Int8CodeTests.Quantise(Networks.Create("modern", "weight:4:4", 1)), WeightsPlace.Separate);
        Assert.DoesNotContain("static const float", File.ReadAllText(Path.Combine(source, "net.c")));
        Assert.Contains("ok", Tool.MakeTest(source, "gcc", "-O0 -fsanitize=address,undefined -fno-sanitize-recover=all"));
        Compile(source, "g++", "-x c++ -std=c++11 -O0 -Wall -Wextra -Wpedantic -Wconversion -Werror net.c net_test.c -o test -lm");
        Assert.Contains("ok", Tool.Run(source, Path.Combine(source, "test")).Output);
        var bands = Export(Networks.Create("bands", "dense", 1), WeightsPlace.Separate);
        Assert.Contains("ok", Tool.MakeTest(bands, "gcc", "-O0 -fsanitize=address,undefined -fno-sanitize-recover=all"));
        Refuses(source, Path.Combine(Export(Networks.Create("activations", "dense", 1), WeightsPlace.Separate), "net.bin"));
    }

    /// <summary>Each wrong file has its return value: the content changed, cut, too long, no weights, and of another network.</summary>
    private static void Refuses(string source, string other)
    {
        var right = File.ReadAllBytes(Path.Combine(source, "net.bin"));
        var (changed, noWeights) = ((byte[])right.Clone(), (byte[])right.Clone());
        changed[^1] ^= 1;
        noWeights[0] ^= 1;
        byte[][] files = [right, changed, right[..^8], [.. right, .. new byte[8]], right[..8], noWeights, File.ReadAllBytes(other)];
        for (var i = 0; i < files.Length; i++) File.WriteAllBytes(Path.Combine(source, $"{i}"), files[i]);
        File.WriteAllText(Path.Combine(source, "main.c"), """
            #include "net.h"
            #include <stdint.h>
            #include <stdio.h>
            static net_context context;
            static float image[NET_INPUTS], logits[NET_OUTPUTS];
            static uint64_t bytes[NET_WEIGHTS_BYTES];
            int main(void)
            {
                printf("%d ", net_predict(&context, image, logits)); /* before it has weights */
                for (int i = 0; i < 7; i++) {
                    const char name[2] = {(char)('0' + i), 0};
                    FILE *const file = fopen(name, "rb");
                    const size_t count = fread(bytes, 1, sizeof bytes, file);
                    fclose(file);
                    printf("%d ", net_load(&context, bytes, count));
                    printf("%d ", net_predict(&context, image, logits)); /* the first file is the only good one */
                    if (i == 0) printf("%d %d ", net_load(&context, (char *)bytes + 4, count), net_load(NULL, bytes, count));
                }
                FILE *const good = fopen("0", "rb");
                const size_t count = fread(bytes, 1, sizeof bytes, good);
                fclose(good);
                printf("%d ", net_load(&context, bytes, count));
                printf("%d ", net_load(&context, bytes, count - 8));
                printf("%d ", net_predict(&context, image, logits)); /* the failure took its weights */
                return 0;
            }
            """);
        Compile(source, "gcc", "-std=c99 -O0 main.c net.c -o main -lm");
        Assert.Equal("-1 0 0 -1 -1 -4 -1 -4 -1 -4 -1 -2 -1 -2 -1 -3 -1 0 -4 -1 ", Tool.Run(source, Path.Combine(source, "main")).Output);
    }
}
