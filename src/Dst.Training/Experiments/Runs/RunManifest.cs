using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text.Json;
using Dst.Foundations;
using Dst.Kernels.Simd;
using Dst.Runtime;
using Dst.Training.Autodiff;
using Dst.Training.Data;
using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments.Runs;

/// <summary>What a run was made with: <c>manifest.json</c>.</summary>
public sealed record RunManifest
{
    /// <summary>Version of DST.</summary>
    public required string Version { get; init; }

    /// <summary>Commit that DST was built from, or null if it was not built in a repository.</summary>
    public required string? Commit { get; init; }

    /// <summary>Version of .NET.</summary>
    public required string Framework { get; init; }

    /// <summary>Operating system.</summary>
    public required string System { get; init; }

    /// <summary>Model name of the processor.</summary>
    public required string Cpu { get; init; }

    /// <summary>Vector width in use.</summary>
    public required string Tier { get; init; }

    /// <summary>Threads in use.</summary>
    public required int Threads { get; init; }

    /// <summary>Seed of the run.</summary>
    public required long Seed { get; init; }

    /// <summary>The command line that began the run, or null if none did or it is not known.</summary>
    public string? Command { get; init; }

    /// <summary>When the run began, UTC.</summary>
    public required DateTime Started { get; init; }

    /// <summary>Hash of the recipe (<see cref="RecipeFile.HashOf"/>), or null in a folder of an older version.</summary>
    public string? RecipeHash { get; init; }

    /// <summary>What was different each time when the run went on nevertheless.</summary>
    public IReadOnlyList<string> Changes { get; init; } = [];

    /// <summary>Hash of the content of each split, by name.</summary>
    public required IReadOnlyDictionary<string, string> Data { get; init; }

    /// <summary>Number of images of each split, by name; empty in a folder of an older version.</summary>
    public IReadOnlyDictionary<string, int> Images { get; init; } = new Dictionary<string, int>();

    /// <summary>
    /// Hash of all images, whatever their split, so that it does not depend on the seed. Null in a folder of an older version, and where
    /// the seed draws which images are read.
    /// </summary>
    public string? ImagesHash { get; init; }

    /// <summary>Hash of each model file that the recipe gives, by its key.</summary>
    public IReadOnlyDictionary<string, string> Models { get; init; } = new Dictionary<string, string>();

    /// <summary>Forms of the convolutions of each arm for which they were measured.</summary>
    public IReadOnlyDictionary<string, ConvolutionForms> Convolutions { get; init; } = new Dictionary<string, ConvolutionForms>();

    /// <summary>Describes this program, this machine, the recipe and the data.</summary>
    /// <param name="compute">Threads and vector width.</param>
    /// <param name="recipe">The recipe of the run.</param>
    /// <param name="started">When the run began.</param>
    /// <param name="data">Its data.</param>
    public static RunManifest Describe(ComputeContext compute, Recipe recipe, DateTime started, DataSet data) => new()
    {
        Version = ProgramVersion.Version,
        Commit = ProgramVersion.Commit,
        Framework = RuntimeInformation.FrameworkDescription,
        System = RuntimeInformation.OSDescription,
        Cpu = Processor.Name,
        Tier = SimdTiers.NameOf(compute.Tier),
        Threads = compute.Pool.Threads,
        Seed = recipe.Seed,
        RecipeHash = RecipeFile.HashOf(recipe),
        Started = started.ToUniversalTime(),
        Data = HashesOf(data),
        Images = data.Splits.ToDictionary(split => split.Name, split => split.Count),
        ImagesHash = HashOfImages(data),
        Models = ModelsOf(recipe),
    };

