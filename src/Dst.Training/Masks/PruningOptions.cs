using Dst.Foundations;
using Dst.Masks;

namespace Dst.Training.Masks;

/// <summary>When weights are pruned.</summary>
public enum PruningMethod
{
    /// <summary>All at once, before the training that follows.</summary>
    OneShot,

    /// <summary>In stages during the first part of that training: Zhu and Gupta 2017.</summary>
    Gradual,

    /// <summary>From scratch, with a mask chosen anew at each step: SR-STE, Zhou et al. 2021.</summary>
    SrSte,

    /// <summary>From scratch, with input channels drawn at random before it: Changpinyo et al. 2017.</summary>
    RandomChannels,
}

/// <summary>Importance of a weight; a candidate's score is the sum over its weights.</summary>
public enum PruningScore
{
    /// <summary>|w|.</summary>
    L1,

    /// <summary>w².</summary>
    L2,

    /// <summary>|w·g|, g the mean gradient of the labels' loss.</summary>
    Taylor,

    /// <summary>Optimal brain surgeon: what the layer's output loses when the other weights make up for it. It needs no labels.</summary>
    Obs,
}

/// <summary>What mends a pruned network before it is trained, without labels.</summary>
public enum PruningRepair
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>New statistics of batch normalisations, and new means where a layer has a bias.</summary>
    BatchNorm,

    /// <summary>New weights, by least squares to what the dense network computes.</summary>
    LeastSquares,
}

/// <summary>Recipe section <c>prune</c>: the UHP pattern, how its weights are chosen and the layers that it leaves alone.</summary>
public sealed record PruningOptions
{
    /// <summary>What a candidate is.</summary>
    [Setting("what is kept or dropped as a whole: an input channel's kernel, a row of one, or a weight position")]
    public PruningUnit Unit { get; init; } = PruningUnit.Row;

    /// <summary>V: consecutive filters that share a choice.</summary>
    [Setting("consecutive filters that share one choice", Choices = ["1", "2", "4", "8", "16", "32"])]
    public int Block { get; init; } = 16;

    /// <summary>M: length of the runs of which a share is kept.</summary>
    [Setting("candidates in a run, of which exactly the share keep is kept", Min = 2, Max = 1 << 20)]
    public int Group { get; init; } = 16;

    /// <summary>Share of each run that is kept, a whole number of its candidates.</summary>
    [Setting("share of each run that is kept; with group a whole number of candidates", Min = 0, Max = 1)]
    public double Keep { get; init; } = 0.5;

    /// <summary>Layers that keep another share.</summary>
    [Setting("layers that keep another share, by name; * stands for any characters; the first that fits counts")]
    public IReadOnlyList<LayerKeepOptions> KeepLayers { get; init; } = [];

    /// <summary>When weights are pruned.</summary>
    [Setting(
        "when weights are pruned: one_shot before prune_train, gradual during its first part, sr_ste while the student is trained from "
        + "scratch with the settings of train, by a mask chosen at each step, random_channels before that training, by chance")]
    public PruningMethod Method { get; init; }

    /// <summary>How the importance of a weight is measured.</summary>
    [Setting(
        "importance of a weight: l1 its magnitude, l2 its square, taylor its magnitude times that of the loss's mean gradient, obs what "
        + "the layer's output loses when the other weights make up for it (optimal brain surgeon; with repair: least_squares)")]
    public PruningScore Score { get; init; }

    /// <summary>Batches over which Taylor scores average gradients.</summary>
    [Setting("training batches over which the score taylor averages gradients", Min = 1, Max = 100_000)]
    public int TaylorBatches { get; init; } = 32;

    /// <summary>
    /// Whether output channels are reordered first, so that similar filters share a block. <see cref="Pruning.Prepare"/> does so.
    /// </summary>
    [Setting(
        "reorder output channels first, so that similar filters share a block, where that raises the kept score; "
        + "costs nothing at inference")]
    public bool Permute { get; init; }

