using Dst.Runtime.Quantisation;
using Dst.Training.Autodiff;
using Dst.Training.Optimizers;

namespace Dst.Training.Engine;

/// <summary>
/// Trains weights that are rounded to 8 bits. The network holds the rounded ones from <see cref="BeginStep"/> to
/// <see cref="BeginUpdate"/> and while it is evaluated, and those of floats otherwise. The gradient goes straight through the rounding. The
/// steps of a filter are those of its present weights; the scales of values stay.
/// </summary>
internal sealed class QuantisedWeights : WeightRule
{
    private readonly Layer[] _layers;

    /// <summary>Rounds the weights of a network as those of its quantised form.</summary>
    public QuantisedWeights(TrainingNetwork network, Model quantised)
    {
        var parameters = network.Parameters.ToDictionary(parameter => parameter.Shape.Name);
        _layers =
        [
            .. WeightSteps.Of(quantised).Select(steps => new Layer(
                steps, parameters[$"{steps.Layer}.weight"], parameters.GetValueOrDefault($"{steps.Layer}.bias"),
                new float[parameters[$"{steps.Layer}.weight"].Value.Length])),
        ];
    }

    public override void BeginStep(long step) => Round();

    public override void BeginUpdate() => Restore();

    public override void BeginEvaluation() => Round();

    public override void EndEvaluation() => Restore();

    private void Round()
    {
        foreach (var (steps, weight, bias, floats) in _layers)
        {
            weight.Value.CopyTo(floats, 0);
            steps.Quantise(weight.Shape.Shape, floats, bias?.Value).Weight.Data.CopyTo(weight.Value, 0);
        }
    }

    private void Restore()
    {
        foreach (var layer in _layers) layer.Floats.CopyTo(layer.Weight.Value, 0);
    }

    /// <summary>A layer with 8-bit weights.</summary>
    /// <param name="Steps">How they are rounded.</param>
    /// <param name="Weight">The parameter.</param>
    /// <param name="Bias">Its bias, or null.</param>
    /// <param name="Floats">The weights of floats while the parameter is rounded.</param>
    private sealed record Layer(WeightSteps Steps, Parameter Weight, Parameter? Bias, float[] Floats);
}
