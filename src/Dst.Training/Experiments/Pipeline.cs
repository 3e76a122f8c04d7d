using Dst.Graph;
using Dst.ModelFiles;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Checks;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Experiments.Starts;
using Dst.Training.Masks;
using Dst.Training.Ranks;

namespace Dst.Training.Experiments;

/// <summary>
/// The whole method: Xiao et al., "Distillation Sparsity Training Algorithm for Accelerating Convolutional Neural Networks in
/// Embedded Systems", 2023, Algorithm 1, with its controls: the table <see cref="Arm.All"/>. Every choice is made on validation data;
/// the test data is read once for each arm, when the arm is finished.
/// </summary>
/// <example>
/// <code>
/// var recipe = RecipeFile.Load("recipes/quickstart.yaml");
/// var data = DataSet.Load(recipe.Data, recipe.Seed, Console.WriteLine);
/// using var run = RunFolder.Create(recipe, DateTime.Now);
/// using var pool = new WorkerPool(Environment.ProcessorCount);
/// foreach (var arm in new Pipeline(run, data, new ComputeContext(pool)).Run().Arms) Console.WriteLine($"{arm.Arm}: {arm.TestTop1:P1}");
/// </code>
/// </example>
public sealed class Pipeline
{
    private readonly RunFolder _run;
    private readonly Recipe _recipe;
    private readonly DataSet _data;
    private readonly ComputeContext _compute;
    private readonly ArmFinisher _finisher;
    private readonly StartNetworks _starts;
    private readonly GivenModels _given;
    private readonly PruningStart _pruningStart;
    private readonly Dictionary<Arm, Model> _models = [];
    private volatile bool _isTraining;

    /// <summary>Prepares the arms of a run that is new or resumed.</summary>
    /// <param name="run">Where everything is written.</param>
    /// <param name="data">The data of the run's recipe.</param>
    /// <param name="compute">Threads and vector width.</param>
    public Pipeline(RunFolder run, DataSet data, ComputeContext compute)
    {
        if (compute.Ranks.Count == 1) compute = compute with { Ranks = RankGroup.Alone(run.Recipe.Parts) };
        (_run, _recipe, _data, _compute) = (run, run.Recipe, data, compute);
        // Rank 0 measures; what the others keep of it nobody reads.
        MeasureLatency = model => compute.Ranks.IsFirst ? LatencyMeter.Measure(compute.Tier, model) : new(0, 0);
        _finisher = new(run, data, compute, model => MeasureLatency(model));
        _starts = new(run.Recipe, data);
        _given = new(run.Recipe, data);
        _pruningStart = new(run, data, compute);
    }

    /// <summary>Whether an arm is in training now, whose state is saved if it is cancelled. May be asked from any thread.</summary>
    public bool IsTraining => _isTraining;

    /// <summary>The command line that runs it, for the manifest of a new run, or null.</summary>
    public string? Command { get; init; }

    /// <summary>The one arm to make, with those that it needs; null for all of the recipe.</summary>
    public string? Only { get; init; }

    /// <summary>Called after each step.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Called after each epoch.</summary>
    public Action<EpochMetrics>? EpochEnded { get; init; }

    /// <summary>Called once, before the first arm, with the arms that are not finished.</summary>
    public Action<IReadOnlyList<PlannedArm>>? Planned { get; init; }

    /// <summary>Called when a checkpoint is on the disk.</summary>
    public Action? CheckpointSaved { get; init; }

    /// <summary>Called when an arm begins and when it is resumed, with a line for the log.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Measures a finished model. Tests replace it, because it takes time.</summary>
    internal Func<Model, Latency> MeasureLatency { get; init; }

    /// <summary>Checks a recipe before a folder is made for its run.</summary>
    /// <exception cref="InputException">The recipe contradicts itself or the data, or a model that it gives cannot be read.</exception>
    /// <returns>The arms that will be made.</returns>
    public static IReadOnlyList<PlannedArm> Check(Recipe recipe, DataSet data) =>
        CheckAndPlan(recipe, finished: null, data, new(recipe, data), new(recipe, data));

