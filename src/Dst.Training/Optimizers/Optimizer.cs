using Dst.Graph;
using Dst.Training.Autodiff;

namespace Dst.Training.Optimizers;

/// <summary>
/// Turns gradients into new weights. After every step the pruned positions of masked weights and of their state are exactly 0.
/// A step allocates nothing, and its result does not depend on the width of vectors.
/// </summary>
/// <seealso cref="OptimizerOptions"/>
public abstract class Optimizer
{
    /// <summary>Weights that are updated and pruned together, so that they stay in the first-level cache: 16 kB an array.</summary>
    private const int RunLength = 4096;

    private readonly Slot[] _slots;

    /// <summary>Sets up state of zeros for each trained parameter.</summary>
    /// <param name="options">Weight decay, and which parameters decay.</param>
    /// <param name="parameters">All parameters of the network; statistics are skipped.</param>
    /// <param name="stateNames">Name of each state array that the rule keeps for a parameter.</param>
    private protected Optimizer(OptimizerOptions options, IReadOnlyList<Parameter> parameters, params string[] stateNames)
    {
        _slots = [.. parameters.Where(parameter => parameter.IsTrained).Select(parameter => new Slot(
            parameter,
            parameter.Shape.Role == ParameterRole.Weight || options.DecayBatchNormAndBias ? (float)options.WeightDecay : 0,
            [.. stateNames.Select(_ => new float[parameter.Value.Length])],
            [.. stateNames.Select(name => $"{parameter.Shape.Name}.{name}")]))];
    }

    /// <summary>Number of steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>
    /// The arrays that a checkpoint must hold beside <see cref="Steps"/>, with unique names such as <c>conv1.weight.momentum</c>.
    /// </summary>
    public IEnumerable<(string Name, float[] Data)> State => _slots.SelectMany(slot => slot.StateNames.Zip(slot.State));

    /// <summary>Creates the optimiser that a recipe asks for.</summary>
    /// <exception cref="InputException">The options contradict each other.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The kind is unknown.</exception>
    public static Optimizer Create(OptimizerOptions options, IReadOnlyList<Parameter> parameters)
    {
        options.Check();
        return options.Kind switch
        {
            OptimizerKind.Sgd => new Sgd(options, parameters),
            OptimizerKind.Adamw => new AdamW(options, parameters),
            _ => throw new ArgumentOutOfRangeException(nameof(options), options.Kind, "unknown optimiser"),
        };
    }

    /// <summary>Updates every trained parameter from its gradient: decay, momentum, update, mask.</summary>
    /// <param name="learningRate">η of this step, at least 0.</param>
    public void Step(double learningRate)
    {
        Steps++;
        foreach (var slot in _slots)
        {
            var length = slot.Parameter.Value.Length;
            for (var first = 0; first < length; first += RunLength)
                Step(slot, first, Math.Min(RunLength, length - first), learningRate);
        }
    }

    /// <summary>Continues from a checkpoint: the next step gives the same bits as an unbroken run.</summary>
    /// <exception cref="InputException">An array is missing or has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of steps is negative.</exception>
    public void Restore(IReadOnlyDictionary<string, float[]> state, long steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        NamedArrays.Restore(State, state);
        Steps = steps;
    }

    /// <summary>Updates some weights of one parameter and their state in place; <see cref="Steps"/> already counts this step.</summary>
    /// <param name="value">The weights.</param>
    /// <param name="gradient">Their gradient.</param>
    /// <param name="state">The parameter's arrays of state.</param>
    /// <param name="first">Index of the first of the weights in these arrays.</param>
    /// <param name="learningRate">η of this step.</param>
    /// <param name="decay">λ of the parameter.</param>
    private protected abstract void Update(
        Span<float> value, ReadOnlySpan<float> gradient, float[][] state, int first, double learningRate, float decay);

    private void Step(Slot slot, int first, int length, double learningRate)
    {
        Update(
            slot.Parameter.Value.AsSpan(first, length), slot.Parameter.Gradient.AsSpan(first, length), slot.State, first, learningRate,
            slot.Decay);
        if (slot.KeptBits is not { } kept) return;
        kept.Apply(slot.Parameter.Value, first, length);
        foreach (var state in slot.State) kept.Apply(state, first, length);
    }

    /// <summary>One trained parameter with its state.</summary>
    private sealed record Slot(Parameter Parameter, float Decay, float[][] State, string[] StateNames)
    {
        private KeptBits? _kept;

        /// <summary>The parameter's mask, or null if it has none.</summary>
        public KeptBits? KeptBits
        {
            get
            {
                if (_kept?.Mask != Parameter.Mask) _kept = Parameter.Mask is { } mask ? new(mask, Parameter.Value.Length) : null;
                return _kept;
            }
        }
    }
}
