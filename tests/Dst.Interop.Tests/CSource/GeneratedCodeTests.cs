using System.Globalization;
using Dst.Interop.CSource;
using Dst.Runtime.Inference;
using Dst.Tests.Graph;

namespace Dst.Interop.Tests.CSource;

/// <summary>Compiles and runs exported C source. None of it depends on the vector width of the runtime.</summary>
public sealed class GeneratedCodeTests : ExportedCode
{
    [Theory]
    [InlineData("resnet8", "kernel:16:16", 0.5)]
    [InlineData("resnet8", "kernel:32:16", 0.75)]
    [InlineData("aconvnet", "kernel:16:16", 0.25)]
    [InlineData("aconvnet", "weight:1:4", 0.25)]
    [InlineData("lenet7", "kernel:4:4", 1)]
    [InlineData("vgg8", "kernel:4:2", 0.125)]
    [InlineData("resnet8", "row:16:16", 0.5)]
    [InlineData("resnet8", "weight:16:16:4", 0.5)]
    [InlineData("mobilenetv2", "dense", 0.25)]
    [InlineData("odd", "weight:8:4", 1)]
    [InlineData("odd", "unstructured", 1)]
    [InlineData("activations", "dense", 1)]
    [InlineData("modern", "dense", 1)]
    [InlineData("random pools", "dense", 1)]
    [InlineData("bands", "kernel:4:4", 1)]
    [InlineData("pooled output", "dense", 1)]
    public void Gives_the_runtimes_logits_without_a_warning_or_an_undefined_step(string network, string pattern, double width)
    {
        var source = Export(Networks.Create(network, pattern, width));
        Assert.Contains("ok", Tool.MakeTest(source, "gcc", "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all"));
        Assert.Contains("ok", Tool.MakeTest(source, "clang", "-O2 -march=native"));
    }

    [Fact]
    public void Each_operation_is_in_a_network_that_becomes_C_source_and_ONNX()
    {
        string[] names = ["odd", "activations", "modern", "random pools"]; // OnnxRoundTripTests writes them too
        Assert.Empty(OperationTypes.MissingIn(names.Select(name => Networks.Create(name, "dense", 1).Graph)));
    }

    [Fact]
    public void Poolings_are_computed_row_by_row_with_the_convolution_that_they_alone_read()
    {
        var lines = File.ReadAllLines(Path.Combine(Export(Networks.Create("bands", "dense", 1)), $"{Name}.c"));
        var poolings = lines.Where(line => line.EndsWith(", row by row */", StringComparison.Ordinal))
            .Select(line => line.Trim()[3..].Split(':')[0]);
        Assert.Equal(["a.band", "b.band", "c.band", "k.band", "m.band"], poolings);
        var model = Networks.Create("aconvnet", "dense", 1);
        // Two rows of the second layer with what they read and what they become: 16x42x42, 32x2x38 and 32x19x19.
        Assert.Equal(sizeof(float) * ((16 * 42 * 42) + (32 * 2 * 38) + (32 * 19 * 19)), CSourceExport.SizesOf(model).ArenaBytes, 2000.0);
    }

    [Theory]
    [InlineData("DATA=x.npy", "no file or two were expected, and there are 1")]
    [InlineData("DATA=my x.npy y.npy", "no file or two were expected, and there are 3")]
    [InlineData("DATA=y.npy x.npy", "image 0 has 10 inputs and 5 logits; 768 and 5 were expected")]
    [InlineData("DATA=short.npy y.npy", "image 1 has 700 inputs and 5 logits; 768 and 5 were expected")]
    [InlineData("DATA=none.npy y.npy", "none.npy cannot be opened")]
    [InlineData("DATA=net.c y.npy", "net.c is not a NumPy file of version 1")]
    [InlineData("INPUTS=my x.npy", "net:  cannot be opened")]
    public void Files_that_cannot_be_compared_are_told(string setting, string expected)
    {
        var (exitCode, output) = Tool.Run(WithFiles(), "make", "--silent", "test", setting);
        Assert.NotEqual(0, exitCode);
        Assert.Contains(expected, output);
    }

