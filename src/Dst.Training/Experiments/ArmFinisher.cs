using Dst.Graph;
using Dst.Masks;
using Dst.ModelFiles;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Experiments.Runs;
using Dst.Training.Masks;

namespace Dst.Training.Experiments;

/// <summary>Finishes an arm: saves its model, tests it, measures cost and latency, and adds its row to the summary.</summary>
internal sealed class ArmFinisher(RunFolder run, DataSet data, ComputeContext compute, Func<Model, Latency> measureLatency)
{
    private readonly Chance _chance = new(data.Observed.CountByClass(data.ClassNames.Count));

    private Recipe Recipe => run.Recipe;

    /// <summary>The result of an arm whose model was not trained here.</summary>
    /// <exception cref="InputException">It is a teacher that is no better than chance.</exception>
    public PhaseResult Import(Arm arm, Model model, CancellationToken cancellation)
    {
        var metrics = Evaluate(model, data.Observed, cancellation);
        if (arm.Start == ArmStart.Teacher && _chance.Explains(metrics.Confusion.BalancedAccuracy))
            throw new InputException(
                Invariant($"{arm.ModelKey} {arm.Given(Recipe)} recognises {metrics.Confusion.BalancedAccuracy:P1} of the validation ")
                + Invariant($"images, and chance {_chance.Level:P1}; a teacher of these classes was expected, so its classes are probably ")
                + "in another order than those of the data, which dst import --classes tells, or its inputs are normalised in another way");
        return new(model, BestEpoch: 0, metrics.Top1, Epochs: 0, Seconds: 0);
    }

    /// <summary>Finishes an arm.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="result">Its network.</param>
    /// <param name="isPruned">Whether section prune made its masks; else they are those of a given model.</param>
    /// <param name="log">Takes one line at a time.</param>
    /// <param name="cancellation">Checked before each batch.</param>
    public void Finish(Arm arm, PhaseResult result, bool isPruned, Action<string>? log, CancellationToken cancellation)
    {
        ModelFile.Save(run.ModelPath(arm.Name), result.Model);
        var test = Evaluate(result.Model, data.Test, cancellation);
        TestRecord.Of(data, test.Predictions).Save(run.TestPath(arm.Name));
        run.AddArm(Summarise(arm, result, test, isPruned));
        log?.Invoke(Invariant($"{arm.Name}: test top-1 {test.Top1:P2}, validation {result.BestTop1:P2} in epoch {result.BestEpoch}"));
        if (arm.Start == ArmStart.Teacher && result.Epochs > 0
            && _chance.Explains(Evaluate(result.Model, data.Observed, cancellation).Confusion.BalancedAccuracy))
            log?.Invoke(
                Invariant($"warning: {arm.Name} is no better than chance, {_chance.Level:P1}; ")
                + "longer training or another learning rate may help");
        if (arm.Given(Recipe) is { } path && HasSeenValidation(result.BestTop1, test.Top1))
            log?.Invoke(
                Invariant($"warning: {arm.ModelKey} {path} scores {result.BestTop1:P1} on the validation images, ")
                + Invariant($"{test.Top1:P1} on the test images: it knows the validation images; expected data.validation_from: test, ")
                + "because choices on images that a network knows favour whoever follows it");
    }

    /// <summary>The row of an arm whose model file is written.</summary>
    private ArmSummary Summarise(Arm arm, PhaseResult result, ClassificationMetrics test, bool isPruned)
    {
        var (model, path) = (result.Model, run.ModelPath(arm.Name));
        var cost = NetworkCost.Of(model.Graph, model.Masks);
        var isDense = model.Masks.Count == 0;
        return new()
        {
            Arm = arm.Name,
            Network = model.Graph.Name,
            TestTop1 = test.Top1,
            ValidationTop1 = result.BestTop1,
            Weights = cost.Weights,
            Nonzero = cost.Nonzeros,
            Macs = cost.Macs,
            EffectiveMacs = cost.EffectiveMacs,
            FileBytes = new FileInfo(path).Length,
            ModelHash = RunManifest.HashOfFile(path),
            LatencyMs = measureLatency(model),
            LatencyDenseMs = isDense ? null : measureLatency(WithoutMasks(model)),
            Seconds = result.Seconds,
            Epochs = result.Epochs,
            BestEpoch = result.BestEpoch,
            LabelledImages = result.LabelledImages,
            UnlabelledImages = result.UnlabelledImages,
            Confusion = test.Confusion.Rows,
            Layers = isDense ? [] : DescribeLayers(model, cost, isPruned),
        };
    }

    /// <summary>Whether a given network knows the validation images, which were drawn from the training images.</summary>
    private bool HasSeenValidation(double validation, double test)
    {
        const double nearlyAll = 0.95, much = 0.05;
        return Recipe.Data.ValidationFrom == ValidationSource.Training && validation > nearlyAll && validation - test > much;
    }

    private ClassificationMetrics Evaluate(Model model, SampleSet samples, CancellationToken cancellation) =>
        Evaluator.Evaluate(model, data.For(model), samples, Recipe.Train.Batch, compute, cancellation);

    private IReadOnlyList<LayerSummary> DescribeLayers(Model model, NetworkCost cost, bool isPruned)
    {
        var skipped = isPruned
            ? PruningPlan.Outline(WithoutMasks(model), Recipe.Prune).Skipped
            : new Dictionary<string, string>();
        return [.. cost.Layers.Select(layer => new LayerSummary(
            layer.Name, layer.WeightShape, layer.Weights, layer.Nonzeros,
            model.Masks.ContainsKey(layer.Name) ? null : skipped.GetValueOrDefault(layer.Name, "dense in the given model")))];
    }

    private static Model WithoutMasks(Model model) => model with { Masks = new Dictionary<string, LayerMask>() };
}