    /// <summary>Runs, or resumes, the arms of the run's recipe.</summary>
    /// <returns>A row for each arm.</returns>
    /// <exception cref="InputException">The recipe contradicts itself or the data, or a file cannot be read or written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the run can be resumed.</exception>
    /// <exception cref="DivergedException">A loss is NaN or infinite.</exception>
    public RunSummary Run(CancellationToken cancellation = default)
    {
        var plan = CheckAndPlan(_recipe, _run.Summary, _data, _starts, _given);
        foreach (var remark in RecipeRemarks.Of(_recipe, _data)) Log?.Invoke(remark);
        var manifest = RunManifest.Describe(_compute, _recipe, DateTime.UtcNow, _data) with { Command = Command };
        if (_run.IsFinished)
        {
            _run.Manifest.CheckData(manifest);
            if (_run.HasOtherResults)
                Log?.Invoke($"warning: {RunFolder.SummaryName} is not of the recipe in {RunRecipe.FileName}, or of another build");
            return _run.Summary;
        }

        SharedRun.Check(_compute.Ranks, manifest);
        var changes = _run.GoOn(manifest);
        if (changes.Count > 0) Log?.Invoke($"warning: the result is not that of an unbroken run: {string.Join("; ", changes)}");
        Planned?.Invoke(plan);
        foreach (var arm in Arm.All.Where(arm => Only is null ? _recipe.Arms.Contains(arm.Name) : arm.Name == Only)) Get(arm, cancellation);
        return _run.Summary;
    }

    private static IReadOnlyList<PlannedArm> CheckAndPlan(
        Recipe recipe, RunSummary? finished, DataSet data, StartNetworks starts, GivenModels given)
    {
        new RecipeCheck(recipe, data, starts).Check();
        List<Arm> unfinished = [.. Arm.NeededBy(recipe).Where(arm => finished?.Find(arm.Name) is null)];
        var networks = new ArmNetworks(recipe, data, starts, given);
        new NetworkCheck(recipe, data, starts, networks).Check(unfinished);
        return new ArmPlanner(recipe, data, starts, networks).Plan(unfinished);
    }

    /// <summary>The finished network of an arm, which is trained first if it is not there.</summary>
    private Model Get(Arm arm, CancellationToken cancellation)
    {
        if (_models.TryGetValue(arm, out var known)) return known;
        if (_run.Summary.Find(arm.Name) is not null) return _models[arm] = ModelFile.Load(_run.ModelPath(arm.Name));
        var (result, isPruned) =
            arm.Given(_recipe) is { } path ? (_finisher.Import(arm, _given.Load(arm, path, Log), cancellation), IsPruned: false)
            : arm.Quantises is null ? TrainFloats(arm, cancellation)
            : Quantise(arm, cancellation);
        // What a resumed run reads from the file, so that files of later arms are the same.
        result = result with { Model = result.Model with { Splits = RunManifest.SplitsOf(_recipe.Seed, _data) } };
        _finisher.Finish(arm, result, isPruned, Log, cancellation);
        return _models[arm] = result.Model;
    }

    /// <summary>Trains the network of an arm that is not quantised. Says whether section prune prunes it.</summary>
    private (PhaseResult Result, bool IsPruned) TrainFloats(Arm arm, CancellationToken cancellation)
    {
        var startsDense = arm.StartIn(_recipe) == ArmStart.DenseNetwork;
        var network = startsDense ? DenseNetwork(cancellation) : Begin(arm, cancellation);
        if (startsDense && network.Masks.Count > 0)
            Log?.Invoke(
                $"{arm.Name}: {Arm.DenseFileOf(_recipe)} is pruned already; it keeps its masks, and section prune has no effect");
        var pruning = PruningOf(arm, cancellation);
        var (dense, start) = pruning is null ? (network, network) : _pruningStart.Of(arm.Name, network, pruning, Log, cancellation);
        var phase = new TrainingPhase(arm.Name, start, arm.TrainIn(_recipe))
        {
            Pruning = _recipe.Prune.ChangesInTraining ? pruning : null,
        };
        return (Train(Taught(arm, phase, DenseTeacher, cancellation), cancellation), pruning is not null);

        Model DenseTeacher() => startsDense ? dense : Get(Arm.DenseOf(_recipe), cancellation);
    }

