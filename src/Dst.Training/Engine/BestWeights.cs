using Dst.Training.Autodiff;
using Dst.Training.Optimizers;

namespace Dst.Training.Engine;

/// <summary>The parameters of the best epoch so far; before the first, those that training starts from.</summary>
internal sealed class BestWeights
{
    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly float[][] _values;

    /// <summary>Begins with the present values.</summary>
    public BestWeights(IReadOnlyList<Parameter> parameters)
    {
        _parameters = parameters;
        _values = [.. parameters.Select(parameter => (float[])parameter.Value.Clone())];
    }

    /// <summary>The arrays that a checkpoint must hold, named such as <c>conv1.weight.best</c>.</summary>
    public IEnumerable<(string Name, float[] Values)> State =>
        _parameters.Zip(_values, (parameter, values) => ($"{parameter.Shape.Name}.best", values));

    /// <summary>Continues from a checkpoint.</summary>
    public void Restore(IReadOnlyDictionary<string, float[]> state) => NamedArrays.Restore(State, state);

    /// <summary>Takes the present values.</summary>
    public void Keep()
    {
        for (var i = 0; i < _values.Length; i++) _parameters[i].Value.CopyTo(_values[i], 0);
    }

    /// <summary>Makes these the present values.</summary>
    public void Apply()
    {
        for (var i = 0; i < _values.Length; i++) _values[i].CopyTo(_parameters[i].Value, 0);
    }
}
