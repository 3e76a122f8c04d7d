using Dst.Report.Runs;
using Dst.Tests.Foundations;
using Dst.Training.Engine;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Report;

public sealed class TestNoiseTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void It_is_two_standard_errors_of_a_difference()
    {
        // p = 0.8 and n = 400: 2·√(2·0.8·0.2/400) = 5.66 %.
        ArmSummary[] arms = [Arm(ArmNames.Uhp, 0.7, [[150, 50], [20, 180]]), Arm(ArmNames.Dst, 0.9, [[150, 50], [20, 180]])];
        Assert.Equal("400 test images: a difference in test top-1 below 5.7 points can be chance", Line(arms));
    }

    [Theory]
    [InlineData(ArmNames.Dst, ArmNames.Uhp)]
    [InlineData(ArmNames.Dst, ArmNames.StudentKd)]
    [InlineData(ArmNames.DstInt8, ArmNames.StudentKd)]
    public void Two_arms_are_compared_image_by_image(string arm, string other)
    {
        // Of 100 images 6 are right in the one alone, 2 in the other alone: 2·√(9 − 4²/102)/102 = 5.83 %.
        ArmSummary[] arms = [Tested(other, image => image is >= 6 and < 90 or 98 or 99), Tested(arm, image => image < 90)];
        Assert.Equal($"100 test images: a difference in test top-1 between {arm} and {other} below 5.8 points can be chance", Line(arms));
    }

    private string Line(params ArmSummary[] arms) =>
        TestNoise.Of(new(new(_folder.Path, new("sample", 1, arms), new()))).Text.Single();

    private ArmSummary Tested(string name, Predicate<int> isRight)
    {
        var predictions = Enumerable.Range(0, 100).Select(image => new LabelledPrediction(Label: 0, isRight(image) ? 0 : 1, Confidence: 1));
        var test = new TestRecord(["a", "b"], [.. predictions], []);
        test.Save(_folder.File(TestRecord.FileOf(name)));
        return Arm(name, test.Confusion.Accuracy, test.Confusion.Rows);
    }

    private static ArmSummary Arm(string name, double top1, IReadOnlyList<IReadOnlyList<long>> confusion) => new()
    {
        Arm = name,
        Network = "resnet8",
        TestTop1 = top1,
        ValidationTop1 = top1,
        Weights = 1,
        Nonzero = 1,
        Macs = 1,
        EffectiveMacs = 1,
        FileBytes = 1,
        LatencyMs = new(1, 1),
        Seconds = 1,
        Epochs = 1,
        BestEpoch = 1,
        Confusion = confusion,
    };
}
