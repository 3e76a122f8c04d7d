using System.Numerics;
using Dst.Training.Autodiff;

namespace Dst.Training.Optimizers;

/// <summary>
/// Moving average of all parameters and batch-normalisation statistics: after Polyak, Juditsky, "Acceleration of Stochastic
/// Approximation by Averaging", 1992, with exponential weights.
/// <code>
/// a ← a + (1 − d)·(w − a)        d = min(decay, (1 + t)/(10 + t)) at update t = 1, 2, …
/// </code>
/// Early updates keep less, so that the first weights are soon forgotten.
/// </summary>
/// <seealso cref="Dst.Training.Engine.TrainOptions"/>
public sealed class ExponentialMovingAverage
{
    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly float[][] _averages;
    private readonly double _decay;

    /// <summary>Starts from the present values.</summary>
    /// <param name="parameters">All parameters of the network, statistics included.</param>
    /// <param name="decay">Share of the old average that an update keeps, in [0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="decay"/> is out of its range.</exception>
    public ExponentialMovingAverage(IReadOnlyList<Parameter> parameters, double decay)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(decay);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(decay, 1);
        _parameters = parameters;
        _averages = [.. parameters.Select(parameter => parameter.Value.ToArray())];
        _decay = decay;
    }

    /// <summary>Number of updates.</summary>
    public long Updates { get; private set; }

    /// <summary>Whether the network holds the averages, and this object the values in training.</summary>
    public bool IsSwapped { get; private set; }

    /// <summary>The arrays that a checkpoint must hold beside <see cref="Updates"/>, named such as <c>conv1.weight.average</c>.</summary>
    public IEnumerable<(string Name, float[] Data)> State =>
        _parameters.Zip(_averages, (parameter, average) => ($"{parameter.Shape.Name}.average", average));

    /// <summary>Moves the averages towards the present values; call it after each optimiser step.</summary>
    public void Update()
    {
        ThrowIfSwapped();
        Updates++;
        var decay = Math.Min(_decay, (1.0 + Updates) / (10.0 + Updates));
        for (var p = 0; p < _averages.Length; p++) MoveTowards(_averages[p], _parameters[p].Value, (float)(1 - decay));
    }

    /// <summary>Exchanges the network's values and the averages: call it before an evaluation and again after it.</summary>
    public void Swap()
    {
        for (var p = 0; p < _averages.Length; p++)
        {
            var (average, value) = (_averages[p], _parameters[p].Value);
            for (var i = 0; i < value.Length; i++) (average[i], value[i]) = (value[i], average[i]);
            _parameters[p].Mask?.Apply(value); // the average may be older than the mask
        }

        IsSwapped = !IsSwapped;
    }

    /// <summary>Continues from a checkpoint, with the same bits as an unbroken run.</summary>
    /// <exception cref="InputException">An array is missing or has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of updates is negative.</exception>
    public void Restore(IReadOnlyDictionary<string, float[]> state, long updates)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(updates);
        ThrowIfSwapped();
        NamedArrays.Restore(State, state);
        Updates = updates;
    }

    private void ThrowIfSwapped()
    {
        if (IsSwapped) throw new InvalidOperationException("the network holds the averages; swap them back first");
    }

    private static void MoveTowards(Span<float> average, ReadOnlySpan<float> value, float share)
    {
        var i = 0;
        for (; i <= value.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var a = new Vector<float>(average[i..]);
            (a + share * (new Vector<float>(value[i..]) - a)).CopyTo(average[i..]);
        }

        for (; i < value.Length; i++) average[i] += share * (value[i] - average[i]);
    }
}
