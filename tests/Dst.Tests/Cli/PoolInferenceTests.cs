using System.Text.Json;
using Dst.Cli;
using Dst.Graph;
using Dst.ModelFiles;
using Dst.Tests.Foundations;
using Dst.Training.Networks;

namespace Dst.Tests.Cli;

/// <summary><c>eval --pool-inference</c>: one trained network in both ways to infer.</summary>
public sealed class PoolInferenceTests : IDisposable
{
    private static readonly string[] Data =
    [
        "--data.kind", "simulated", "--set", "data.simulated={classes: 3, per_class_train: 4, per_class_test: 4, size: 16}",
        "--threads", "1",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_option_takes_the_place_of_what_the_model_says()
    {
        var (weighted, scaled) = (Save(new(Dropout: 0.5)), Save(new(Dropout: 0.5, Inference: PoolInference.ScaledMax)));
        Assert.NotEqual(LossOf(weighted), LossOf(scaled));
        Assert.Equal(LossOf(scaled), LossOf(weighted, "--pool-inference", "scaled_max"));
        Assert.Equal(LossOf(weighted), LossOf(scaled, "--pool-inference", "weighted"));
    }

    [Fact]
    public void A_model_without_max_pooling_dropout_is_refused() =>
        Terminal.Run(["eval", Save(PoolingChoice.Max), "--pool-inference", "scaled_max", .. Data])
            .AssertFailsWith(CommandLine.WrongInput, "has no max-pooling dropout");

    private static double LossOf(string model, params string[] options)
    {
        var run = Terminal.Run(["eval", model, .. options, .. Data, "--json"]);
        Assert.Equal(CommandLine.Done, run.ExitCode);
        using var document = JsonDocument.Parse(run.Output);
        return document.RootElement.GetProperty("loss").GetDouble();
    }

    private string Save(PoolingChoice pooling)
    {
        var path = _folder.File($"{pooling.Dropout}-{pooling.Inference}.safetensors");
        ModelFile.Save(path, Initialiser.Initialise(Zoo.Build("plain4", new(1, 16, 16), 3, 0.5, pooling: pooling), seed: 1) with
        {
            ClassNames = ["target00", "target01", "target02"],
            Normalisation = new InputNormalisation(0, AmplitudeTransform.Sqrt, [0.4f], [0.2f]),
        });
        return path;
    }
}
