using Dst.Foundations;
using Dst.Graph;
using Dst.Runtime.Threading;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Masks;
using Dst.Training.Networks;
using Dst.Training.Objectives;
using Dst.Training.Optimizers;

namespace Dst.Training.Experiments.Recipes;

/// <summary>
/// One experiment: data, networks, how they are trained and pruned, and which arms are run. Read by <see cref="RecipeFile"/>.
/// </summary>
public sealed record Recipe
{
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

    /// <summary>Starts as many threads as <see cref="Threads"/> says: those of the processor if that is 0.</summary>
    public WorkerPool CreatePool() => new(Threads > 0 ? Threads : Environment.ProcessorCount);
}

/// <summary>A network of a recipe: made by name, or read from a model file.</summary>
public record NetworkOptions
{
    /// <summary>Architecture.</summary>
    [Setting("architecture, by its name in the zoo")]
    public string Arch { get; init; } = "aconvnet";

    /// <summary>Width multiplier.</summary>
    [Setting("width multiplier of the architecture", Min = 0.05, Max = 16)]
    public double Width { get; init; } = 1;

    /// <summary>Dropout rate.</summary>
    [Setting("dropout rate in front of the classifier; null for the architecture's own", Min = 0, Max = 0.95)]
    public double? Dropout { get; init; }

    /// <summary>What takes the place of max pooling.</summary>
    [Setting(
        "pooling where the architecture has max pooling: max, stochastic, which picks a unit with a probability in proportion to it, or "
        + "spectral, which keeps the low frequencies")]
    public PoolingKind Pooling { get; init; }

    /// <summary>Share of the units that max-pooling dropout drops.</summary>
    [Setting(
        "share of the units that max-pooling dropout drops before each maximum in training, 1 − p of the paper; 0 for max pooling",
        Min = 0, Max = 0.95)]
    public double PoolDropout { get; init; }

    /// <summary>What max-pooling dropout computes in inference.</summary>
    [Setting(
        "what max-pooling dropout computes in inference: weighted, the mean over its random choices, or scaled_max, p times the maximum")]
    public PoolInference PoolInference { get; init; }

    /// <summary>The poolings of the network.</summary>
    public PoolingChoice PoolingChoice => new(Pooling, PoolDropout, PoolInference);

    /// <summary>A network to go on from.</summary>
    [Setting(
        "model file whose training goes on, dense or pruned, in place of arch, width, dropout and pooling: masks stay, "
        + "and the last layer begins anew if its classes are not those of the data; null for initial weights")]
    public string? From { get; init; }

    /// <summary>A finished network.</summary>
    [Setting("model file of a finished network for the arm teacher or student-kd, which is then not trained; null to train it")]
    public string? Model { get; init; }
}

/// <summary>The student of a recipe.</summary>
public sealed record StudentOptions : NetworkOptions
{
    /// <summary>Whether the teacher itself is pruned.</summary>
    [Setting("prune the teacher itself: it is the student, of the teacher's architecture, and no arm student-kd is made")]
    public bool IsTeacher { get; init; }
}

/// <summary>The teacher of a recipe.</summary>
public sealed record TeacherOptions : NetworkOptions
{
    /// <summary>Training of the teacher.</summary>
    [Setting("training of the teacher; keys that are left out are those of the recipe's train")]
    public TrainOptions Train { get; init; } = new();
}