    /// <summary>What mends the pruned network before it is trained.</summary>
    [Setting(
        "what mends a network pruned one_shot before it is trained, on training images without their labels: batch_norm new statistics, "
        + "least_squares new weights, layer after layer, that give what the dense network computes")]
    public PruningRepair Repair { get; init; }

    /// <summary>Images and ridge of repair.</summary>
    [Setting("repair and the score obs")]
    public CalibrationOptions Calibration { get; init; } = new();

    /// <summary>Stages of gradual pruning.</summary>
    [Setting("gradual pruning")]
    public GradualOptions Gradual { get; init; } = new();

    /// <summary>Sparse-refined straight-through estimation.</summary>
    [Setting("SR-STE")]
    public SrSteOptions SrSte { get; init; } = new();

    /// <summary>Incremental training of random connections.</summary>
    [Setting("incremental training with method random_channels")]
    public IncrementalOptions Incremental { get; init; } = new();

    /// <summary>Layers that stay dense.</summary>
    [Setting("layers that stay dense, by name; * stands for any characters")]
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Whether the first convolution stays dense.</summary>
    [Setting("whether the first convolution stays dense")]
    public bool ExcludeFirst { get; init; }

    /// <summary>Whether the last convolution stays dense.</summary>
    [Setting("whether the last convolution stays dense")]
    public bool ExcludeLast { get; init; }

    /// <summary>The pattern that unit, block, group and keep make.</summary>
    /// <exception cref="InputException">It is not legal.</exception>
    public UhpPattern Pattern
    {
        get => PatternOf(Keep, "prune.keep");
        init => (Unit, Block, Group, Keep) = (value.Unit, value.Block, value.Group, value.Share);
    }

    /// <summary>The pattern and the shares of <see cref="KeepLayers"/>, as tables of runs show them.</summary>
    public string PatternText =>
        string.Join(' ', [Pattern.ToString(), .. KeepLayers.Select(other => Invariant($"{other.Layer}={other.Keep}"))]);

    /// <summary>Whether pruned networks are trained from their initial weights.</summary>
    public bool IsFromScratch => Method is PruningMethod.SrSte or PruningMethod.RandomChannels;

    /// <summary>Whether masks change while a network is trained.</summary>
    public bool ChangesInTraining => Method is PruningMethod.Gradual or PruningMethod.SrSte || IsIncremental;

    /// <summary>Whether random connections are added while a network is trained.</summary>
    internal bool IsIncremental => Method == PruningMethod.RandomChannels && Incremental.Stages > 0;

    /// <summary>The pattern of a layer: <see cref="Pattern"/> with the share of the first of <see cref="KeepLayers"/> that fits.</summary>
    /// <exception cref="InputException">It is not legal.</exception>
    public UhpPattern PatternOf(string layer) => KeepLayers.FirstOrDefault(other => LayerName.Fits(other.Layer, layer)) is { } named
        ? PatternOf(named.Keep, $"prune.keep_layers of '{named.Layer}'")
        : Pattern;

    /// <summary>Checks that the method, the score and the repair go together.</summary>
    /// <exception cref="InputException">They do not.</exception>
    public void Check()
    {
        if (Method != PruningMethod.OneShot && Repair != PruningRepair.None)
            throw new InputException(
                $"prune.repair is {EnumWords.Of(Repair)} with prune.method {EnumWords.Of(Method)}; expected none, because only what is "
                + "pruned one_shot is repaired before it is trained");
        if (Method != PruningMethod.OneShot && Score == PruningScore.Obs)
            throw new InputException(
                $"prune.score is obs with prune.method {EnumWords.Of(Method)}; expected one_shot, or the score l1 or l2");
        if (Score == PruningScore.Obs && Repair != PruningRepair.LeastSquares)
            throw new InputException(
                $"prune.score is obs with prune.repair {EnumWords.Of(Repair)}; expected least_squares, because obs counts on the other "
                + "weights to make up for what is dropped");
        if (Method == PruningMethod.SrSte && Score == PruningScore.Taylor)
            throw new InputException(
                "prune.score is taylor with prune.method sr_ste; expected l1 or l2, because the mask is chosen at each step");
        if (Method == PruningMethod.SrSte && Permute)
            throw new InputException(
                "prune.permute is true with prune.method sr_ste; expected false, because initial weights have no order to find");
        if (Method == PruningMethod.RandomChannels && (Unit != PruningUnit.Kernel || Score != PruningScore.L1 || Permute))
            throw new InputException(
                $"prune has unit {EnumWords.Of(Unit)}, score {EnumWords.Of(Score)} and permute {(Permute ? "true" : "false")} with method "
                + "random_channels; expected kernel, l1 and false, because chance chooses whole input channels");
    }

