using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;
using Dst.Training.Masks;
using Dst.Training.Objectives;

namespace Dst.Training.Experiments;

/// <summary>
/// One trained network of a recipe and one row of its summary: what it starts from, how it is pruned, what teaches it, how it is trained.
/// </summary>
/// <param name="Name">Its name in recipes, files and tables.</param>
/// <param name="Start">What it starts from, unless it is pruned from scratch (<see cref="StartIn"/>).</param>
/// <param name="Train">The section of the recipe that trains it.</param>
public sealed record Arm(string Name, ArmStart Start, Func<Recipe, TrainOptions> Train)
{
    /// <summary>How its network is pruned, or null if it is dense.</summary>
    public MaskKind? Masks { get; init; }

    /// <summary>The section of the recipe by which it is taught, or null if it learns from labels alone.</summary>
    public Func<Recipe, DistillationOptions?> Distill { get; init; } = _ => null;

    /// <summary>The arm whose finished network it makes one of 8-bit integers, or null if its network is one of floats.</summary>
    public Func<Recipe, Arm>? Quantises { get; init; }

    /// <summary>The model file that a recipe may give instead of a training, or null.</summary>
    public Func<Recipe, string?> Given { get; init; } = _ => null;

    /// <summary>The key of a recipe by which a model file is given.</summary>
    internal string ModelKey => Start == ArmStart.Teacher ? "teacher.model" : "student.model";

    /// <summary>All arms. Each comes after those that it may need.</summary>
    public static IReadOnlyList<Arm> All { get; } =
    [
        new(ArmNames.Teacher, ArmStart.Teacher, recipe => recipe.Teacher.Train) { Given = recipe => recipe.Teacher.Model },
        new(ArmNames.Student, ArmStart.Student, recipe => recipe.Train),
        new(ArmNames.StudentKd, ArmStart.Student, recipe => recipe.Train)
        {
            Distill = recipe => recipe.Distill,
            Given = recipe => recipe.Student.Model,
        },
        new(ArmNames.UnstructuredKd, ArmStart.DenseNetwork, recipe => recipe.TrainAfterPruning)
        {
            Masks = MaskKind.Unstructured,
            Distill = recipe => recipe.DistillPruned,
        },
        new(ArmNames.Uhp, ArmStart.DenseNetwork, recipe => recipe.TrainAfterPruning) { Masks = MaskKind.Uhp },
        new(ArmNames.Dst, ArmStart.DenseNetwork, recipe => recipe.TrainAfterPruning)
        {
            Masks = MaskKind.Uhp,
            Distill = recipe => recipe.DistillPruned,
        },
        new(ArmNames.DenseLonger, ArmStart.DenseNetwork, recipe => recipe.TrainAfterPruning) { Distill = recipe => recipe.DistillPruned },
        new(ArmNames.HalfWidth, ArmStart.NarrowStudent, recipe => recipe.Train) { Distill = recipe => recipe.Distill },
        new(ArmNames.StudentInt8, ArmStart.Finished, recipe => recipe.Quantise)
        {
            Quantises = DenseOf,
            Distill = recipe => recipe.Quantise.IsTrained ? recipe.Distill : null,
        },
        new(ArmNames.DstInt8, ArmStart.Finished, recipe => recipe.Quantise)
        {
            Quantises = _ => Of(ArmNames.Dst),
            Distill = recipe => recipe.Quantise.IsTrained ? recipe.DistillPruned : null,
        },
    ];

    /// <summary>The arm of a name.</summary>
    public static Arm Of(string name) => All.First(arm => arm.Name == name);

    /// <summary>The arm that makes the dense network, which others start from and learn from.</summary>
    public static Arm DenseOf(Recipe recipe) => Of(recipe.Student.IsTeacher ? ArmNames.Teacher : ArmNames.StudentKd);

    /// <summary>The arms of a recipe and all that these need, in the order of <see cref="All"/>.</summary>
    public static IReadOnlyList<Arm> NeededBy(Recipe recipe)
    {
        var needed = InOrderOf(recipe);
        return [.. All.Where(needed.Contains)];
    }

