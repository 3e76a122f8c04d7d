namespace Dst.Training.Objectives;

/// <summary>
/// What a student learns from: a weighted sum of the labels' and the teacher's terms, each with its own weight (docs/method.md).
/// </summary>
public record DistillationOptions
{
    /// <summary>Published weights by name.</summary>
    [Setting(
        "published weights by name: keys of the section that are left out have those of kd (temperature 4, alpha 0.9), of standardised "
        + "(KD 9, labels 0.1, temperature 2, standardised logits) or of dist (DIST 2 and 2, labels 1, temperature 4); null for none")]
    public DistillationPreset? Preset { get; init; }

    /// <summary>Temperature τ.</summary>
    [Setting("temperature τ that divides the logits of teacher and student", Min = 0.1, Max = 100)]
    public double Temperature { get; init; } = 4;

    /// <summary>Weight α of the teacher's term.</summary>
    [Setting("weight α of the teacher's soft targets; the labels have 1 − α unless labels says otherwise", Min = 0, Max = 1000)]
    public double Alpha { get; init; } = 0.9;

    /// <summary>Weight of the cross-entropy with the labels, or null for 1 − α.</summary>
    [Setting("weight of the labels; null for 1 − alpha", Min = 0, Max = 1000)]
    public double? Labels { get; init; }

    /// <summary>Whether logits are standardised before they are compared.</summary>
    [Setting("standardise the logits of each image (mean 0, deviation 1) before soft targets, dkd and dist compare them")]
    public bool Standardise { get; init; }

    /// <summary>
    /// Whether the teacher's logits are computed once for each image, without augmentation. If the data is not augmented they always are.
    /// </summary>
    [Setting(
        "compute the teacher's logits once for each image, without augmentation: faster, but student and teacher see different crops")]
    public bool CacheTeacher { get; init; }

    /// <summary>Decoupled distillation.</summary>
    [Setting("decoupled distillation (DKD): separate weights for the label's class and the others; usually with alpha: 0")]
    public DecoupledOptions Dkd { get; init; } = new();

    /// <summary>Correlations of DIST.</summary>
    [Setting("correlation with the teacher's probabilities (DIST); usually with alpha: 0")]
    public DistOptions Dist { get; init; } = new();

    /// <summary>Attention transfer.</summary>
    [Setting("attention transfer between layers with maps of one size")]
    public FeatureLossOptions Attention { get; init; } = new();

    /// <summary>FitNets hints.</summary>
    [Setting("hints (FitNets) between layers with maps of one size; a trained projection joins different numbers of channels")]
    public FeatureLossOptions Hints { get; init; } = new();

    /// <summary>The weight of the cross-entropy with the labels.</summary>
    internal double LabelWeight => Labels ?? 1 - Alpha;

    /// <summary>Name of the section, for messages.</summary>
    internal virtual string Section => "distill";

    /// <summary>The weights of the terms that compare logits with a teacher's, by key.</summary>
    internal IReadOnlyList<(string Key, double Weight)> LogitWeights =>
    [
        ("alpha", Alpha), ("dkd.target", Dkd.Target), ("dkd.non_target", Dkd.NonTarget),
        ("dist.inter_class", Dist.InterClass), ("dist.intra_class", Dist.IntraClass),
    ];

    /// <summary>The terms that compare layers with a teacher's, by section.</summary>
    internal IReadOnlyList<(string Section, FeatureLossOptions Options)> LayerTerms => [("attention", Attention), ("hints", Hints)];

    /// <summary>Whether the logits or pairs of layers of some teacher have a weight.</summary>
    private protected bool LearnsFromAnyTeacher => TeacherWeights.Any(term => term.Weight > 0);

    private IEnumerable<(string Key, double Weight)> TeacherWeights =>
        LogitWeights.Concat(LayerTerms.Select(term => ($"{term.Section}.weight", term.Options.Weight)));

    /// <summary>Whether the teacher T is learnt from.</summary>
    internal virtual bool LearnsFromTeacher => LearnsFromAnyTeacher;

    /// <summary>Whether the logits of the dense network are learnt from.</summary>
    internal virtual bool LearnsFromDense => false;

    /// <summary>Weight of feature reconstruction.</summary>
    internal virtual double FeatureWeight => 0;

    /// <summary>Whether the dense network is needed, for its logits or its features.</summary>
    internal bool NeedsDense => LearnsFromDense || FeatureWeight > 0;

