using Dst.Runtime.Threading;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Networks;

namespace Dst.Fuzz;

/// <summary>The files of a run folder, the same on every machine and each time.</summary>
internal static class TrainingRun
{
    /// <summary>Its recipe.</summary>
    public const string Recipe = """
        # a tiny run
        name: tiny
        seed: 5
        threads: 1
        arms: [teacher, uhp]
        data:
          kind: simulated
          simulated: {classes: 3, per_class_train: 10, per_class_test: 4, size: 16, difficulty: 0.2}
          validation: 0.2
        teacher: {arch: resnet8, width: 0.25, dropout: 0.2}
        student: {arch: resnet8, width: 0.25}
        train:
          epochs: 1
          batch: 9
          ema: 0.5
          optimizer: {nesterov: true}
          schedule: {learning_rate: 0.05}
        distill:
          alpha: 0.5
          attention: {weight: 9, layers: [{teacher: relu, student: "relu"}]}
        prune: {block: 4, group: 2, exclude: [conv1, 'layer3.*']}
        prune_train: {epochs: 1, optimizer: {kind: adamw}, schedule: {learning_rate: 1e-3}}
        """;

    private const string Arm = "uhp";
    private const string Hash = "0123456789abcdef";

    private static readonly ComputeContext Compute = new(new WorkerPool(1));
    private static readonly Recipe Parsed = RecipeFile.Parse("tiny", Recipe);
    private static readonly DataSet Data = DataSet.Load(Parsed.Data, Parsed.Seed, _ => { });
    private static readonly Trainer Trainer = CreateTrainer();

    private static readonly ArmSummary Row = new()
    {
        Arm = Arm,
        TestTop1 = 0.5,
        ValidationTop1 = 0.25,
        Weights = 5023,
        Nonzero = 4431,
        Macs = 197680,
        EffectiveMacs = 132144,
        FileBytes = 26786,
        LatencyMs = new(1, 2) { Steps = [new("conv1", "direct", 0.5)] },
        LatencyDenseMs = new(2, 2.5),
        Seconds = 1.5,
        Epochs = 1,
        BestEpoch = 1,
        Network = "resnet8",
        Confusion = [[2, 2, 0], [0, 4, 0], [1, 1, 2]],
        Layers = [new("conv1", [4, 1, 3, 3], 36, 36, "each filter has one kernel"), new("layer1.0.conv1", [4, 4, 3, 3], 144, 72, null)],
    };

    public static byte[] Summary { get; } = Networks.FileOf(
        new RunSummary("tiny", 5, [Row with { Arm = "teacher", LatencyDenseMs = null, Layers = [] }, Row]) { RecipeHash = Hash }.Save);

    public static byte[] Manifest { get; } = Networks.FileOf((RunManifest.Describe(Compute, Parsed, DateTime.UnixEpoch, Data) with
    {
        Commit = Hash,
        Framework = "framework",
        System = "system",
        Cpu = "cpu",
        Tier = "v256",
        Changes = ["tier is v512, now v256"],
        Convolutions = new Dictionary<string, ConvolutionForms> { [Arm] = ConvolutionForms.Parse("""{"conv1": "direct"}""") },
    }).Save);

    public static byte[] Metrics { get; } = System.Text.Encoding.UTF8.GetBytes(
        $"{MetricsTable.Header}\n{MetricsTable.Format(new(Arm, 1, 0.05, 1.5, 0.25, 1.25, 0.5, 3, 400))}\n");

    public static byte[] TestRecord { get; } = Networks.FileOf(Training.Experiments.Runs.TestRecord.Of(
        Data, [.. Data.Test.Samples.Select((sample, i) => new LabelledPrediction(sample.Label!.Value, i % 3, 0.75f))]).Save);

    public static byte[] Checkpoint { get; } = Networks.FileOf(path => CheckpointFile.Save(path, Arm, Trainer, Hash));

    /// <summary>Does with a checkpoint all that a resumed run does.</summary>
    public static void Restore(string path)
    {
        CheckpointFile.ReadOwner(path);
        CheckpointFile.FindForms(path, Arm);
        CheckpointFile.FindState(path, Arm);
        CheckpointFile.TryRestore(path, Arm, Trainer);
    }

    private static Trainer CreateTrainer()
    {
        var network = Initialiser.Initialise(Zoo.Build("resnet8", Data.Shape, Data.ClassNames.Count, width: 0.25), Parsed.Seed);
        return new(new(Arm, network, Parsed.PruneTrain), Data, Compute, Parsed.Seed);
    }
}