    [Fact]
    public void Files_are_compared_whose_paths_have_spaces()
    {
        var (exitCode, output) = Tool.Run(WithFiles(), "make", "--silent", "test", "INPUTS=my x.npy", "LOGITS=y.npy");
        Assert.True(exitCode == 0, output);
        Assert.Contains("net: 2 images", output);
    }

    /// <summary>A source, and beside it two images with the runtime's logits, and files that lack some.</summary>
    private string WithFiles()
    {
        var model = Networks.Create("resnet8", "dense", 0.25);
        var source = Export(model);
        using var plan = InferencePlan.CompileDirect(model);
        using var session = plan.CreateSession();
        float[] images = [.. CSourceFiles.TestImage(model, 0), .. CSourceFiles.TestImage(model, 1)];
        var logits = new float[2 * plan.Outputs];
        session.Run(images, 2, logits);
        foreach (var name in new[] { "x.npy", "my x.npy" }) NpyFile.Write(Path.Combine(source, name), [2, 3, 16, 16], images);
        NpyFile.Write(Path.Combine(source, "y.npy"), [2, plan.Outputs], logits);
        File.WriteAllBytes(Path.Combine(source, "short.npy"), File.ReadAllBytes(Path.Combine(source, "x.npy"))[..^(68 * sizeof(float))]);
        return source;
    }

    [Fact]
    public void Odd_addresses_and_missing_arguments_are_refused()
    {
        var source = Export(Networks.Create("activations", "dense", 1));
        File.WriteAllText(Path.Combine(source, "main.c"), """
            #include "net.h"
            #include <stddef.h>
            static _Alignas(4) char memory[sizeof(net_context) + 4];
            static float image[NET_INPUTS + 1], logits[NET_OUTPUTS + 1];
            static float *odd(float *values) { return (float *)(void *)((char *)values + 2); }
            int main(void)
            {
                for (int offset = 1; offset < 4; offset++)
                    if (net_predict((net_context *)(void *)(memory + offset), image, logits) != -1) return 1;
                if (net_predict(NULL, image, logits) != -1) return 2;
                if (net_predict((net_context *)(void *)memory, image, NULL) != -1) return 3;
                if (net_predict((net_context *)(void *)memory, odd(image), logits) != -1) return 4;
                if (net_predict((net_context *)(void *)memory, image, odd(logits)) != -1) return 5;
                return net_predict((net_context *)(void *)memory, image, logits);
            }
            """);
        Compile(source, "gcc", "-std=c11 -O2 main.c net.c -o main -lm");
        Assert.Equal(0, Tool.Run(source, Path.Combine(source, "main")).ExitCode);
    }

    [Theory]
    [InlineData("resnet8", "0.0f / zero", -2)]
    [InlineData("resnet8", "1.0f / zero", -2)]
    [InlineData("activations", "0.0f / zero", -2)]
    [InlineData("resnet8", "3e38f", -2)]
    [InlineData("resnet8", "1.0f", 0)]
    public void Values_that_are_not_finite_are_told(string network, string value, int expected)
    {
        var source = Export(Networks.Create(network, "dense", 0.5));
        File.WriteAllText(Path.Combine(source, "main.c"), $$"""
            #include "net.h"
            int main(void)
            {
                static net_context context;
                static float image[NET_INPUTS], logits[NET_OUTPUTS];
                volatile float zero = 0.0f;
                for (int i = 0; i < NET_INPUTS; i++) image[i] = {{value}} + 0.0f * zero;
                return -net_predict(&context, image, logits);
            }
            """);
        foreach (var (compiler, flags) in new[] { ("gcc", "-O2"), ("clang", "-O2 -ffast-math") })
        {
            Compile(source, compiler, $"-std=c99 {flags} -c net.c");
            Compile(source, "gcc", "-std=c99 -O2 main.c net.o -o main -lm");
            Assert.Equal(-expected, Tool.Run(source, Path.Combine(source, "main")).ExitCode);
        }
    }

