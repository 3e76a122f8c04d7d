using System.Text.RegularExpressions;
using Dst.Graph;
using Dst.Images;
using Dst.Report;
using Dst.Tests.Experiments;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Networks;
using Dst.Training.Optimizers;

namespace Dst.Tests.Foundations;

/// <summary>What the libraries say is the same in any culture.</summary>
public sealed partial class CultureTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ForeignCulture _culture = new();

    public void Dispose()
    {
        _culture.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_culture_of_these_tests_has_a_decimal_comma() => Assert.Equal("\u22121,5", $"{-1.5}");

    [Fact]
    public void Log_lines_of_a_run_have_decimal_points()
    {
        var lines = new List<string>();
        using var run = TinyRun.Create(TinyRun.Recipe(_folder.Path, "arms=[student, dst]", "prune.repair=least_squares"));
        TinyRun.Run(run, log: lines.Add);
        Assert.Contains(lines, line => Regex.IsMatch(line, @"^dst: test top-1 \d+\.\d\d %, validation \d+\.\d\d % in epoch \d$"));
        Assert.DoesNotContain(lines, line => DecimalComma().IsMatch(line));
    }

    [Fact]
    public void Errors_have_decimal_points()
    {
        var model = Initialiser.Initialise(Zoo.Build("resnet8", new(3, 12, 12), 3), seed: 1);
        Func<object?>[] actions =
        [
            () => Zoo.Build("resnet8", new(3, 12, 12), 3, width: 0.025),
            () => Zoo.Build("resnet8", new(3, 12, 12), 3, dropout: 1.5),
            () => new CheckedGraph(new("net", new(3, 4, 4), [new("drop", new DropoutOp(1.5f), ["input"])])),
            () => Save(model with { Normalisation = new(0, AmplitudeTransform.None, [0.5f], [0.25f]) }),
            () => Check(new() { LearningRate = 0.25, FinalLearningRate = 0.75 }),
            () => RecipeFile.Parse("recipe", TinyRun.Text, [SettingOverride.Parse("data.test=1.5")]),
        ];
        foreach (var action in actions)
        {
            var message = Assert.ThrowsAny<Exception>(() => action()).Message;
            Assert.Matches(@"\d\.\d", message);
            Assert.DoesNotMatch(DecimalComma(), message);
        }

        object? Save(Model model)
        {
            model.Save(_folder.File("model"));
            return null;
        }

        static object? Check(ScheduleOptions schedule)
        {
            schedule.Check("train", epochs: 3, stepsPerEpoch: 10);
            return null;
        }
    }

    [Fact]
    public void Negative_whole_numbers_have_an_ascii_minus()
    {
        Action[] actions =
        [
            () => Zoo.Build("resnet8", new(3, 12, 12), -3),
            () => Graph(new Conv2dOp(4, 3, 3, -1, -2)),
            () => Graph(new SliceOp(-1, 2)),
            () => Graph(new UpsampleOp(-2)),
            () => Graph(new ChannelShuffleOp(-2)),
            () => Image.CheckSize("it", -4, 4),
        ];
        foreach (var action in actions) Assert.Matches(@"(^|[^\d\u2212])-\d", Assert.ThrowsAny<Exception>(action).Message);
        Assert.Equal("-1x2x3", new FeatureShape(-1, 2, 3).ToString());
        Assert.Equal("-4x4", new ImageSize(-4, 4).ToString());

        static void Graph(Operation operation) => _ = new CheckedGraph(new("net", new(3, 4, 4), [new("node", operation, ["input"])]));
    }

    [Fact]
    public void Reports_have_decimal_points()
    {
        Assert.Equal("12.5%", Format.Percent(0.125));
        Assert.Equal("12.3k", Format.Count(12_345));
        Assert.Equal("1.5 s", Format.Duration(TimeSpan.FromSeconds(1.5)));
        var lines = new List<string>();
        DataSet.Load(new() { Test = 0.25, Simulated = new() { Classes = 2, PerClassTrain = 4, PerClassTest = 2 } }, 1, lines.Add);
        Assert.Contains(lines, line => line.StartsWith("data: data.test 0.25 has no effect", StringComparison.Ordinal));
    }

    [GeneratedRegex(@"\d,\d")]
    private static partial Regex DecimalComma();
}
