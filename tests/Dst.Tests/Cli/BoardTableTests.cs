using Dst.Cli.Actions;
using Dst.ModelFiles;
using Dst.Report.Renderers;
using Dst.Tests.Foundations;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Runs;

namespace Dst.Tests.Cli;

public sealed class BoardTableTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_size_that_is_not_known_has_a_line_that_says_why()
    {
        var model = ModelFile.Load(SampleModel.SaveDense(_folder, "tank", "truck"));
        foreach (var parameter in model.Parameters.Values) Array.Clear(parameter.Data); // values without a range
        ModelFile.Save(_folder.File("student-kd.safetensors"), model);
        var arm = new ArmSummary
        {
            Arm = ArmNames.StudentKd,
            Network = SampleModel.Network,
            TestTop1 = 0.5,
            ValidationTop1 = 0.5,
            Weights = 1,
            Nonzero = 1,
            Macs = 1,
            EffectiveMacs = 1,
            FileBytes = 1,
            LatencyMs = new(1, 1),
            Seconds = 1,
            Epochs = 1,
            BestEpoch = 1,
            Confusion = [],
        };
        var blocks = BoardTable.Of(new(_folder.Path, new("sample", 1, [arm]), new()), CancellationToken.None).ToList();
        var text = TextRenderer.Render(new(blocks, blocks));
        Assert.Matches(@"(?m)^student-kd +[\d.]+ kB +[\d.]+ kB +- +- +1024 B$", text);
        Assert.Matches(@"(?m)^student-kd has no C source in 8-bit integers: the output of layer '\w+' is 0 on each of the ", text);
    }
}
