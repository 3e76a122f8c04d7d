using Dst.Runtime.Quantisation;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Masks;
using Dst.Training.Objectives;
using Dst.Training.Optimizers;
using Dst.Training.Ranks;

namespace Dst.Training.Engine;

/// <summary>
/// Trains one network. Its whole state between two steps is <see cref="State"/> and <see cref="Tensors"/>. With both restored from a
/// checkpoint, it ends with the same bits as if it had never stopped.
/// </summary>
/// <example>
/// <code>
/// var data = DataSet.Load(new DataOptions { Path = "photos" }, seed: 1, Console.WriteLine);
/// var start = Initialiser.Initialise(Zoo.Build("resnet8", data.Shape, data.ClassNames.Count), seed: 1);
/// using var pool = new WorkerPool(Environment.ProcessorCount);
/// var phase = new TrainingPhase("student", start, new TrainOptions { Epochs = 20 }) { Teacher = Model.Load("teacher.safetensors") };
/// using var trainer = new Trainer(phase, data, new ComputeContext(pool), seed: 1);
/// trainer.Run().Model.Save("student.safetensors");
/// </code>
/// </example>
public sealed class Trainer : IDisposable
{
    private readonly TrainingPhase _phase;
    private readonly DataSet _data;
    private readonly TrainingNetwork _network;
    private readonly DivergenceCheck _divergence;
    private readonly Objective _objective;
    private readonly BatchLoader _training;
    private readonly BatchLoader _validation;
    private readonly Optimizer _optimizer;
    private readonly Schedule _schedule;
    private readonly ExponentialMovingAverage? _average;
    private readonly WeightRule? _rule;
    private readonly IReadOnlyList<Parameter> _trained; // the network's and the projections of hints
    private readonly BestEpoch _best;
    private readonly TrainingClock _clock;
    private readonly float[] _gradient; // of the logits of a batch
    private readonly InputNoise _noise;

    /// <summary>Prepares a phase.</summary>
    /// <param name="phase">Network, options and teachers.</param>
    /// <param name="data">Its training images are learned; its validation images choose the best epoch.</param>
    /// <param name="compute">Threads, vector width and ranks.</param>
    /// <param name="seed">Draws order, augmentation and dropout.</param>
    /// <exception cref="InputException">A batch does not fit into memory, or the phase contradicts the network or the data.</exception>
    public Trainer(TrainingPhase phase, DataSet data, ComputeContext compute, long seed)
    {
        var options = phase.Options;
        (_phase, _data) = (phase, data);
        _network = new(
            phase.Start, options.Batch, compute, seed, LossTerms.LayersOfStudent(phase.Lesson), phase.Forms, phase.Quantised?.Int8!.Values);
        _divergence = new(phase.Arm, _network);
        var classWeights = ClassWeights.Of(options.ClassWeights, data.Training.CountByClass(_network.Classes));
        var lesson = phase.Lesson with { ClassWeights = classWeights };
        _objective = new(lesson, _network, options.Batch, compute, seed, data.Normalisation);
        _trained = [.. _network.Parameters, .. _objective.Projections];
        var readers = phase.Reconstructs ? RankGroup.Single : compute.Ranks; // every rank compares all outputs with the images
        _training = new(data, data.Training, options.Batch, augment: true, seed, _objective.LearnsWithoutLabels, readers);
        _validation = new(data, data.Observed, options.Batch, augment: false, seed, ranks: readers);
        _optimizer = Optimizer.Create(options.Optimizer, _trained);
        _schedule = Schedule.Create(options.Schedule, options.Epochs, _training.BatchesPerEpoch);
        _average = options.Ema > 0 ? new(_network.Parameters, options.Ema) : null;
        var steps = (long)_training.BatchesPerEpoch * options.Epochs;
        _rule = phase.Quantised is { } quantised ? new QuantisedWeights(_network, quantised)
            : phase.Pruning is { } pruning ? TrainingMasks.Create(pruning, _network, steps, new(data, options.Batch, compute, seed), seed)
            : null;
        _best = new(State, _network.Parameters, data.HasValidation);
        _clock = new(State);
        _gradient = new float[options.Batch * _network.Classes];
        _noise = new(phase.Noise, _network.Graph.Input.Count, options.Batch, seed);
    }

