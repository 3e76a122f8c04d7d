using Dst.Foundations;
using Dst.Graph;
using Dst.ModelFiles;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Masks;
using Dst.Training.Networks;
using Dst.Training.Objectives;

namespace Dst.Training.Experiments;

/// <content>The steps that arms are made of.</content>
public sealed partial class Pipeline
{
    private readonly RunFolder _run;
    private readonly Recipe _recipe;
    private readonly DataSet _data;
    private readonly ComputeContext _compute;
    private readonly Func<Model, Latency> _measureLatency;
    private readonly Dictionary<string, Model> _models = [];

    /// <summary>Prepares the arms of a run that is new or resumed.</summary>
    /// <param name="run">Where everything is written.</param>
    /// <param name="data">The data of the run's recipe.</param>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="measureLatency">Measures a model: batch 1, 1 thread; masked layers in their compact form.</param>
    public Pipeline(RunFolder run, DataSet data, ComputeContext compute, Func<Model, Latency> measureLatency)
    {
        (_run, _recipe, _data, _compute, _measureLatency) = (run, run.Recipe, data, compute, measureLatency);
    }

    /// <summary>Called after each step.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Called after each epoch.</summary>
    public Action<EpochMetrics>? EpochEnded { get; init; }

    /// <summary>Called when an arm begins and when it is resumed, with a line for the log.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>Finds what would stop a later arm before the first one spends hours.</summary>
    private void Check()
    {
        CheckSplits();
        CheckTrainOptions();
        CheckPruning();
        CheckNetworks();
    }

    private void CheckSplits()
    {
        if (_data.Validation.Count == 0) throw new InputException("data.validation leaves no validation images; expected a larger share, because epochs are chosen on them");
        if (_data.Test.Count == 0) throw new InputException("the data has no test images; expected some, because every arm is tested at its end");
    }

    private void CheckTrainOptions()
    {
        foreach (var options in new[] { _recipe.Teacher.Train, _recipe.Train, _recipe.PruneTrain })
        {
            options.Schedule.Check(options.Epochs, stepsPerEpoch: (_data.Training.Count + options.Batch - 1) / options.Batch);
            options.Optimizer.Check();
        }
    }

    private void CheckPruning()
    {
        var prune = _recipe.Prune;
        if (prune.Method == PruningMethod.SrSte && prune.Score == PruningScore.Taylor)
            throw new InputException("prune.score is taylor with prune.method sr_ste; expected l1 or l2, because the mask is chosen at each step");
        if (prune.Method == PruningMethod.SrSte && prune.Permute)
            throw new InputException("prune.permute is true with prune.method sr_ste; expected false, because initial weights have no order to find");
        if (prune.Permute && _recipe.Distill.Hints.Weight > 0)
            throw new InputException("prune.permute is true while distill.hints.weight is not 0; expected one of them alone, because hints compare channels by their place");
    }

    private void CheckNetworks()
    {
        if (_recipe.Teacher.Model is { } teacher && _recipe.Arms.Any(arm => arm != ArmNames.Student) && !IsFinished(ArmNames.Teacher)) LoadTeacher(teacher);
        if (_recipe.Student.Model is { } student && _recipe.Arms.Any(StartsFromStudentKd) && !IsFinished(ArmNames.StudentKd)) LoadStudent(student);
        if (_recipe.Teacher.Model is null && _recipe.Arms.Any(arm => arm != ArmNames.Student)) NetworkMemory.Check(Build(_recipe.Teacher), _recipe.Teacher.Train.Batch);
        if (_recipe.Student.Model is null && _recipe.Arms.Any(arm => arm != ArmNames.Teacher)) NetworkMemory.Check(Build(_recipe.Student), _recipe.Train.Batch);
        if (_recipe.Arms.Any(arm => arm is not (ArmNames.Teacher or ArmNames.Student)))
        {
            var teacherGraph = _recipe.Teacher.Model is { } teacherPath ? LoadTeacher(teacherPath).Graph : Build(_recipe.Teacher);
            var studentGraph = _recipe.Student.Model is { } studentPath ? LoadStudent(studentPath).Graph : Build(_recipe.Student);
            FeatureObjective.CheckLayers(_recipe.Distill, teacherGraph, studentGraph);
        }

        if (_recipe.Arms.Contains(ArmNames.HalfWidth) || _recipe.Student.Model is null && _recipe.Arms.Any(arm => arm != ArmNames.Teacher)) HalfWidth();
    }

    private bool IsFinished(string arm) => _run.Summary.Find(arm) is not null;

    private static bool StartsFromStudentKd(string arm) => arm is ArmNames.StudentKd or ArmNames.UnstructuredKd or ArmNames.Uhp or ArmNames.Dst;