    [Fact]
    public void Layers_whose_names_differ_only_in_what_C_does_not_allow_stay_apart()
    {
        var source = Export(Networks.Create("same names", "dense", 1));
        Assert.Contains("ok", Tool.MakeTest(source, "gcc", "-O2"));
    }

    [Theory]
    [InlineData("gcc")]
    [InlineData("clang")]
    public void Is_as_fast_whatever_the_level_of_optimisation(string compiler)
    {
        var source = Export(Networks.Create("resnet8", "kernel:16:16", 1));
        var fast = Instructions(source, "-O3", compiler);
        Assert.InRange(Instructions(source, "-O2", compiler) / fast, 0.9, 1.1);
        Assert.InRange(Instructions(source, "-Os", compiler) / fast, 0.9, 1.1);
    }

    [Fact]
    public void Reads_no_memory_that_was_not_written()
    {
        var source = Export(Networks.Create("odd", "kernel:16:16", 1));
        Assert.Contains("ok", Tool.MakeTest(source, "gcc", "-O3 -g", "valgrind --quiet --error-exitcode=9"));
    }

    [Theory]
    [InlineData("resnet8", "-O3")]
    [InlineData("resnet8", "-O3 -mavx2 -mfma")]
    [InlineData("aconvnet", "-O3")]
    public void A_halved_network_takes_about_half_of_the_instructions(string network, string flags)
    {
        var dense = Instructions(Export(Networks.Create(network, "dense", 1)), flags);
        var halved = Instructions(Export(Networks.Create(network, "kernel:16:16", 1)), flags);
        Assert.InRange(halved / dense, 0.4, 0.56);
    }

    [Fact]
    public void Its_test_fails_if_a_weight_is_wrong()
    {
        var source = Export(Networks.Create("activations", "dense", 1));
        var path = Path.Combine(source, $"{Name}.c");
        var lines = File.ReadAllLines(path);
        var declaration = $"static const float {Name}_conv_weights";
        var weights = Array.FindIndex(lines, line => line.StartsWith(declaration, StringComparison.Ordinal)) + 1;
        lines[weights] = string.Join(",", lines[weights].Split(',').Skip(1).Prepend("    9.0f"));
        File.WriteAllLines(path, lines);
        var (exitCode, output) = Tool.Run(source, "make", "test");
        Assert.NotEqual(0, exitCode);
        Assert.Contains("was expected", output);
    }

