using Dst.Training.Engine;

namespace Dst.Training.Experiments.Runs;

/// <summary>One finished arm: a row of <c>summary.json</c>. Accuracies are 0 to 1.</summary>
public sealed record ArmSummary
{
    /// <summary>Name of the arm.</summary>
    public required string Arm { get; init; }

    /// <summary>Top-1 on the test data, read once.</summary>
    public required double TestTop1 { get; init; }

    /// <summary>Top-1 on the validation data of the epoch that was chosen.</summary>
    public required double ValidationTop1 { get; init; }

    /// <summary>Trained parameters.</summary>
    public required long Weights { get; init; }

    /// <summary>Trained parameters that are not pruned.</summary>
    public required long Nonzero { get; init; }

    /// <summary>Multiply-accumulates per image, dense.</summary>
    public required long Macs { get; init; }

    /// <summary>Multiply-accumulates per image of the weights that are kept.</summary>
    public required long EffectiveMacs { get; init; }

    /// <summary>Size of the model file.</summary>
    public required long FileBytes { get; init; }

    /// <summary>Hash of the model file, or null in a file of an older version.</summary>
    public string? ModelHash { get; init; }

    /// <summary>Measured latency in the form that the model file holds.</summary>
    public required Latency LatencyMs { get; init; }

    /// <summary>Measured latency of the same network as if it were dense, or null if it is.</summary>
    public Latency? LatencyDenseMs { get; init; }

    /// <summary>Wall time of training and validation, summed over resumed runs; 0 if the network was not trained here.</summary>
    public required double Seconds { get; init; }

    /// <summary>Epochs trained.</summary>
    public required int Epochs { get; init; }

    /// <summary>The epoch that was chosen, from 1; 0 if the network was not trained here.</summary>
    public required int BestEpoch { get; init; }

    /// <summary>Training images with labels; 0 if the network was not trained here.</summary>
    public int LabelledImages { get; init; }

    /// <summary>Training images that it learnt from without labels.</summary>
    public int UnlabelledImages { get; init; }

    /// <summary>Name of the architecture.</summary>
    public required string Network { get; init; }

    /// <summary>Mean of the classes' recalls on the test data.</summary>
    public double TestBalancedAccuracy => ConfusionMatrix.BalancedAccuracyOf(Confusion);

    /// <summary>Test samples by [label][prediction].</summary>
    public required IReadOnlyList<IReadOnlyList<long>> Confusion { get; init; }

    /// <summary>What pruning did to each layer; empty if the network is dense.</summary>
    public IReadOnlyList<LayerSummary> Layers { get; init; } = [];

    /// <summary>Whether every number is in its range.</summary>
    internal bool IsLegal =>
        TestTop1 is >= 0 and <= 1 && ValidationTop1 is >= 0 and <= 1
        && IsPart(Nonzero, Weights) && IsPart(EffectiveMacs, Macs) && FileBytes >= 0
        && IsLegalTime(LatencyMs) && (LatencyDenseMs is null || IsLegalTime(LatencyDenseMs)) && Seconds is >= 0 and <= double.MaxValue
        && IsPart(BestEpoch, Epochs) && LabelledImages >= 0 && UnlabelledImages >= 0
        && Confusion.All(row => row is not null && row.Count == Confusion.Count && row.All(count => count >= 0))
        && Layers.All(layer => IsPart(layer.Kept, layer.Weights));

    /// <summary>Whether a file is the model that the run made. Without a hash, it is taken to be.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public bool HasModel(string path) => ModelHash is null || ModelHash == RunManifest.HashOfFile(path);

    private static bool IsPart(long part, long whole) => part >= 0 && part <= whole;

    private static bool IsLegalTime(Latency time) =>
        time.Min >= 0 && time.Min <= time.Median && time.Median <= double.MaxValue
        && time.Steps.All(step => step is { Name: not null, Form: not null, Ms: >= 0 and <= double.MaxValue });
}
