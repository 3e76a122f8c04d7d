using Dst.Training.Autodiff;
using Dst.Training.Masks.Repair;

namespace Dst.Training.Engine;

/// <summary>Ends a training whose numbers are no longer finite, and says where that began and what may help.</summary>
internal sealed class DivergenceCheck(string arm, TrainingNetwork network)
{
    private string Remedy => "a lower schedule.learning_rate or a clip may help" + (BatchNormRestorer.LacksBatchNorm(network.Graph)
        ? "; the network has no batch normalisation, and dst import --restore-batch-norm puts back what an exporter folded away"
        : "");

    /// <summary>Checks a loss after a forward pass.</summary>
    /// <param name="what">What errors call the loss.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="state">Where the training is.</param>
    /// <exception cref="DivergedException">The loss is NaN or infinite.</exception>
    public void CheckLoss(string what, double loss, TrainingState state)
    {
        if (double.IsFinite(loss)) return;
        var layer = network.FindNonFinite() is { } name
            ? $"the first layer whose output is not finite is '{name}'"
            : "all of its layers' outputs are finite, so a teacher's are not";
        throw new DivergedException(
            Invariant($"{arm}: the {what} is {loss} in epoch {state.Epoch + 1} after {state.Batch} of its steps, at step {state.Step}; ")
            + $"{layer}; {Remedy}");
    }

    /// <summary>Checks parameters before they are saved.</summary>
    /// <exception cref="DivergedException">One is NaN or infinite.</exception>
    public void CheckParameters(IEnumerable<Parameter> parameters, TrainingState state)
    {
        foreach (var parameter in parameters)
        {
            foreach (var value in parameter.Value)
                if (!float.IsFinite(value))
                    throw new DivergedException(Invariant($"{arm}: '{parameter.Shape.Name}' has {value} at step {state.Step}; {Remedy}"));
        }
    }
}
