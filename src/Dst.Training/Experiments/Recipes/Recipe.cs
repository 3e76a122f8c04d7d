using Dst.Runtime.Threading;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Masks;
using Dst.Training.Objectives;
using Dst.Training.Optimizers;

namespace Dst.Training.Experiments.Recipes;

/// <summary>
/// One experiment: data, networks, how they are trained and pruned, and which arms are run. Read by <see cref="RecipeFile"/>.
/// </summary>
public sealed record Recipe
{
    /// <summary>Name of the link to the run that began last. No recipe can have it, as its runs would be where the link is.</summary>
    public const string LatestName = "latest";

    /// <summary>Name of the experiment.</summary>
    [Setting("name of the experiment and of its folder of runs; the recipe file's name if empty")]
    public string Name { get; init; } = "";

    /// <summary>Seed of every random stream.</summary>
    [Setting("seed of initial weights, split, order, augmentation and dropout", Min = 0)]
    public long Seed { get; init; } = 1;

    /// <summary>Seeds of a set of runs.</summary>
    [Setting("seeds of several runs, one after another, each in a folder of its own; empty for one run with seed", Min = 0)]
    public IReadOnlyList<long> Seeds { get; init; } = [];

    /// <summary>Threads; results do not depend on them.</summary>
    [Setting("threads to use, 0 for all cores; results do not depend on it", Min = 0, Max = 1024)]
    public int Threads { get; init; }

    /// <summary>Parts of each batch.</summary>
    [Setting(
        "parts into which each batch is cut, which threads and ranks share: 8, 16, 32 or 64; sums over them give other bits with another "
        + "number, and there can be as many ranks as parts", Min = 8, Max = 64)]
    public int Parts { get; init; } = WorkerPool.Parts;

    /// <summary>Folder in which run folders are made.</summary>
    [Setting("folder in which <name>/<time>/ is made for each run")]
    public string Runs { get; init; } = "runs";

    /// <summary>Arms to run.</summary>
    [ArmsSetting("networks to train; those that they need are trained too; all but those of 8-bit integers if left out")]
    public IReadOnlyList<string> Arms { get; init; } = ArmNames.OfFloats;

    /// <summary>Data set and augmentation.</summary>
    [Setting("data set and augmentation")]
    public DataOptions Data { get; init; } = new();

    /// <summary>The teacher T.</summary>
    [Setting("the teacher")]
    public TeacherOptions Teacher { get; init; } = new() { Arch = "resnet20" };

    /// <summary>The student S.</summary>
    [Setting("the student")]
    public StudentOptions Student { get; init; } = new();

    /// <summary>What the student starts from.</summary>
    [Setting("an auto-encoder that is trained first and starts the student (student, student-kd)")]
    public PretrainOptions Pretrain { get; init; } = new();

    /// <summary>Training of the student from scratch.</summary>
    [Setting("training of student, student-kd and half-width")]
    public TrainOptions Train { get; init; } = new();

    /// <summary>What teaches dense networks.</summary>
    [Setting("knowledge distillation of dense networks (student-kd, half-width)")]
    public DistillationOptions Distill { get; init; } = new();

    /// <summary>What teaches pruned networks.</summary>
    [Setting("knowledge distillation after pruning (dst, unstructured-kd, dense-longer); keys that are left out are those of distill")]
    public PrunedDistillationOptions DistillPruned { get; init; } = new();

    /// <summary>Pruning.</summary>
    [Setting("pruning of student-kd's best model")]
    public PruningOptions Prune { get; init; } = new();

    /// <summary>Training after pruning.</summary>
    [Setting("training after pruning (uhp, dst, unstructured-kd) and of dense-longer; keys that are left out are those of train")]
    public TrainOptions PruneTrain { get; init; } = new();

    /// <summary><see cref="PruneTrain"/>; where its schedule is to be rewound, with the end of <see cref="Train"/>'s schedule.</summary>
    public TrainOptions TrainAfterPruning => PruneTrain.Schedule.Kind == ScheduleKind.Rewind
        ? PruneTrain with { Schedule = Train.Schedule with { EpochsBefore = Train.Epochs - PruneTrain.Epochs } }
        : PruneTrain;

    /// <summary>8-bit integers.</summary>
    [Setting(
        "8-bit integers (student-int8, dst-int8): how a finished network is quantised, and how it is then trained by what taught it; keys "
        + "of a training that are left out are those of train, but for epochs and schedule")]
    public QuantiseOptions Quantise { get; init; } = new();

    /// <summary>When the state is saved.</summary>
    [Setting("when the state is saved for --resume")]
    public CheckpointOptions Checkpoint { get; init; } = new();

    /// <summary>The model files that it names, by key; null for a key that names none.</summary>
    public IReadOnlyList<(string Key, string? Path)> ModelFiles =>
    [
        ("teacher.model", Teacher.Model), ("teacher.from", Teacher.From), ("student.model", Student.Model), ("student.from", Student.From),
    ];

    /// <summary>Starts as many threads as <see cref="Threads"/> says: those of the processor if that is 0.</summary>
    public WorkerPool CreatePool() => new(Threads > 0 ? Threads : Environment.ProcessorCount);
}