    private UhpPattern PatternOf(double share, string setting)
    {
        var keep = share * Group;
        if (Math.Abs(keep - Math.Round(keep)) > 0.01 || Math.Round(keep) < 1 || Math.Round(keep) >= Group)
            throw new InputException(
                Invariant($"{setting} is {share}, which is {keep:0.##} of the {Group} candidates of a run; ")
                + Invariant($"a whole number from 1 to {Group - 1} was expected, such as the share {Group / 2 / (double)Group:0.###}"));
        return new UhpPattern(Unit, Block, Group, (int)Math.Round(keep)).Checked();
    }
}

/// <summary>The share that some layers keep.</summary>
public sealed record LayerKeepOptions
{
    /// <summary>Name of the layers.</summary>
    [Setting("name of the layers")]
    public string Layer { get; init; } = "";

    /// <summary>Share of each run that they keep.</summary>
    [Setting("share of each run that is kept", Min = 0, Max = 1)]
    public double Keep { get; init; } = 0.5;
}

/// <summary>Recipe section <c>prune.calibration</c>.</summary>
public sealed record CalibrationOptions
{
    /// <summary>Images on which the network is repaired.</summary>
    [Setting("images drawn by the seed; fewer where the features of so many would take more than 4 GB", Min = 1, Max = 100_000)]
    public int Images { get; init; } = 512;

    /// <summary>λ of the least squares, relative to the inputs.</summary>
    [Setting(
        "holds fitted weights near those of the dense network: λ of the least squares is this times the mean square of a layer's inputs, "
        + "summed over the weights of a filter",
        Min = 0, Max = 1000)]
    public double Ridge { get; init; } = 0.1;
}

/// <summary>Recipe section <c>prune.gradual</c>.</summary>
public sealed record GradualOptions
{
    /// <summary>Share of the training in which sparsity grows.</summary>
    [Setting("share of prune_train after which the final sparsity is reached", Min = 0, Max = 0.95)]
    public double Share { get; init; } = 0.5;

    /// <summary>How many times weights are pruned.</summary>
    [Setting("how many times weights are pruned until then; more than M/2 times is no use for runs of M candidates", Min = 1, Max = 10_000)]
    public int Stages { get; init; } = 8;
}

/// <summary>Recipe section <c>prune.sr_ste</c>.</summary>
public sealed record SrSteOptions
{
    /// <summary>λ, the decay of the weights that the mask prunes.</summary>
    [Setting("λ, the decay of the weights that the present mask prunes", Min = 0, Max = 1)]
    public double Decay { get; init; } = 2e-4;
}

/// <summary>Recipe section <c>prune.incremental</c>.</summary>
public sealed record IncrementalOptions
{
    /// <summary>How many times connections are added.</summary>
    [Setting("how many times connections are added; 0 for all of them from the start", Min = 0, Max = 10_000)]
    public int Stages { get; init; }

    /// <summary>Share of the final connections that training begins with.</summary>
    [Setting("share of the final connections that training begins with", Min = 0.01, Max = 1)]
    public double Start { get; init; } = 0.25;

    /// <summary>Share of the training after which all connections are there.</summary>
    [Setting("share of train after which all connections are there", Min = 0, Max = 0.95)]
    public double Share { get; init; } = 0.5;

    /// <summary>Share of the final connections that are there in a stage, from 0 on.</summary>
    internal double ShareIn(int stage) => Stages == 0 ? 1 : Start + (1 - Start) * stage / Stages;
}