    [Theory]
    [InlineData(AmplitudeTransform.Sqrt, false)]
    [InlineData(AmplitudeTransform.Log, true)]
    [InlineData(AmplitudeTransform.None, false)]
    public void Normalises_as_the_model_was_trained(AmplitudeTransform amplitude, bool perImage)
    {
        var model = Networks.Create("activations", "dense", 1);
        var normalisation = new InputNormalisation(0, amplitude, [0.4f, 0.3f], [0.2f, 0.5f], PerImage: perImage);
        var source = Export(new(model.Graph, model.Parameters) { Normalisation = normalisation });
        File.WriteAllText(Path.Combine(source, "main.c"), """
            #include "net.h"
            #include <stdio.h>
            int main(void)
            {
                static float image[NET_INPUTS];
                for (int i = 0; i < NET_INPUTS; i++) image[i] = (float)(i % 7 - 1) / 8.0f;
                net_normalise(image);
                for (int i = 0; i < NET_INPUTS; i++) printf("%.9g\n", (double)image[i]);
                return 0;
            }
            """);
        Assert.Equal(0, Tool.Run(source, "gcc", "-std=c99", "main.c", "net.c", "-o", "main", "-lm").ExitCode);
        var lines = Tool.Run(source, Path.Combine(source, "main")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var actual = Array.ConvertAll(lines, line => double.Parse(line, CultureInfo.InvariantCulture));
        double Transform(double a) => amplitude switch
        {
            AmplitudeTransform.Sqrt => Math.Sqrt(Math.Max(a, 0)),
            AmplitudeTransform.Log => Math.Log(1 + 255 * Math.Max(a, 0)) / Math.Log(256),
            _ => a,
        };
        var amplitudes = Enumerable.Range(0, actual.Length).Select(i => Transform((i % 7 - 1) / 8.0)).ToArray();
        var mean = amplitudes.Average();
        var deviation = Math.Sqrt(amplitudes.Average(a => (a - mean) * (a - mean)));
        var plane = actual.Length / 2;
        for (var i = 0; i < actual.Length; i++)
        {
            var (m, d) = perImage ? (mean, deviation) : (normalisation.Mean[i / plane], normalisation.Deviation[i / plane]);
            Assert.Equal((amplitudes[i] - m) / d, actual[i], 1e-5);
        }
    }

    [Theory]
    [InlineData(1, "It is one plane; images with colour were made grey, 0.299 red + 0.587 green + 0.114 blue")]
    [InlineData(2, "the bands of the training images in their order.")]
    [InlineData(3, "of colour images red, green, blue.")]
    public void The_meaning_of_channels_is_said(int channels, string expected)
    {
        var text = CNormalisation.Describe(InputNormalisation.None(channels), new(channels, 8, 8), Name);
        Assert.Contains(expected, text);
        Assert.Contains("one more is cut at the bottom or right, or added at the top or left", text);
    }

    [Theory]
    [InlineData(AmplitudeTransform.None, "does the rest in place: the 3x3 binomial filter")]
    [InlineData(AmplitudeTransform.Sqrt, "in place: sqrt(max(v, 0)) of each value v, then the 3x3 binomial filter")]
    [InlineData(AmplitudeTransform.Log, "log(1 + 255 max(v, 0)) / log(256) of each value v, then the 3x3")]
    public void How_images_are_smoothed_is_said(AmplitudeTransform amplitude, string expected)
    {
        var normalisation = new InputNormalisation(0, amplitude, [0.5f], [0.25f], Smooth: true);
        Assert.Contains(expected, CNormalisation.Describe(normalisation, new(1, 12, 18), Name));
    }

    [Theory]
    [InlineData(ResizeFit.Stretch, "images resized to 12x18 (", "then cropped or padded around the centre in whole")]
    [InlineData(ResizeFit.Crop, "to cover 12x18 with the ratio of their sides", "halves up", "cut to 12x18 about the centre, then cropped")]
    [InlineData(ResizeFit.Pad, "resized to fit inside 12x18 with the ratio of their sides kept", "then cropped or padded")]
    public void How_images_are_resized_is_said(ResizeFit fit, params string[] expected)
    {
        var normalisation = InputNormalisation.None(1) with { Resize = new(12, 18), Fit = fit };
        var text = CNormalisation.Describe(normalisation, new(1, 12, 18), Name);
        Assert.All(expected, part => Assert.Contains(part, text));
    }

    [Fact]
    public void What_values_an_image_has_and_how_it_is_resized_is_said()
    {
        var text = CNormalisation.Describe(new(48, AmplitudeTransform.None, [0.5f], [0.25f]), new(1, 48, 48), Name);
        Assert.Contains("unsigned 8 bits divided by 255, unsigned 16 bits by 65535, and other numbers as they are", text);
        Assert.Contains("weighted by max(0, 1 - |k + 0.5 - (i + 0.5) r| / s); integers become 16 bits", text);
        Assert.DoesNotContain("0 to 1", text);
    }

    private static double Instructions(string source, string flags, string compiler = "gcc")
    {
        var output = Tool.MakeTest(
            source, compiler, flags, $"valgrind --tool=callgrind --toggle-collect={Name}_predict --callgrind-out-file=/dev/null");
        var line = output.Split('\n').Single(line => line.Contains("Collected", StringComparison.Ordinal));
        return double.Parse(line.Split(':')[^1], CultureInfo.InvariantCulture);
    }
}