    internal void Save(string path) => AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, this, RunSummary.JsonOptions));

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="InputException">It cannot be read or is not a manifest.</exception>
    public static RunManifest Load(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<RunManifest>(InputFile.ReadText(path), RunSummary.JsonOptions)
                ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new InputException($"{path} cannot be read ({JsonProblem.Describe(e)}); expected the manifest of a run", e);
        }
    }

    /// <summary>Fails unless an earlier manifest has the same data.</summary>
    /// <param name="earlier">The earlier manifest.</param>
    /// <param name="path">Its file.</param>
    /// <exception cref="InputException">It has other data.</exception>
    internal void CheckData(RunManifest earlier, string path)
    {
        if (OtherSplits(earlier.Data, Data) is not [var split, ..]) return;
        throw new InputException(
            $"{path}: the {split} data had the hash {earlier.Describe(split)}, now {Describe(split)}; expected the same data to resume");
    }

    /// <summary>The names of the splits that some data has with other images, other labels or in another order.</summary>
    public IReadOnlyList<string> SplitsOtherThan(DataSet data) => OtherSplits(Data, HashesOf(data));

    /// <summary>The splits of a run that measure its models, as their files hold them.</summary>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="data">Its data.</param>
    public static DataSplits SplitsOf(long seed, DataSet data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return new(seed, new[] { data.Validation, data.Test }.ToDictionary(split => split.Name, HashOfSamples));
    }

    /// <summary>Whether a split has other images, other labels or another order than it had when a model was trained.</summary>
    /// <param name="split">Name of the split.</param>
    /// <param name="trained">The splits of that training.</param>
    /// <param name="data">The data.</param>
    public static bool IsOther(string split, DataSplits trained, DataSet data)
    {
        ArgumentNullException.ThrowIfNull(trained);
        return OtherSplits(trained.Hashes, HashesOf(data)).Contains(split);
    }

    private static string[] OtherSplits(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> now) =>
        [.. before.Keys.Union(now.Keys).Where(split => before.GetValueOrDefault(split) != now.GetValueOrDefault(split))];

    private string Describe(string split) =>
        Data.GetValueOrDefault(split, "none") + (Images.TryGetValue(split, out var count) ? $" of {Phrases.Count(count, "image")}" : "");

    /// <summary>What differs from an earlier manifest and may change bits of the result, each as "tier is v512, now v256".</summary>
    internal IReadOnlyList<string> Differences(RunManifest earlier)
    {
        (string Name, string? Before, string? Now)[] facts =
        [
            ("version", earlier.Version, Version), ("commit", earlier.Commit, Commit), ("cpu", earlier.Cpu, Cpu),
            ("tier", earlier.Tier, Tier), ("recipe_hash", earlier.RecipeHash ?? RecipeHash, RecipeHash),
        ];
        var models = Models.Select(
            model => (model.Key, Before: earlier.Models.GetValueOrDefault(model.Key, model.Value), Now: model.Value));
        return
        [
            .. facts.Where(fact => fact.Before != fact.Now).Select(fact => $"{fact.Name} is {fact.Before}, now {fact.Now}"),
            .. models.Where(model => model.Before != model.Now)
                .Select(model => $"the file of {model.Key} has the hash {model.Before}, now {model.Now}"),
        ];
    }

    /// <summary>What must be the same on every rank, by name.</summary>
    internal Dictionary<string, string> Facts()
    {
        var facts = new Dictionary<string, string>
        {
            ["version"] = $"{Version}+{Commit}",
            ["tier"] = Tier,
            ["recipe"] = RecipeHash!,
        };
        foreach (var (split, hash) in Data) facts[$"{split} data of hash"] = hash;
        foreach (var (key, hash) in Models) facts[$"the file of {key} with the hash"] = hash;
        return facts;
    }

    /// <summary>Hash of the content of a file.</summary>
    internal static string HashOfFile(string path) => Convert.ToHexStringLower(XxHash128.Hash(InputFile.ReadAllBytes(path)));

    // A file that is gone cannot differ. What still needs it says so.
    private static Dictionary<string, string> ModelsOf(Recipe recipe) =>
        recipe.ModelFiles.Where(file => File.Exists(file.Path)).ToDictionary(file => file.Key, file => HashOfFile(file.Path!));

    private static Dictionary<string, string> HashesOf(DataSet data)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data.Splits.ToDictionary(split => split.Name, HashOfSamples);
    }

    /// <summary>Hash of the images and labels of a split, in their order.</summary>
    private static string HashOfSamples(SampleSet samples) =>
        MeasuredImages.HashOf(samples.Samples.Select(sample => (sample.Hash, sample.Label)));

    // Where the seed draws which images keep their labels, images alone are compared.
    private static string? HashOfImages(DataSet data)
    {
        var isDrawn = data.Options.LabelsPerClass > 0;
        if (isDrawn && data.Options.Others == OtherImages.Dropped) return null;
        var samples = data.Splits.SelectMany(split => split.Samples);
        return MeasuredImages.HashOf(samples.Select(sample => (sample.Hash, Label: isDrawn ? null : sample.Label)).Order());
    }
}
