using Dst.Training.Autodiff;
using Dst.Training.Optimizers;

namespace Dst.Training.Engine;

/// <summary>
/// The best epoch so far: <see cref="TrainingState"/> has its number and accuracy, this class its parameters. Before the first, they are
/// those that training starts from.
/// </summary>
internal sealed class BestEpoch
{
    private readonly TrainingState _training;
    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly bool _hasValidation;
    private readonly float[][] _values;

    /// <summary>Begins with the present values.</summary>
    /// <param name="training">The counters, which take the best epoch.</param>
    /// <param name="parameters">The parameters of the network.</param>
    /// <param name="hasValidation">Whether accuracy is of validation images; without any, the last epoch is the best.</param>
    public BestEpoch(TrainingState training, IReadOnlyList<Parameter> parameters, bool hasValidation)
    {
        (_training, _parameters, _hasValidation) = (training, parameters, hasValidation);
        _values = [.. parameters.Select(parameter => (float[])parameter.Value.Clone())];
    }

    /// <summary>The arrays that a checkpoint must hold, named such as <c>conv1.weight.best</c>.</summary>
    public IEnumerable<(string Name, float[] Values)> State =>
        _parameters.Zip(_values, (parameter, values) => ($"{parameter.Shape.Name}.best", values));

    /// <summary>Continues from a checkpoint.</summary>
    public void Restore(IReadOnlyDictionary<string, float[]> state) => NamedArrays.Restore(State, state);

    /// <summary>Takes the epoch that ends if none before it was better.</summary>
    /// <param name="top1">Its validation top-1, or null of an auto-encoder, whose last epoch is the best.</param>
    /// <param name="isComplete">Whether the network has its final sparsity; else the epoch cannot be the best.</param>
    public void Offer(double? top1, bool isComplete)
    {
        var epoch = _training.Epoch + 1;
        if (!isComplete)
        {
            _training.ImprovedEpoch = epoch; // patience waits for the final sparsity
            return;
        }

        if (top1 is null || top1 > _training.BestTop1) _training.ImprovedEpoch = epoch;
        if (top1 is not null && top1 < _training.BestTop1 && _hasValidation) return;
        (_training.BestEpoch, _training.BestTop1) = (epoch, top1 ?? 0); // of equal epochs the later, which has seen more training
        for (var i = 0; i < _values.Length; i++) _parameters[i].Value.CopyTo(_values[i], 0);
    }

    /// <summary>Gives the network the parameters of the best epoch.</summary>
    public void Apply()
    {
        for (var i = 0; i < _values.Length; i++) _values[i].CopyTo(_parameters[i].Value, 0);
    }
}
