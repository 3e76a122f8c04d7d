using System.Text.RegularExpressions;
using Dst.Report;
using Dst.Report.Renderers;
using Dst.Report.Runs;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Masks;

namespace Dst.Tests.Report;

public class GainTableTests
{
    private static readonly ArmSummary Teacher = Arm(ArmNames.Teacher, "resnet20", top1: 0.95, weights: 3500, bytes: 14_000, ms: 4);
    private static readonly ArmSummary Dense = Arm(ArmNames.StudentKd, "resnet8", top1: 0.9, weights: 1000, bytes: 4000, ms: 1);

    private static readonly ArmSummary Halved = Dense with
    {
        Arm = ArmNames.Dst,
        TestTop1 = 0.89,
        Nonzero = 500,
        FileBytes = 2200,
        LatencyMs = new(0.8, 0.8),
        Epochs = 15,
        Layers = [new("conv", [1], 1000, 500, null)],
    };

    [Fact]
    public void The_halved_network_is_compared_with_its_own_dense_self_first()
    {
        var run = Run(new(), Teacher, Dense, Halved);
        var text = Text(GainTable.Of(run));
        Assert.Matches("(?m) dst against student-kd$", text);
        Assert.Matches("(?m)^test top-1 .* -1.0 points$", text);
        Assert.Matches("(?m)^model file .* 0.55 of it$", text);
        Assert.Matches("(?m)^weights kept .* 0.50 of it$", text);
        Assert.Matches("(?m)^ms an image, 1 thread .* 1.25 x as fast$", text);
        Assert.Equal(
            [
                "dst against student-kd (the same network, dense): -1.0 points of test top-1 after 15 more epochs, 0.55 of the file, "
                    + "1.25 x as fast",
                "dst against teacher (another network, resnet20): -6.0 points of test top-1, 0.16 of the file, 5.00 x as fast",
            ],
            GainTable.Comparisons(run).Text);
    }

    [Fact]
    public void In_integers_the_gain_of_halving_alone_has_a_line_too()
    {
        var integers = Halved with { Arm = ArmNames.DstInt8, FileBytes = 800 };
        var run = Run(new(), Teacher, Dense, Halved, integers);
        Assert.Matches("(?m) dst-int8 against student-kd$", Text(GainTable.Of(run)));
        Assert.Equal(
            [
                "dst against student-kd (the same network, dense)",
                "dst-int8 against student-kd (the same network, dense and in floats)",
                "dst-int8 against teacher (another network, resnet20)",
            ],
            GainTable.Comparisons(run).Text.Select(line => line[..line.IndexOf(": ", StringComparison.Ordinal)]));
    }

    [Fact]
    public void More_epochs_are_those_after_the_dense_network()
    {
        var integers = Halved with { Arm = ArmNames.DstInt8, Epochs = 2 };
        Assert.Equal([" after 15 more epochs", " after 17 more epochs", ""], Epochs(new()));
        Assert.Equal(["", "", ""], Epochs(new() { Prune = new() { Method = PruningMethod.SrSte } })); // starts from initial weights

        IEnumerable<string> Epochs(Recipe recipe) => GainTable.Comparisons(Run(recipe, Teacher, Dense, Halved, integers)).Text
            .Select(line => Regex.Match(line, "test top-1(.*?),").Groups[1].Value);
    }

    [Fact]
    public void A_model_that_teaches_its_halved_self_is_the_dense_network()
    {
        var model = Dense with { Arm = ArmNames.Teacher };
        var run = Run(new() { Student = new() { IsTeacher = true } }, model, Halved);
        Assert.Matches("(?m) dst against teacher$", Text(GainTable.Of(run)));
        Assert.StartsWith("dst against teacher (the same network, dense): ", Assert.Single(GainTable.Comparisons(run).Text));
    }

    [Fact]
    public void Without_a_dense_network_of_its_own_it_is_compared_with_the_teacher_alone()
    {
        var run = Run(new(), Teacher, Halved);
        Assert.Matches("(?m) dst against teacher$", Text(GainTable.Of(run)));
        Assert.StartsWith("dst against teacher (another network, resnet20): ", Assert.Single(GainTable.Comparisons(run).Text));
    }

    private static string Text(Table table) => TextRenderer.Render(new(table, table));

    private static RunResults Run(Recipe recipe, params ArmSummary[] arms) => new("run", new("sample", 1, arms), recipe);

    private static ArmSummary Arm(string name, string network, double top1, long weights, long bytes, double ms) => new()
    {
        Arm = name,
        Network = network,
        TestTop1 = top1,
        ValidationTop1 = top1,
        Weights = weights,
        Nonzero = weights,
        Macs = 10 * weights,
        EffectiveMacs = 10 * weights,
        FileBytes = bytes,
        LatencyMs = new(ms, ms),
        Seconds = 1,
        Epochs = 1,
        BestEpoch = 1,
        Confusion = [],
    };
}
