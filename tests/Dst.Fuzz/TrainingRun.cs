using Dst.Runtime.Threading;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;

namespace Dst.Fuzz;

/// <summary>The files of a finished run of a moment.</summary>
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

    private static readonly WorkerPool Pool = new(1);
    private static readonly Recipe Parsed = RecipeFile.Parse("tiny", Recipe);
    private static readonly DataSet Data = DataSet.Load(Parsed.Data, Parsed.Seed, ".", _ => { });
    private static readonly Dictionary<string, byte[]> Files = Run();
    private static readonly Trainer Trainer = new(
        new("uhp", Networks.ForTraining(Data), Parsed.PruneTrain), Data, new(Pool), Parsed.Seed);

    public static byte[] Summary => Files["summary.json"];

    public static byte[] Manifest => Files["manifest.json"];

    public static byte[] Metrics => Files["metrics.csv"];

    public static byte[] Checkpoint { get; } = Networks.FileOf(path => CheckpointFile.Save(path, "uhp", Trainer, "0123456789abcdef"));

    /// <summary>Does with a checkpoint all that a resumed run does.</summary>
    public static void Restore(string path)
    {
        CheckpointFile.ReadOwner(path);
        CheckpointFile.FindForms(path, "uhp");
        CheckpointFile.FindState(path, "uhp");
        CheckpointFile.TryRestore(path, "uhp", Trainer);
    }

    private static Dictionary<string, byte[]> Run()
    {
        var folder = Directory.CreateTempSubdirectory("dst-fuzz-");
        try
        {
            using (var run = RunFolder.Create(Parsed with { Runs = folder.FullName }, DateTime.Now))
            {
                new Pipeline(run, Data, new(Pool), _ => new(1, 2)).Run();
                return Directory.GetFiles(run.Path, "*.*").Where(file => !Path.GetFileName(file).StartsWith('.'))
                    .ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
