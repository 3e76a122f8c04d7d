using System.Text.Json;
using System.Text.Json.Serialization;
using Dst.Foundations;
using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments.Runs;

/// <summary>Time of one image through a network: batch 1, 1 thread.</summary>
/// <param name="Min">Shortest of the repeats, ms.</param>
/// <param name="Median">Median of the repeats, ms.</param>
public sealed record Latency(double Min, double Median)
{
    /// <summary>Time of each step of the plan, in the order in which they run; empty in a file of an older version.</summary>
    public IReadOnlyList<StepLatency> Steps { get; init; } = [];
}

/// <summary>Time of one step of an inference plan.</summary>
/// <param name="Name">The layer, or the operation's name.</param>
/// <param name="Form">How it is computed, such as <c>masked winograd4x4</c>.</param>
/// <param name="Ms">Shortest of the repeats, ms.</param>
public sealed record StepLatency(string Name, string Form, double Ms);

/// <summary>What pruning did to one layer.</summary>
/// <param name="Name">The layer.</param>
/// <param name="Shape">[O, I, Kh, Kw] or [O, I].</param>
/// <param name="Weights">Its weights.</param>
/// <param name="Kept">Of these, how many are kept.</param>
/// <param name="Skipped">Why it was not pruned, or null if it was.</param>
public sealed record LayerSummary(string Name, IReadOnlyList<int> Shape, long Weights, long Kept, string? Skipped);

/// <summary>One finished arm: a row of <c>summary.json</c>. Accuracies are 0 to 1.</summary>
public sealed record ArmSummary
{
    /// <summary>The arm.</summary>
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

    private static bool IsPart(long part, long whole) => part >= 0 && part <= whole;

    private static bool IsLegalTime(Latency time) =>
        time.Min >= 0 && time.Min <= time.Median && time.Median <= double.MaxValue
        && time.Steps.All(step => step is { Name: not null, Form: not null, Ms: >= 0 and <= double.MaxValue });
}

/// <summary>All finished arms of a run: <c>summary.json</c>.</summary>
/// <param name="Recipe">Name of the recipe.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Arms">A row for each arm, in the order in which they finished.</param>
/// <example>
/// <code>
/// var summary = RunSummary.Load("runs/latest/summary.json");
/// Console.WriteLine($"{summary.Find(ArmNames.Dst)?.TestTop1:P2}");
/// </code>
/// </example>
public sealed record RunSummary(string Recipe, long Seed, IReadOnlyList<ArmSummary> Arms)
{
    private const long MaxBytes = 64 << 20;

    /// <summary>Hash of the recipe (<see cref="Recipes.RecipeFile.HashOf"/>), or null in a file of an older version.</summary>
    public string? RecipeHash { get; init; }

    internal static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Converters = { new OneLineConverter<long>(), new OneLineConverter<int>() },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The row of an arm, or null.</summary>
    public ArmSummary? Find(string arm) => Arms.FirstOrDefault(row => row.Arm == arm);

    /// <summary>Whether a run of a recipe is finished: no arm that it needs is missing.</summary>
    internal bool HasAllArmsOf(Recipe recipe) => Experiments.Arm.NeededBy(recipe).All(arm => Find(arm.Name) is not null);

    /// <summary>Reads <c>summary.json</c>.</summary>
    /// <exception cref="InputException">It cannot be read or is not a summary.</exception>
    public static RunSummary Load(string path)
    {
        try
        {
            var summary = JsonSerializer.Deserialize<RunSummary>(InputFile.ReadText(path, MaxBytes), JsonOptions);
            // The serialiser checks every property, but not the elements of lists.
            if (summary is null || !summary.Arms.All(arm => arm is not null && arm.Layers.All(layer => layer is { Shape: not null })))
                throw new InputException($"{path} has null for the summary, an arm or a layer; expected a summary of a run");
            var arms = summary.Arms.CountBy(arm => arm.Arm);
            if (arms.FirstOrDefault(arm => arm.Value > 1 || !ArmNames.All.Contains(arm.Key)) is { Value: > 0 } odd)
                throw new InputException($"{path} has the arm '{odd.Key}', which is unknown or there twice; expected a summary of a run");
            if (summary.Arms.FirstOrDefault(arm => !arm.IsLegal) is { } wrong)
                throw new InputException($"{path} has a number of the arm '{wrong.Arm}' that cannot be; expected a summary of a run");
            return summary;
        }
        catch (JsonException e)
        {
            throw new InputException($"{path} cannot be read ({JsonProblem.Describe(e)}); expected a summary of a run", e);
        }
    }

    internal void Save(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, JsonOptions));
}

/// <summary>Writes a list of numbers on one line of an indented document.</summary>
internal sealed class OneLineConverter<T> : JsonConverter<IReadOnlyList<T>> where T : struct
{
    public override IReadOnlyList<T>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize<T[]>(ref reader);

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options) =>
        writer.WriteRawValue($"[{string.Join(", ", value)}]");
}