    /// <summary>How the phase computes convolutions.</summary>
    public ConvolutionForms Forms => _phase.Forms;

    /// <summary>Images without labels that are read; 0 where no term of the loss learns from them.</summary>
    public int UnlabelledImages => _objective.LearnsWithoutLabels ? _data.Unlabelled.Count : 0;

    /// <summary>The counters.</summary>
    public TrainingState State { get; } = new();

    /// <summary>Called after each step.</summary>
    public IProgress<TrainingProgress>? Progress { get; init; }

    /// <summary>Called after each epoch.</summary>
    public Action<EpochMetrics>? EpochEnded { get; init; }

    /// <summary>Called when the state should be saved.</summary>
    public Action<Trainer>? CheckpointDue { get; init; }

    /// <summary>When to call <see cref="CheckpointDue"/>; it is called on cancellation too.</summary>
    public CheckpointOptions Checkpoints { get; init; } = new();

    private bool IsFinished =>
        State.Epoch >= _phase.Options.Epochs || _phase.Options.Patience > 0 && State.Epoch - State.ImprovedEpoch >= _phase.Options.Patience;

    /// <summary>
    /// Every array that a checkpoint needs: weights, statistics and projections, optimiser, moving average, masks that change, best
    /// weights.
    /// </summary>
    public IEnumerable<(string Name, float[] Values)> Tensors()
    {
        foreach (var parameter in _trained) yield return (parameter.Shape.Name, parameter.Value);
        foreach (var state in _optimizer.State) yield return state;
        foreach (var state in _average?.State ?? []) yield return state;
        foreach (var state in _rule?.State ?? []) yield return state;
        foreach (var state in _best.State) yield return state;
    }

    /// <summary>What is wrong with the counters of a checkpoint, or null if this phase may have left them.</summary>
    public string? FindProblem(long[] counters) => TrainingState.FindProblem(counters, _phase.Options.Epochs, _training.BatchesPerEpoch);

    /// <summary>Continues from a checkpoint.</summary>
    /// <param name="tensors">Arrays of the names and lengths of <see cref="Tensors"/>.</param>
    /// <param name="counters">From <see cref="TrainingState.ToArray"/>.</param>
    public void Restore(IReadOnlyDictionary<string, float[]> tensors, long[] counters)
    {
        State.CopyFrom(counters);
        _optimizer.Restore(tensors, State.Step);
        _average?.Restore(tensors, State.Step);
        foreach (var parameter in _trained) tensors[parameter.Shape.Name].CopyTo(parameter.Value, 0);
        _rule?.Restore(tensors, State.Step);
        _best.Restore(tensors);
    }

