using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Tests.Experiments;

public class TrainingAlarmTests
{
    private static readonly DataSet Data = DataSet.Load(
        new() { Simulated = new() { Classes = 2, PerClassTrain = 16, PerClassTest = 2, Size = 16 }, Validation = 0.5 },
        seed: 1, _ => { });

    private static readonly TrainingPhase Phase = new(
        "student", Initialiser.Initialise(Zoo.Build("resnet8", Data.Shape, 2, width: 0.25), seed: 1), new() { Epochs = 40, Batch = 2 });

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
    public void A_network_that_stays_at_chance_is_said_once_after_200_steps()
    {
        var alarm = new TrainingAlarm(Phase, Data);
        for (var epoch = 1; epoch <= 24; epoch++) Assert.Empty(alarm.Check(Epoch(epoch, accuracy: 0.5)));
        Assert.Contains(
            "student is at chance after 25 of 40 epochs: balanced accuracy 50.0 % in the last 8 epochs, chance 50.0 %;",
            Assert.Single(alarm.Check(Epoch(25, accuracy: 0.5))));
        Assert.Empty(alarm.Check(Epoch(26, accuracy: 0.5)));
    }

    [Fact]
    public void A_network_that_is_at_chance_in_some_epochs_alone_is_not_said()
    {
        var alarm = new TrainingAlarm(Phase, Data);
        for (var epoch = 1; epoch <= 40; epoch++) Assert.Empty(alarm.Check(Epoch(epoch, accuracy: epoch % 4 == 0 ? 0.75 : 0.5)));
    }

    [Fact]
    public void A_network_that_falls_to_chance_is_said_after_a_fifth_of_the_epochs()
    {
        var alarm = new TrainingAlarm(Phase, Data);
        for (var epoch = 1; epoch <= 30; epoch++) Assert.Empty(alarm.Check(Epoch(epoch, accuracy: 0.9)));
        for (var epoch = 31; epoch <= 37; epoch++) Assert.Empty(alarm.Check(Epoch(epoch, accuracy: 0.5)));
        Assert.Contains("at chance after 38 of 40 epochs", Assert.Single(alarm.Check(Epoch(38, accuracy: 0.5))));
    }

    [Fact]
    public void Few_images_do_not_say_that_a_network_is_at_chance()
    {
        var few = DataSet.Load(
            new() { Simulated = new() { Classes = 2, PerClassTrain = 10, PerClassTest = 2, Size = 16 }, Validation = 0.5 },
            seed: 1, _ => { });
        var alarm = new TrainingAlarm(Phase with { Options = new() { Epochs = 100, Batch = 2 } }, few);
        for (var epoch = 1; epoch <= 100; epoch++) Assert.Empty(alarm.Check(Epoch(epoch, accuracy: 0.5)));
    }

    [Fact]
    public void An_auto_encoder_has_no_accuracy_to_warn_of()
    {
        var alarm = new TrainingAlarm(Phase, Data);
        for (var epoch = 1; epoch <= 40; epoch++) Assert.Empty(alarm.Check(Epoch(epoch, accuracy: null)));
    }

    private static EpochMetrics Epoch(int epoch, double loss = 1, double? accuracy = 1) =>
        new("student", epoch, 0.1, loss, 1, 1, accuracy ?? 0, 1, 1) { ValidationBalancedAccuracy = accuracy };
}