    private Model Get(string arm, CancellationToken cancellation)
    {
        if (_models.TryGetValue(arm, out var known)) return known;
        if (IsFinished(arm)) return _models[arm] = ModelFile.Load(_run.ModelPath(arm));
        var result = Make(arm, cancellation);
        Finish(arm, result, cancellation);
        return _models[arm] = result.Model;
    }

    private PhaseResult RunPhase(TrainingPhase phase, CancellationToken cancellation)
    {
        phase = phase with { Forms = CheckpointFile.FindForms(_run.CheckpointPath, phase.Arm) ?? ChooseForms(phase) };
        using var trainer = new Trainer(phase, _data, _compute, _recipe.Seed)
        {
            Checkpoints = _recipe.Checkpoint,
            Progress = Progress,
            CheckpointDue = trainer => CheckpointFile.Save(_run.CheckpointPath, phase.Arm, trainer),
            EpochEnded = row =>
            {
                _run.AddMetrics(row);
                EpochEnded?.Invoke(row);
            },
        };
        var resumed = CheckpointFile.TryRestore(_run.CheckpointPath, phase.Arm, trainer);
        _run.TrimMetrics(phase.Arm, trainer.State.Epoch);
        Log?.Invoke($"{phase.Arm}: {phase.Start.Graph.Name}, {(resumed ? $"resumed in epoch {trainer.State.Epoch + 1} of {phase.Options.Epochs}" : Words.Count(phase.Options.Epochs, "epoch"))}");
        try
        {
            return trainer.Run(cancellation);
        }
        catch (DivergedException e)
        {
            throw new DivergedException($"{e.Message}; {DescribeCheckpoint(phase.Arm)}");
        }
    }

    private ConvolutionForms ChooseForms(TrainingPhase phase)
    {
        if (phase.Options.Convolutions == FormChoice.Direct) return ConvolutionForms.Direct;
        if (phase.Options.Convolutions != FormChoice.Measured) return ConvolutionForms.Estimated;
        var forms = ConvolutionForms.Measure(phase.Start, phase.Options.Batch, _compute);
        _run.RecordConvolutions(phase.Arm, forms.Tiles!);
        return forms;
    }

    private string DescribeCheckpoint(string arm) => CheckpointFile.FindState(_run.CheckpointPath, arm) is { } state
        ? $"the last good state, after {Words.Count(state.Epoch, "epoch")} and {Words.Count(state.Step, "step")}, is in {_run.CheckpointPath}"
        : $"no checkpoint of {arm} was written before";

    private Model Prune(Model student, bool unstructured)
    {
        var start = Permute(student, unstructured);
        var gradients = Gradients(start);
        var plan = unstructured ? PruningPlan.CreateUnstructured(start, _recipe.Prune, gradients) : PruningPlan.Create(start, _recipe.Prune, gradients);
        return plan.ApplyTo(start);
    }

    /// <summary>The student with its channels in the order in which blocks of filters lose least; unstructured pruning has no blocks.</summary>
    private Model Permute(Model student, bool unstructured)
    {
        if (unstructured || !_recipe.Prune.Permute) return student;
        var changes = new List<PermutedChannels>();
        var permuted = ChannelPermuter.Permute(student, _recipe.Prune, Gradients(student), changes);
        foreach (var change in changes) Log?.Invoke($"permuted {change}");
        return permuted;
    }

    private IReadOnlyDictionary<string, float[]>? Gradients(Model model) => _recipe.Prune.Score == PruningScore.Taylor
        ? TaylorGradients.Of(model, _data, _recipe.Train.Batch, _recipe.Prune.TaylorBatches, _compute, _recipe.Seed)
        : null;

    private PhaseResult Import(Model model, CancellationToken cancellation) =>
        new(model, BestEpoch: 0, Evaluate(model, _data.Validation, cancellation).Top1, Epochs: 0, Seconds: 0);

    private Model LoadTeacher(string path) => LoadFinished(path, "teacher.model");

    private Model LoadStudent(string path)
    {
        var model = LoadFinished(path, "student.model");
        if (model.Masks.Count == 0) return model;
        var (layer, mask) = model.Masks.First();
        throw new InputException($"student.model {path} is pruned already (layer '{layer}' has the mask {mask.PatternName}); a dense model was expected, because it is this run that prunes it");
    }

    private Model LoadFinished(string path, string key)
    {
        var model = ModelFile.Load(path);
        ModelFit.Check($"{key} {path}", model, _data);
        if (model.Normalisation is { } normalisation && !IsNear(normalisation, _data.Normalisation))
            throw new InputException($"{key} {path} takes inputs as {Describe(normalisation)}; the data has {Describe(_data.Normalisation)}");
        return ForThisData(model);
    }

