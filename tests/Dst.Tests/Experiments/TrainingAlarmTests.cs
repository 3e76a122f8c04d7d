using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Experiments;

public class TrainingAlarmTests
{
    private static readonly DataSet Data = DataSet.Load(
        new() { Simulated = new() { Classes = 2, PerClassTrain = 8, PerClassTest = 2, Size = 16 }, Validation = 0.5 },
        seed: 1, ".", _ => { });

    private static readonly TrainingPhase Phase = new(
        "student", Initialiser.Initialise(Zoo.Build("resnet8", Data.Shape, 2, width: 0.25), seed: 1), new() { Epochs = 20 });

    [Fact]
    public void A_rising_loss_is_said_once()
    {
        var alarm = new TrainingAlarm(Phase, Data);
        Assert.Empty(alarm.Check(Epoch(1, loss: 1)));
        Assert.Empty(alarm.Check(Epoch(2, loss: 1.4)));
        Assert.Contains("the loss of student rises: 1.0000 at first, 1.6000 in epoch 3", Assert.Single(alarm.Check(Epoch(3, loss: 1.6))));
        Assert.Empty(alarm.Check(Epoch(4, loss: 9)));
    }

    [Fact]
    public void A_loss_that_pruning_raises_is_not_said()
    {
        var alarm = new TrainingAlarm(Phase with { Pruning = new(new(), MaskKind.Uhp) }, Data);
        Assert.Empty(alarm.Check(Epoch(1, loss: 1)));
        Assert.Empty(alarm.Check(Epoch(2, loss: 3)));
    }

    [Fact]
    public void A_network_that_stays_at_chance_is_said_once_after_a_fifth_of_the_epochs()
    {
        var alarm = new TrainingAlarm(Phase, Data);
        Assert.Empty(alarm.Check(Epoch(3, top1: 0.5)));
        Assert.Contains("student is at chance after 4 of 20 epochs", Assert.Single(alarm.Check(Epoch(4, top1: 0.5))));
        Assert.Empty(alarm.Check(Epoch(5, top1: 0.5)));
        Assert.Empty(new TrainingAlarm(Phase, Data).Check(Epoch(10, top1: 0.625)));
    }

    private static EpochMetrics Epoch(int epoch, double loss = 1, double top1 = 1) => new("student", epoch, 0.1, loss, 1, 1, top1, 1, 1);
}
