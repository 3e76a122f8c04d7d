using System.Runtime.InteropServices;
using Dst.Cli;
using Dst.Images;
using Dst.Tests.Cli;
using Dst.Tests.Foundations;
using Dst.Tests.Images;
using Dst.Training.Data;

namespace Dst.Tests.Data;

public sealed class ContrastTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Photos_keep_their_contrast_and_a_small_part_of_16_bits_is_stretched()
    {
        float[] dark = [.. Enumerable.Range(0, 100).Select(i => (99 - i) / 1000f)];
        Assert.Equal((0, 1), Contrast.Of(8, [.. dark]));
        Assert.Equal((0.002f, 0.097f), Contrast.Of(16, [.. dark]));
        Assert.Equal((0, 0.099f), Contrast.Of(32, [.. dark]));
        Assert.Equal((0, 1), Contrast.Of(16, [.. dark.Select(value => 10 * value)]));
        Assert.Equal((0.5f, 0.5f), Contrast.Of(32, [0.5f]));
        Assert.Equal((0, 0.7f), Contrast.Of(16, [.. Enumerable.Repeat(0f, 99), 0.7f])); // a point on a dark ground
    }

    [Fact]
    public void Reflectances_of_16_bits_are_seen_and_the_band_is_said()
    {
        for (var i = 0; i < 12; i++)
        {
            var file = _folder.File($"data/{(i < 6 ? "forest" : "water")}/{i}.tif");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            ushort[] samples = [.. Enumerable.Range(0, 5 * 256).Select(n => (ushort)(800 + n % 256 * 5 + i))];
            var bytes = MemoryMarshal.AsBytes<ushort>(samples).ToArray();
            File.WriteAllBytes(file, TestImages.Tiff(false, 16, 16, 16, bytes, channels: 5, separatePlanes: true));
        }

        var grid = _folder.File("grid.png");
        var run = Terminal.Run("data", "inspect", _folder.File("data"), "--grid", grid);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        Assert.Contains($"data inspect: {grid} shows the first of 5 bands\n", run.Error);
        var picture = ImageFile.Read(grid);
        byte[] row = [.. Enumerable.Range(1, 16).Select(x => picture.Data.Span[(16 * picture.Width) + x])];
        Assert.All(row, pixel => Assert.InRange(pixel, 235, 255)); // the last row is the brightest
        Assert.Equal(0, picture.Data.Span[picture.Width + 1]);

        var data = DataSet.Load(new() { Path = _folder.File("data") }, seed: 1, _ => { });
        var pixels = Thumbnail.Of(data, data.Test.Samples[0]).Pixels;
        Assert.Equal((0, 255), (pixels.Min(), pixels.Max()));
    }

    [Fact]
    public void The_report_says_which_band_its_pictures_show()
    {
        for (var i = 0; i < 30; i++)
        {
            var file = _folder.File($"data/{(i % 2 == 0 ? "one" : "two")}/{i}.tif"); // noise: there are mistakes
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var samples = new byte[2 * 256];
            new Random(i).NextBytes(samples);
            File.WriteAllBytes(file, TestImages.Tiff(false, 16, 16, 8, samples, channels: 2));
        }

        string[] call = ["train", _folder.File("data"), "--out", _folder.File("runs"), "--epochs", "1", "--name", "noise"];
        Assert.Equal(CommandLine.Done, Terminal.Run([.. call, "--set", "student.arch=resnet8"]).ExitCode);
        var page = Directory.GetFiles(_folder.File("runs"), "report.html", SearchOption.AllDirectories)[0];
        Assert.Contains("Pictures show the first of 2 bands.", File.ReadAllText(page));
    }
}