    // Means of another validation split differ a little; the model is then measured, taught with and saved with those of this run.
    private static bool IsNear(InputNormalisation a, InputNormalisation b)
    {
        const double tolerance = 0.05;
        if ((a.Resize, a.Amplitude, a.Smooth, a.PerImage) != (b.Resize, b.Amplitude, b.Smooth, b.PerImage)) return false;
        return a.PerImage || a.Mean.Length == b.Mean.Length && Enumerable.Range(0, a.Mean.Length).All(i => Math.Abs(a.Mean[i] - b.Mean[i]) + Math.Abs(a.Deviation[i] - b.Deviation[i]) <= tolerance * b.Deviation[i]);
    }

    private static string Describe(InputNormalisation n) =>
        $"resize {n.Resize}, amplitude {Words.Of(n.Amplitude)}, {(n.Smooth ? "smoothed" : "not smoothed")}, "
        + (n.PerImage ? "normalised image by image" : $"mean {string.Join(" ", n.Mean)}, deviation {string.Join(" ", n.Deviation)}");

    private Model ForThisData(Model model) =>
        new(model.Graph, model.Parameters) { Masks = model.Masks, ClassNames = _data.ClassNames, Normalisation = _data.Normalisation };

    private void Finish(string arm, PhaseResult result, CancellationToken cancellation)
    {
        var model = result.Model;
        ModelFile.Save(_run.ModelPath(arm), model);
        var test = Evaluate(model, _data.Test, cancellation);
        var cost = NetworkCost.Of(model.Graph, model.Masks);
        var isDense = model.Masks.Count == 0;
        _run.AddArm(new()
        {
            Arm = arm,
            Network = model.Graph.Name,
            TestTop1 = test.Top1,
            ValidationTop1 = result.BestTop1,
            Weights = cost.Weights,
            Nonzero = cost.Nonzeros,
            Macs = cost.Macs,
            EffectiveMacs = cost.EffectiveMacs,
            FileBytes = new FileInfo(_run.ModelPath(arm)).Length,
            LatencyMs = _measureLatency(model),
            LatencyDenseMs = isDense ? null : _measureLatency(new(model.Graph, model.Parameters)),
            Seconds = result.Seconds,
            Epochs = result.Epochs,
            BestEpoch = result.BestEpoch,
            Confusion = test.Confusion.Rows,
            Layers = isDense ? [] : DescribeLayers(model, cost),
        });
        Log?.Invoke($"{arm}: test top-1 {test.Top1:P2}, validation {result.BestTop1:P2} in epoch {result.BestEpoch}");
    }

    private ClassificationMetrics Evaluate(Model model, SampleSet samples, CancellationToken cancellation)
    {
        var batch = _recipe.Train.Batch;
        using var network = new TrainingNetwork(model, batch, _compute, _recipe.Seed);
        network.Freeze();
        using var loader = new BatchLoader(_data, samples, batch, augment: false, _recipe.Seed);
        return TrainerEvaluation.Evaluate(network, loader, cancellation);
    }

    private IReadOnlyList<LayerSummary> DescribeLayers(Model model, NetworkCost cost)
    {
        var skipped = PruningPlan.Outline(model, _recipe.Prune).Skipped;
        return [.. cost.Layers.Select(layer => new LayerSummary(layer.Name, layer.WeightShape, layer.Weights, layer.Nonzeros, skipped.GetValueOrDefault(layer.Name)))];
    }

    private CheckedGraph Build(NetworkOptions options)
    {
        var graph = Zoo.Build(options.Arch, _data.Shape, _data.ClassNames.Count, options.Width, options.Dropout);
        NetworkMemory.Check(graph, batch: 1);
        return graph;
    }

    private Model Initialise(NetworkOptions options) => ForThisData(Initialiser.Initialise(Build(options), _recipe.Seed));

    /// <summary>The student with the width, in steps of 1 %, whose cost is nearest to that of the half-pruned student: about 1/√2 of its own.</summary>
    private NetworkOptions HalfWidth()
    {
        const double narrowest = 0.05;
        var student = Initialise(_recipe.Student);
        var cost = NetworkCost.Of(student.Graph, PruningPlan.Outline(student, _recipe.Prune).Masks).EffectiveMacs;
        return Enumerable.Range(1, 100)
            .Select(percent => _recipe.Student with { Width = Math.Max(narrowest, _recipe.Student.Width * percent / 100) })
            .MinBy(options => Math.Abs(NetworkCost.Of(Build(options)).Macs - cost))!;
    }
}
