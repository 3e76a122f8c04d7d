using Dst.Graph;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments.Starts;

/// <summary>The networks of arms as they are before any training: what can be checked and planned at once.</summary>
internal sealed class ArmNetworks(Recipe recipe, DataSet data, StartNetworks starts, GivenModels given)
{
    private readonly Dictionary<Arm, ArmNetwork> _networks = [];

    /// <summary>The network of an arm.</summary>
    /// <exception cref="InputException">It cannot be read or made, or does not fit the data.</exception>
    public ArmNetwork Of(Arm arm)
    {
        if (!_networks.TryGetValue(arm, out var network)) _networks[arm] = network = Load(arm);
        return network;
    }

    /// <summary>The network that teaches an arm, and whose layers its pairs of layers name; null if none does.</summary>
    public ArmNetwork? TeacherOf(Arm arm) => arm.Distill(recipe) switch
    {
        { LearnsFromTeacher: true } => Of(Arm.Of(ArmNames.Teacher)),
        { NeedsDense: true } => Of(Arm.DenseOf(recipe)),
        _ => null,
    };

    private ArmNetwork Load(Arm arm)
    {
        if (arm.Quantises is { } quantises)
        {
            var source = Of(quantises(recipe));
            return source with { Graph = BatchNormFolding.Apply(source.Graph) };
        }

        var start = arm.StartIn(recipe);
        var file = arm.Given(recipe);
        if (file is null && start == ArmStart.DenseNetwork) return Of(Arm.DenseOf(recipe));
        var model = file is null ? starts.FindFrom(start) : given.Load(arm, file);
        return model is null
            ? new(starts.Build(start), data.Normalisation, IsPruned: false)
            : new(model.Graph, model.Normalisation!, model.Masks.Count > 0);
    }
}

/// <summary>What is known of an arm's network before any training.</summary>
/// <param name="Graph">Its graph.</param>
/// <param name="Inputs">How its inputs are normalised.</param>
/// <param name="IsPruned">Whether it is read from a model file with masks.</param>
internal sealed record ArmNetwork(CheckedGraph Graph, InputNormalisation Inputs, bool IsPruned);