    /// <summary>Trains from <see cref="State"/> to the end.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the state was offered to <see cref="CheckpointDue"/> first.</exception>
    /// <exception cref="DivergedException">The loss is NaN or infinite.</exception>
    public PhaseResult Run(CancellationToken cancellation = default)
    {
        _clock.Start();
        try
        {
            if (!IsFinished) _objective.CacheTeachers(_data, _phase.Options.Batch, cancellation);
            while (!IsFinished)
            {
                TrainEpoch(cancellation);
                EndEpoch(cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            SaveCheckpoint();
            throw;
        }

        _best.Apply();
        _rule?.Finish();
        var trained = _network.ToModel();
        var result = _phase.Quantised is { } quantised ? WeightSteps.Apply(quantised, trained) : trained;
        return new(result, State.BestEpoch, State.BestTop1, State.Epoch, State.Seconds)
        {
            LabelledImages = _data.Training.Count,
            UnlabelledImages = UnlabelledImages,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _training.Dispose();
        _validation.Dispose();
        _objective.Dispose();
        _network.Dispose();
    }

    private void TrainEpoch(CancellationToken cancellation)
    {
        if (State.Batch >= _training.BatchesPerEpoch) return; // stopped between the last step and the end of validation
        foreach (var batch in _training.Epoch(State.Epoch, State.Batch))
        {
            Step(batch);
            Progress?.Report(Describe());
            if (_clock.IsCheckpointDue(Checkpoints.EveryMinutes)) SaveCheckpoint();
            _network.Ranks.ThrowIfCancelled(cancellation);
        }
    }

    private void Step(Batch batch)
    {
        _rule?.BeginStep(State.Step);
        var gradient = _gradient.AsSpan(0, batch.Count * _network.Classes);
        var logits = _network.Forward(_noise.AddTo(batch, State.Epoch, State.Batch), batch.Count, training: true, State.Step);
        var loss = _objective.Compute(batch, State.Epoch, logits, gradient);
        _divergence.CheckLoss("loss", loss, State);
        if (!_phase.Reconstructs) State.Correct += CountCorrect(batch, logits);
        _network.Backward(gradient);
        if (_phase.Options.Clip > 0) GradientClipping.Clip(_trained, _phase.Options.Clip);
        _rule?.BeginUpdate();
        _optimizer.Step(_schedule.LearningRate(State.Step));
        _average?.Update();
        State.LossSum += loss * batch.Count;
        State.Images += batch.Count;
        State.Batch++;
        State.Step++;
        _clock.Update();
    }

    /// <summary>How many labelled images are classified rightly; of mixed images the label of the larger share counts.</summary>
    private int CountCorrect(Batch batch, ReadOnlySpan<float> logits)
    {
        var (labels, classes, correct) = (batch.Share < 0.5 ? batch.Partners : batch.Labels, _network.Classes, 0);
        for (var i = 0; i < batch.Labelled; i++)
            if (ClassificationMetrics.Prediction(logits.Slice(i * classes, classes)) == labels[i]) correct++;
        return correct;
    }

    private void EndEpoch(CancellationToken cancellation)
    {
        var trainingSeconds = State.Seconds - State.EpochStart;
        var (validationLoss, validationTop1, balancedAccuracy) = Validate(cancellation);
        _clock.Update();
        EpochEnded?.Invoke(new(
            Arm: _phase.Arm,
            Epoch: State.Epoch + 1,
            LearningRate: _schedule.LearningRate(State.Step - 1),
            TrainLoss: State.LossSum / State.Images,
            TrainTop1: (double)State.Correct / _training.LabelledPerEpoch,
            ValidationLoss: validationLoss,
            ValidationTop1: validationTop1 ?? 0,
            Seconds: State.Seconds - State.EpochStart,
            ImagesPerSecond: State.Images / trainingSeconds)
        {
            ValidationBalancedAccuracy = balancedAccuracy,
        });
        State.EndEpoch();
        if (Checkpoints.EveryEpochs > 0 && State.Epoch % Checkpoints.EveryEpochs == 0 || IsFinished) SaveCheckpoint();
    }

    /// <summary>
    /// Measures the weights that this epoch would leave, averaged and masked, and remembers them if they are the best.
    /// </summary>
    private (double Loss, double? Top1, double? BalancedAccuracy) Validate(CancellationToken cancellation)
    {
        _average?.Swap();
        _rule?.BeginEvaluation();
        try
        {
            var measured = Evaluate(cancellation);
            _divergence.CheckLoss("validation loss", measured.Loss, State);
            _best.Offer(measured.Top1, isComplete: _rule?.IsComplete(State.Step) ?? true);
            return measured;
        }
        finally // a checkpoint, after a cancellation too, needs the weights in training
        {
            _rule?.EndEvaluation();
            _average?.Swap();
        }
    }

    private (double Loss, double? Top1, double? BalancedAccuracy) Evaluate(CancellationToken cancellation)
    {
        if (_phase.Reconstructs) return (Evaluator.SquaredErrorOf(_network, _validation, cancellation), null, null);
        var metrics = Evaluator.Evaluate(_network, _validation, cancellation);
        return (metrics.Loss, metrics.Top1, metrics.Confusion.BalancedAccuracy);
    }

    private void SaveCheckpoint()
    {
        _divergence.CheckParameters(_trained, State);
        CheckpointDue?.Invoke(this);
        _clock.CheckpointWritten();
    }

    private TrainingProgress Describe()
    {
        var steps = (long)_training.BatchesPerEpoch * _phase.Options.Epochs;
        var perStep = _clock.SecondsPerStep;
        return new(
            Arm: _phase.Arm,
            Epoch: State.Epoch + 1,
            Epochs: _phase.Options.Epochs,
            Batch: State.Batch,
            Batches: _training.BatchesPerEpoch,
            ImagesPerSecond: _phase.Options.Batch / perStep,
            Remaining: TimeSpan.FromSeconds((steps - State.Step) * perStep),
            Loss: State.LossSum / State.Images);
    }
}