    /// <summary>
    /// The arms of a recipe and all that these need, in the order in which one process makes them: those that an arm needs come right
    /// before it.
    /// </summary>
    internal static IReadOnlyList<Arm> InOrderOf(Recipe recipe)
    {
        var order = new List<Arm>();
        foreach (var arm in All.Where(arm => recipe.Arms.Contains(arm.Name))) Add(arm);
        return order;

        void Add(Arm arm)
        {
            if (order.Contains(arm)) return;
            foreach (var need in arm.NeedsIn(recipe)) Add(need);
            order.Add(arm);
        }
    }

    /// <summary>Key and file of the network that pruned arms start from, for messages about a file that is given.</summary>
    internal static string DenseFileOf(Recipe recipe)
    {
        var (section, network) = recipe.Student.IsTeacher ? ("teacher", (NetworkOptions)recipe.Teacher) : ("student", recipe.Student);
        return network.Model is { } model ? $"{section}.model {model}" : $"{section}.from {network.From}";
    }

    /// <summary>Whether a recipe prunes it from scratch instead of pruning a trained student.</summary>
    public bool IsPrunedFromScratch(Recipe recipe) => Masks is not null && recipe.Prune.IsFromScratch;

    /// <summary>What it starts from in a recipe.</summary>
    public ArmStart StartIn(Recipe recipe) => IsPrunedFromScratch(recipe) ? ArmStart.Student : Start;

    /// <summary>The auto-encoder whose encoder it begins with in a recipe, or null.</summary>
    public string? AutoEncoderIn(Recipe recipe) => !recipe.Pretrain.IsUsed || Given(recipe) is not null ? null : StartIn(recipe) switch
    {
        ArmStart.Student => ArmNames.Pretrain,
        ArmStart.Teacher when recipe.Pretrain.Teacher => ArmNames.PretrainTeacher,
        _ => null,
    };

    /// <summary>The section of a recipe that trains it.</summary>
    public TrainOptions TrainIn(Recipe recipe) => IsPrunedFromScratch(recipe) ? recipe.Train : Train(recipe);

    /// <summary>The arms that must be finished before it, in the order in which it asks for them.</summary>
    public IReadOnlyList<Arm> NeedsIn(Recipe recipe)
    {
        if (Given(recipe) is not null) return [];
        var distill = Distill(recipe);
        var needs = new List<Arm>();
        if (Quantises is not null) needs.Add(Quantises(recipe));
        var startsDense = StartIn(recipe) == ArmStart.DenseNetwork;
        if (startsDense) needs.Add(DenseOf(recipe));
        if (distill is { LearnsFromTeacher: true }) needs.Add(Of(ArmNames.Teacher));
        if (!startsDense && distill is { NeedsDense: true }) needs.Add(DenseOf(recipe));
        return needs;
    }

    /// <summary>What it is in a recipe, in a sentence without its full stop.</summary>
    public string DescribeIn(Recipe recipe)
    {
        if (Quantises is not null)
            return $"the finished {Quantises(recipe).Name} in 8-bit integers, "
                + (recipe.Quantise.IsTrained ? DescribeTeaching(recipe) : "not trained");
        var network = StartIn(recipe) switch
        {
            ArmStart.Teacher => "the teacher",
            ArmStart.Student when Given(recipe) is null => "the student",
            ArmStart.NarrowStudent => "a narrower student of about the cost of the pruned one",
            _ => recipe.Student.IsTeacher ? "the finished teacher" : "the finished dense student",
        };
        if (Given(recipe) is { } file) return $"{network}, given as {file}";
        if (AutoEncoderIn(recipe) is not null) network += ", begun as an auto-encoder";
        var pruned = Masks switch
        {
            MaskKind.Uhp => $", pruned by the pattern {recipe.Prune.PatternText}",
            MaskKind.Unstructured => ", pruned to the same share without a pattern",
            _ => Start == ArmStart.DenseNetwork ? ", not pruned" : "",
        };
        return $"{network}{pruned}, {DescribeTeaching(recipe)}";
    }

    private string DescribeTeaching(Recipe recipe)
    {
        if (Distill(recipe) is not { } distill || distill is { LearnsFromTeacher: false, NeedsDense: false })
            return "trained on labels alone";
        var before = recipe.Student.IsTeacher || !distill.LearnsFromTeacher;
        return before ? "taught by the network before pruning"
            : distill.LearnsFromDense ? "taught by the teacher and the network before pruning"
            : "taught by the teacher";
    }
}
