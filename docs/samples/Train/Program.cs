using Dst;
using Dst.Training.Experiments;

using var cancellation = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true; // the state is saved first
    cancellation.Cancel();
};
try
{
    var experiment = new Experiment(args[0], SettingPresets.Train)
    {
        Settings = args[1..], // such as train.epochs=20
        EpochEnded = epoch => Console.WriteLine($"epoch {epoch.Epoch}: loss {epoch.TrainLoss:F3}, validation {epoch.ValidationTop1:P1}"),
    };
    var result = experiment.Run(cancellation.Token);
    Console.WriteLine($"test {result.Arm.TestTop1:P1}: {result.ModelPath}");
    return 0;
}
catch (InputException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
catch (OperationCanceledException)
{
    return 130;
}