    /// <summary>The finished network that pruned arms start from. A given one may have masks.</summary>
    private Model DenseNetwork(CancellationToken cancellation) => Get(Arm.DenseOf(_recipe), cancellation).ToLogits();

    /// <summary>How section prune prunes an arm; null if the arm stays dense, or keeps the masks of a given network.</summary>
    private Pruning? PruningOf(Arm arm, CancellationToken cancellation)
    {
        if (arm.Masks is not { } masks) return null;
        var keepsMasks = arm.StartIn(_recipe) == ArmStart.DenseNetwork && DenseNetwork(cancellation).Masks.Count > 0;
        return keepsMasks ? null : new(_recipe.Prune, masks) { Ranks = _compute.Ranks };
    }

    /// <summary>What an arm other than those of S* starts from, with the weights of an encoder if the recipe asks for that.</summary>
    private Model Begin(Arm arm, CancellationToken cancellation)
    {
        var start = arm.StartIn(_recipe);
        var model = _starts.Create(start, Log);
        if (_recipe.Pretrain.IsUsed && start == ArmStart.NarrowStudent)
            Log?.Invoke("half-width: it has initial weights, as the auto-encoder has other widths");
        return arm.AutoEncoderIn(_recipe) is { } name
            ? new Pretraining(name, _run, _data, _compute).Start(model, phase => Train(phase, cancellation), Log)
            : model;
    }

    /// <summary>
    /// Quantises the network of another arm, and trains it if the recipe asks for that. It is validated as inference computes it. Says
    /// whether section prune has pruned that network.
    /// </summary>
    private (PhaseResult Result, bool IsPruned) Quantise(Arm arm, CancellationToken cancellation)
    {
        var source = arm.Quantises!(_recipe);
        var model = Get(source, cancellation).ToLogits();
        var pruning = PruningOf(source, cancellation);
        var quantised = new Quantising(_run, _data, _compute.Tier).Start(arm.Name, model, Log, cancellation);
        if (!_recipe.Quantise.IsTrained) return (Finished(quantised), pruning is not null);
        var phase = new TrainingPhase(arm.Name, BatchNormFolding.Apply(model), arm.TrainIn(_recipe)) { Quantised = quantised };
        var trained = Train(Taught(arm, phase, DenseTeacher, cancellation), cancellation);
        var validated = Finished(trained.Model);
        return (trained with { Model = validated.Model, BestTop1 = validated.BestTop1 }, pruning is not null);

        PhaseResult Finished(Model integers) => _finisher.Import(arm, UnreadChannels.Remove(integers), cancellation);

        // Its channels are in the order that pruning gave them.
        Model DenseTeacher() => pruning is null || pruning.Options.IsFromScratch
            ? DenseNetwork(cancellation)
            : _pruningStart.Permute(DenseNetwork(cancellation), pruning, log: null);
    }

    /// <summary>A phase with the networks that teach in an arm.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="phase">Without teachers.</param>
    /// <param name="dense">Gives the network before pruning.</param>
    /// <param name="cancellation">Ends the training of a teacher.</param>
    private TrainingPhase Taught(Arm arm, TrainingPhase phase, Func<Model> dense, CancellationToken cancellation)
    {
        var distill = arm.Distill(_recipe);
        return phase with
        {
            Distillation = distill ?? new(),
            Teacher = distill is { LearnsFromTeacher: true } ? Teacher() : null,
            Dense = distill is { NeedsDense: true } ? dense() : null,
        };

        Model Teacher() => _recipe.Student.IsTeacher ? dense() : Get(Arm.Of(ArmNames.Teacher), cancellation);
    }

    private PhaseResult Train(TrainingPhase phase, CancellationToken cancellation)
    {
        var alarm = new TrainingAlarm(phase, _data);
        var runner = new PhaseRunner(_run, _data, _compute)
        {
            Progress = Progress,
            EpochEnded = epoch =>
            {
                EpochEnded?.Invoke(epoch);
                foreach (var line in alarm.Check(epoch)) Log?.Invoke(line);
            },
            CheckpointSaved = CheckpointSaved,
            Log = Log,
        };
        _isTraining = true;
        try
        {
            return runner.Run(phase, cancellation);
        }
        finally
        {
            _isTraining = false;
        }
    }
}
