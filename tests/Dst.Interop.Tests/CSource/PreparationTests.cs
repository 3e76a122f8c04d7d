using System.Runtime.InteropServices;
using Dst.Graph;
using Dst.Images;
using Dst.Training.Networks;

namespace Dst.Interop.Tests.CSource;

/// <summary>The C function that makes a network's input of a camera's frame: as the runtime makes it of an image.</summary>
public sealed class PreparationTests : ExportedCode
{
    private const string Flags = "-std=c99 -Wall -Wextra -Wpedantic -Wconversion -Werror -O2";

    private const string Main = """
        #include "net.h"
        #include <stdio.h>
        #include <stdlib.h>
        int main(int argc, char **argv)
        {
            static unsigned char frame[1 << 20];
            static float image[NET_INPUTS];
            FILE *const in = fopen("frame", "rb"), *const out = fopen("image", "wb");
            if (argc != 4 || in == NULL || out == NULL || fread(frame, 1, sizeof frame, in) == 0) return 1;
            if (net_prepare(frame, atoi(argv[1]), atoi(argv[2]), atoi(argv[3]), image) != 0) return 2;
            return fwrite(image, sizeof(float), NET_INPUTS, out) == NET_INPUTS && fclose(out) == 0 ? 0 : 3;
        }
        """;

    private static readonly (int Height, int Width)[] Sizes = [(10, 14), (9, 13), (31, 20), (20, 31), (3, 40), (64, 5), (1, 1), (97, 130)];

    [Theory]
    [InlineData(1, 0, 0, ResizeFit.Stretch, AmplitudeTransform.None, false, false)]
    [InlineData(3, 0, 0, ResizeFit.Stretch, AmplitudeTransform.Sqrt, true, false)]
    [InlineData(2, 0, 0, ResizeFit.Stretch, AmplitudeTransform.None, false, true)]
    [InlineData(1, 12, 17, ResizeFit.Stretch, AmplitudeTransform.None, false, false)]
    [InlineData(3, 12, 17, ResizeFit.Crop, AmplitudeTransform.None, false, false)]
    [InlineData(1, 9, 20, ResizeFit.Crop, AmplitudeTransform.Log, true, true)]
    [InlineData(3, 8, 8, ResizeFit.Pad, AmplitudeTransform.None, true, false)]
    [InlineData(1, 20, 31, ResizeFit.Pad, AmplitudeTransform.Sqrt, false, false)]
    [InlineData(2, 10, 14, ResizeFit.Crop, AmplitudeTransform.None, false, false)]
    public void Gives_the_runtimes_input(
        int channels, int rows, int columns, ResizeFit fit, AmplitudeTransform amplitude, bool smooth, bool perImage)
    {
        var shape = new FeatureShape(channels, 10, 14);
        var normalisation = new InputNormalisation(
            new(rows, columns), amplitude, [.. Enumerable.Range(0, channels).Select(c => 0.3f + 0.1f * c)],
            [.. Enumerable.Range(0, channels).Select(c => 0.2f + 0.1f * c)], smooth, perImage, fit);
        var folder = Build(shape, normalisation);
        foreach (var frameChannels in channels == 2 ? new[] { 2 } : [1, 3])
        {
            foreach (var (height, width) in Sizes)
            {
                var frame = new byte[height * width * frameChannels];
                new Random(height).NextBytes(frame);
                var expected = new float[shape.Count];
                Preprocessor.Prepare(Image.FromInterleaved(frameChannels, height, width, 8, frame), normalisation, shape, expected);
                Assert.Equal(0, Prepare(folder, frame, height, width, frameChannels));
                var actual = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, "image"))).ToArray();
                Assert.Equal(expected.Length, actual.Length);
                for (var i = 0; i < actual.Length; i++) Assert.Equal(expected[i], actual[i], perImage ? 2e-3 : 2e-4);
            }
        }
    }

    [Theory]
    [InlineData(0, 4, 3)]
    [InlineData(4, 0, 3)]
    [InlineData(4097, 1, 3)]
    [InlineData(1, 4097, 3)]
    [InlineData(4, 4, 2)]
    [InlineData(4, 4, 4)]
    public void Refuses_frames_of_other_sizes_and_channels(int height, int width, int channels) => Assert.Equal(
        2, Prepare(Build(new(3, 10, 14), InputNormalisation.None(3)), new byte[16], height, width, channels));

    [Fact]
    public void The_readme_calls_it_and_a_model_without_normalisation_has_none()
    {
        var readme = File.ReadAllText(Path.Combine(Build(new(1, 10, 14), InputNormalisation.None(1)), "README.md"));
        Assert.Contains("net_prepare(frame, height, width, channels, image);", readme.Split("```c\n")[1].Split("```")[0]);
        var bare = Export(ModelOf(new(1, 10, 14)));
        Assert.DoesNotContain("prepare", File.ReadAllText(Path.Combine(bare, "README.md")));
        Assert.DoesNotContain("prepare", File.ReadAllText(Path.Combine(bare, "net.h")));
    }

    private string Build(FeatureShape shape, InputNormalisation normalisation)
    {
        var folder = Export(ModelOf(shape) with { Normalisation = normalisation });
        File.WriteAllText(Path.Combine(folder, "main.c"), Main);
        Compile(folder, "gcc", $"{Flags} main.c net.c -o main -lm");
        return folder;
    }

    private static Model ModelOf(FeatureShape shape) => Initialiser.Initialise(
        new(new("net", shape, [new("mean", new GlobalAvgPoolOp(), ["input"]), new("fc", new LinearOp(2), ["mean"])])), seed: 1);

    private static int Prepare(string folder, byte[] frame, int height, int width, int channels)
    {
        File.WriteAllBytes(Path.Combine(folder, "frame"), frame);
        return Tool.Run(folder, Path.Combine(folder, "main"), $"{height}", $"{width}", $"{channels}").ExitCode;
    }
}
