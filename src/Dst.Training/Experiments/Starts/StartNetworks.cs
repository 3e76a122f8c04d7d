using Dst.Foundations;
using Dst.Graph;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;
using Dst.Training.Networks;

namespace Dst.Training.Experiments.Starts;

/// <summary>The networks that arms start from: with initial weights, or those of a model file that a recipe names.</summary>
internal sealed class StartNetworks(Recipe recipe, DataSet data)
{
    private NetworkOptions Student => recipe.Student.IsTeacher ? recipe.Teacher : recipe.Student;

    /// <summary>The graph of a start.</summary>
    /// <exception cref="InputException">It does not fit the data or the memory.</exception>
    public CheckedGraph Build(ArmStart start) => Build(OptionsOf(start));

    /// <summary>The network of a start, for this data.</summary>
    /// <param name="start">The start.</param>
    /// <param name="log">Takes lines that say what is changed of a model file.</param>
    /// <exception cref="InputException">It does not fit the data or the memory.</exception>
    public Model Create(ArmStart start, Action<string>? log)
    {
        var model = FindFrom(start, log) ?? Initialise(OptionsOf(start));
        if (start == ArmStart.NarrowStudent && WideLayers(model.Graph) is { Count: > 0 } layers)
            log?.Invoke(
                $"half-width: {Phrases.First(layers)} {(layers.Count == 1 ? "keeps" : "keep")} more than half of the student's channels, "
                + $"because a layer has at least {NetworkBuilder.ChannelMultiple}");
        return model;
    }

    /// <summary>The model file that a start goes on from, for this data, or null if it has initial weights.</summary>
    /// <inheritdoc cref="Create"/>
    public Model? FindFrom(ArmStart start, Action<string>? log = null)
    {
        if (start == ArmStart.NarrowStudent || OptionsOf(start).From is not { } path) return null;
        var what = $"{(OptionsOf(start) is TeacherOptions ? "teacher" : "student")}.from {path}";
        var model = ModelFit.Continue(what, GivenModels.Read(what, path, log), data, recipe.Seed, log);
        ModelFit.CheckScale(model, data, log);
        return GivenModels.For(data, model);
    }

    /// <summary>Layers with weights that have the fewest channels of all, and yet more than half as many as in the student.</summary>
    private List<string> WideLayers(CheckedGraph narrow)
    {
        var student = Build(Student);
        return
        [
            .. narrow.Nodes.Where(node => node.Operation.IsWeighted).SkipLast(1) // the classifier has a channel for each class
                .Where(node => narrow.Shapes[node.Name].Channels == NetworkBuilder.ChannelMultiple
                    && student.Shapes[node.Name].Channels < 2 * NetworkBuilder.ChannelMultiple)
                .Select(node => node.Name),
        ];
    }

    private NetworkOptions OptionsOf(ArmStart start) => start switch
    {
        ArmStart.Teacher => recipe.Teacher,
        ArmStart.Student => Student,
        ArmStart.NarrowStudent => NarrowStudent(),
        _ => throw new ArgumentOutOfRangeException(nameof(start), start, "not a network with initial weights"),
    };

    private Model Initialise(NetworkOptions options) => GivenModels.For(data, Initialiser.Initialise(Build(options), recipe.Seed));

    private CheckedGraph Build(NetworkOptions options)
    {
        var graph = Zoo.Build(options.Arch, data.Shape, data.ClassNames.Count, options.Width, options.Dropout, options.PoolingChoice);
        NetworkMemory.Check(graph, batch: 1);
        return graph;
    }

    /// <summary>
    /// The student with the width, in steps of 1 %, whose cost is nearest to that of the half-pruned student: about 1/√2 of its own.
    /// </summary>
    private NetworkOptions NarrowStudent()
    {
        const double narrowest = 0.05;
        var student = Initialise(Student);
        var cost = NetworkCost.Of(student.Graph, PruningPlan.Outline(student, recipe.Prune).Masks).EffectiveMacs;
        return Enumerable.Range(1, 100)
            .Select(percent => Student with { Width = Math.Max(narrowest, Student.Width * percent / 100) })
            .MinBy(options => Math.Abs(NetworkCost.Of(Build(options)).Macs - cost))!;
    }
}
