using Dst.Cli;
using Dst.Tests.Cli;
using Dst.Tests.Foundations;

namespace Dst.Interop.Tests.Report;

/// <summary>Two runs with other seeds on noise, whose classes have names that would harm a page that does not escape them.</summary>
public sealed class ReportRuns : IDisposable
{
    public static readonly string[] Classes = ["<img src=x onerror=alert(1)>", "<script>alert(2)", "a \"quoted\" & 'class'"];

    private readonly TemporaryFolder _folder = new();

    public ReportRuns()
    {
        var random = new Random(1);
        foreach (var name in Classes)
        {
            WriteImages(random, Path.Combine(_folder.Path, "photos", "train", name), count: 10);
            WriteImages(random, Path.Combine(_folder.Path, "photos", "test", name), count: 6);
        }

        Recipe = _folder.File("noise \"<b>.yaml");
        File.WriteAllText(Recipe, """
            name: noise
            arms: [teacher, dst]
            data: { kind: folder, crop: 16, validation: 0.2 }
            teacher: { arch: resnet8, width: 0.25 }
            student: { is_teacher: true }
            train: { epochs: 2, batch: 8 }
            """);
        var run = Terminal.Run([.. Arguments, "--seeds", "1,2"]);
        Assert.True(run.ExitCode == CommandLine.Done, run.Error);
        Set = Assert.Single(Directory.GetDirectories(_folder.File("runs/noise")), folder => Path.GetFileName(folder) != "latest");
    }

    /// <summary>Command line of a run.</summary>
    public string[] Arguments => ["run", Recipe, "--data.path", _folder.File("photos"), "--out", _folder.File("runs"), "--threads", "1"];

    /// <summary>The recipe.</summary>
    public string Recipe { get; }

    /// <summary>Folder of the runs.</summary>
    public string Set { get; }

    public void Dispose() => _folder.Dispose();

    private static void WriteImages(Random random, string folder, int count)
    {
        Directory.CreateDirectory(folder);
        var pixels = new byte[16 * 16];
        for (var i = 0; i < count; i++)
        {
            random.NextBytes(pixels);
            File.WriteAllBytes(Path.Combine(folder, $"{i}.pgm"), [.. "P5 16 16 255\n"u8, .. pixels]);
        }
    }
}
