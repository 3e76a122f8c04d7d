using System.Runtime.InteropServices;
using Dst.Cli;
using Dst.Tests.Foundations;
using Dst.Tests.Images;

namespace Dst.Tests.Cli;

public sealed class NextCommandsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void The_predict_command_names_an_image_that_the_network_takes_or_is_left_out(int bands)
    {
        for (var i = 0; i < 12; i++) WriteChip($"s/Patch_Cal/{(i < 6 ? "Cargo" : "Tanker")}_x{i}_y1.tif", bands, i);
        var train = Terminal.Run(
            "train", _folder.File("."), "--data.kind", "opensarship", "--out", _folder.File("runs"), "--epochs", "1", "--set",
            "student.arch=resnet8", "--set", "student.width=0.25");
        Assert.Equal(CommandLine.Done, train.ExitCode);
        var next = train.Output.Split('\n').Select(line => line.Trim()).Where(line => line.Contains("./dst ")).ToList();
        Assert.StartsWith($"next: ./dst {(bands == 1 ? "predict" : "eval")} ", next[0]);
        if (bands == 1) Assert.Equal(CommandLine.Done, Terminal.Run([.. next[0]["next: ./dst ".Length..].Split(' ')]).ExitCode);
        else Assert.DoesNotContain(next, line => line.Contains("predict"));
    }

    [Fact]
    public void Predict_says_what_to_do_with_other_bands()
    {
        WriteChip("two.tif", 2, 1);
        var model = SampleModel.SaveHalved(_folder);
        Terminal.Run("predict", model, _folder.File("two.tif"))
            .AssertWrongInput("two.tif", "2 bands", "a file with only the bands that the network takes was expected");
    }

    private void WriteChip(string name, int bands, int seed)
    {
        var random = new Random(seed);
        var samples = Enumerable.Range(0, 16 * 16 * bands).Select(_ => random.NextSingle() + seed / 6).ToArray();
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllBytes(
            _folder.File(name),
            TestImages.Tiff(false, 16, 16, 32, MemoryMarshal.AsBytes<float>(samples).ToArray(), channels: bands, format: 3));
    }
}
