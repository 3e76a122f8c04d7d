using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Dst.Foundations;
using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments.Runs;

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

    internal static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        Converters = { new OneLineConverter<long>(), new OneLineConverter<int>() },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Hash of the recipe (<see cref="Recipes.RecipeFile.HashOf"/>), or null in a file of an older version.</summary>
    public string? RecipeHash { get; init; }

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
            CheckLegal(summary, path);
            return summary;
        }
        catch (JsonException e)
        {
            throw new InputException($"{path} cannot be read ({JsonProblem.Describe(e)}); expected a summary of a run", e);
        }
    }

    internal void Save(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, JsonOptions));

    private static void CheckLegal([NotNull] RunSummary? summary, string path)
    {
        // The serialiser checks every property, but not the elements of lists.
        if (summary is null || !summary.Arms.All(arm => arm is not null && arm.Layers.All(layer => layer is { Shape: not null })))
            throw new InputException($"{path} has null for the summary, an arm or a layer; expected a summary of a run");
        var arms = summary.Arms.CountBy(arm => arm.Arm);
        if (arms.FirstOrDefault(arm => arm.Value > 1 || !ArmNames.All.Contains(arm.Key)) is { Value: > 0 } odd)
            throw new InputException($"{path} has the arm '{odd.Key}', which is unknown or there twice; expected a summary of a run");
        if (summary.Arms.FirstOrDefault(arm => !arm.IsLegal) is { } wrong)
            throw new InputException($"{path} has a number of the arm '{wrong.Arm}' that cannot be; expected a summary of a run");
    }
}