    /// <summary>Checks the weights of all terms together.</summary>
    /// <exception cref="InputException">One is negative or not finite, or all are 0.</exception>
    internal void Check()
    {
        if (Labels is null && Alpha > 1)
            throw new InputException(
                Invariant($"{Section}.alpha is {Alpha} and {Section}.labels is not set, ")
                + "which gives the labels the negative weight 1 − alpha; "
                + $"expected a weight for {Section}.labels, such as 0.1, or an alpha of at most 1");
        (string Key, double Weight)[] weights = [("labels", LabelWeight), .. TeacherWeights, ("features", FeatureWeight)];
        if (Array.Find(weights, term => !(term.Weight >= 0 && double.IsFinite(term.Weight))) is { Key: { } key, Weight: var weight })
            throw new InputException(Invariant($"{Section}.{key} is {weight}; expected a weight of at least 0"));
        if (weights.All(term => term.Weight == 0))
            throw new InputException($"every weight of {Section} is 0; expected at least one above 0, because nothing would be learnt");
        if (!LearnsFromAnyTeacher && !NeedsDense && LabelWeight != 1)
            throw new InputException(
                Invariant($"{Section}.labels is {Labels} and every other weight of {Section} is 0; expected 1, ")
                + "or a weight of what a teacher says");
    }
}

/// <summary>Which network teaches a pruned one.</summary>
public enum TeacherChoice
{
    /// <summary>The teacher T.</summary>
    Teacher,

    /// <summary>The network before pruning.</summary>
    Dense,

    /// <summary>Both.</summary>
    Both,
}

/// <summary>What a network learns from after pruning.</summary>
public sealed record PrunedDistillationOptions : DistillationOptions
{
    /// <summary>Whose logits teach.</summary>
    [Setting("whose logits teach: those of the teacher, of the dense network that was pruned, or of both, each with half the weights")]
    public TeacherChoice Teacher { get; init; }

    /// <summary>Weight of feature reconstruction.</summary>
    [Setting(
        "weight of feature reconstruction: the outputs at the ends of blocks are pulled to those of the dense network, whoever teaches; "
        + "0 leaves it out", Min = 0, Max = 1e6)]
    public double Features { get; init; }

    internal override string Section => "distill_pruned";

    internal override bool LearnsFromTeacher => LearnsFromAnyTeacher && Teacher != TeacherChoice.Dense;

    internal override bool LearnsFromDense => LearnsFromAnyTeacher && Teacher != TeacherChoice.Teacher;

    internal override double FeatureWeight => Features;
}

/// <summary>Weights of decoupled distillation; both 0 leave it out.</summary>
public sealed record DecoupledOptions
{
    /// <summary>Weight of the label's class against the rest.</summary>
    [Setting("weight of TCKD, the label's class against the rest (α of the paper)", Min = 0, Max = 1000)]
    public double Target { get; init; }

    /// <summary>Weight of the other classes among themselves.</summary>
    [Setting("weight of NCKD, the other classes among themselves (β of the paper)", Min = 0, Max = 1000)]
    public double NonTarget { get; init; }

    /// <summary>Epochs over which both weights grow from 0.</summary>
    [Setting("epochs over which both weights grow linearly", Min = 0, Max = 100_000)]
    public int WarmupEpochs { get; init; }
}

/// <summary>Weights of DIST; both 0 leave it out.</summary>
public sealed record DistOptions
{
    /// <summary>β, the weight of the correlation over the classes of each image.</summary>
    [Setting("weight of the correlation over the classes of each image (β of the paper)", Min = 0, Max = 1000)]
    public double InterClass { get; init; }

    /// <summary>γ, the weight of the correlation over the images of each class.</summary>
    [Setting("weight of the correlation over the images of a batch in each class (γ of the paper)", Min = 0, Max = 1000)]
    public double IntraClass { get; init; }
}

/// <summary>A loss between features of teacher and student.</summary>
public sealed record FeatureLossOptions
{
    /// <summary>Weight of each pair's term.</summary>
    [Setting("weight of each pair of layers; 0 leaves the term out", Min = 0, Max = 1e6)]
    public double Weight { get; init; }

    /// <summary>Which layer learns from which.</summary>
    [Setting("pairs of layers, such as [{teacher: layer1.8.relu2, student: layer1.2.relu2}]")]
    public IReadOnlyList<LayerPair> Layers { get; init; } = [];
}

/// <summary>A layer of the teacher and the layer of the student that learns from it, by the names of <c>dst inspect</c>.</summary>
public sealed record LayerPair
{
    /// <summary>Name of the teacher's layer.</summary>
    [Setting("a layer of the teacher")]
    public string Teacher { get; init; } = "";

    /// <summary>Name of the student's layer.</summary>
    [Setting("a layer of the student")]
    public string Student { get; init; } = "";
}
