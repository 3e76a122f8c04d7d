using System.Globalization;
using Dst.Runtime;
using Dst.Runtime.ModelFile;
using Dst.Training.Recipes;

namespace Dst.Training.Runs;

/// <summary>
/// The folder of one run: <c>recipe.yaml</c>, <c>manifest.json</c>, <c>metrics.csv</c>, <c>summary.json</c>,
/// <c>checkpoint-last.safetensors</c> and one model file an arm. It is open for one process at a time.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private const string MetricsHeader = "arm,epoch,learning_rate,train_loss,train_top1,validation_loss,validation_top1,seconds,images_per_second";

    private readonly FileStream _metrics;

    private RunFolder(string path, Recipe recipe, FileStream metrics, RunSummary summary)
    {
        Path = path;
        Recipe = recipe;
        _metrics = metrics;
        Summary = summary;
    }

    /// <summary>The folder.</summary>
    public string Path { get; }

    /// <summary>The recipe of the run.</summary>
    public Recipe Recipe { get; }

    /// <summary>The arms that are finished.</summary>
    public RunSummary Summary { get; private set; }

    /// <summary>The file of the arm in training.</summary>
    public string CheckpointPath => System.IO.Path.Combine(Path, "checkpoint-last.safetensors");

    /// <summary>The model file of an arm.</summary>
    public string ModelPath(string arm) => System.IO.Path.Combine(Path, $"{arm}.safetensors");

    /// <summary>Makes <c>runs/name/yyyyMMdd-HHmmss</c> for a new run.</summary>
    /// <exception cref="InputException">The folder exists or cannot be made.</exception>
    public static RunFolder Create(Recipe recipe, DateTime now)
    {
        var path = System.IO.Path.Combine(recipe.Runs, recipe.Name, now.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture));
        if (Directory.Exists(path) || File.Exists(path)) throw new InputException($"run folder {path} exists already; expected a new one, start again in a second");
        return Guard(path, () =>
        {
            Directory.CreateDirectory(path);
            WriteText(System.IO.Path.Combine(path, "recipe.yaml"), RecipeFile.Write(recipe));
            var metrics = OpenMetrics(path, FileMode.CreateNew);
            WriteLines(metrics, [MetricsHeader]);
            return new RunFolder(path, recipe, metrics, new(recipe.Name, recipe.Seed, []));
        });
    }

    /// <summary>Opens the folder of a run that was stopped.</summary>
    /// <param name="path">The run folder.</param>
    /// <param name="overrides">Overrides such as <c>threads=2</c>; only of keys that results do not depend on.</param>
    /// <exception cref="InputException">It is not a run folder, is in use, or an override would change results.</exception>
    public static RunFolder Resume(string path, IReadOnlyList<string> overrides)
    {
        var recipePath = System.IO.Path.Combine(path, "recipe.yaml");
        if (!File.Exists(recipePath)) throw new InputException($"{path} has no recipe.yaml; expected the folder of a run");
        return Resume(path, RecipeFile.Load(recipePath, overrides));
    }

    /// <summary>Opens the folder of a run that was stopped, if it was made with <paramref name="recipe"/>.</summary>
    /// <exception cref="InputException">It is not a run folder, is in use, or was made with another recipe.</exception>
    public static RunFolder Resume(string path, Recipe recipe)
    {
        var earlier = RecipeFile.Load(System.IO.Path.Combine(path, "recipe.yaml"));
        var differences = RecipeFile.Differences(earlier, recipe);
        if (differences.Count > 0) throw new InputException($"run folder {path} was made with another recipe: {string.Join("; ", differences)}; expected the same to resume");
        return Guard(path, () =>
        {
            var metrics = OpenMetrics(path, FileMode.OpenOrCreate);
            foreach (var torn in Directory.GetFiles(path, ".*.tmp")) File.Delete(torn);
            var summaryPath = SummaryPathIn(path);
            var summary = File.Exists(summaryPath) ? RunSummary.Load(summaryPath) : new(recipe.Name, recipe.Seed, []);
            return new RunFolder(path, recipe, metrics, summary);
        });
    }

    /// <summary>Adds a row to <c>metrics.csv</c>, on the disk when this returns.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public void AddMetrics(EpochMetrics row) => Guard(_metrics.Name, () =>
    {
        WriteLines(_metrics,
        [
            string.Create(CultureInfo.InvariantCulture,
                $"{row.Arm},{row.Epoch},{row.LearningRate},{row.TrainLoss},{row.TrainTop1},{row.ValidationLoss},{row.ValidationTop1},{row.Seconds:F3},{row.ImagesPerSecond:F1}"),
        ]);
        return true;
    });

    /// <summary>Drops the rows that come after the state that training goes on from: finished arms, then <paramref name="epochs"/> of <paramref name="arm"/>.</summary>
    public void TrimMetrics(string arm, int epochs) => Guard(_metrics.Name, () =>
    {
        _metrics.Position = 0;
        using var reader = new StreamReader(_metrics, leaveOpen: true);
        var kept = new List<string> { MetricsHeader };
        foreach (var line in reader.ReadToEnd().Split('\n')[..^1])
        {
            var fields = line.Split(',');
            if (fields.Length != MetricsHeader.Split(',').Length) continue;
            var finished = Summary.Find(fields[0]) is not null;
            if (finished || fields[0] == arm && int.TryParse(fields[1], CultureInfo.InvariantCulture, out var epoch) && epoch <= epochs) kept.Add(line);
        }

        _metrics.SetLength(0);
        WriteLines(_metrics, kept);
        return true;
    });

    /// <summary>Adds a finished arm to <c>summary.json</c>; its model file must be there.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public void AddArm(ArmSummary arm)
    {
        var summary = Summary with { Arms = [.. Summary.Arms, arm] };
        summary.Save(SummaryPathIn(Path));
        Summary = summary;
    }

    /// <summary>Writes <c>manifest.json</c>, or compares the one of the run that is resumed.</summary>
    /// <exception cref="InputException">It cannot be written, or the data is not that of the run.</exception>
    public void WriteManifest(RunManifest manifest)
    {
        var path = System.IO.Path.Combine(Path, "manifest.json");
        if (!File.Exists(path)) manifest.Save(path);
        else manifest.CheckData(path);
    }

    /// <inheritdoc/>
    public void Dispose() => _metrics.Dispose();

    private static string SummaryPathIn(string folder) => System.IO.Path.Combine(folder, "summary.json");

    // Open for writing as long as the run lasts: this is what keeps a second process out.
    private static FileStream OpenMetrics(string folder, FileMode mode) =>
        new(System.IO.Path.Combine(folder, "metrics.csv"), mode, FileAccess.ReadWrite, FileShare.Read);

    private static void WriteLines(FileStream stream, IEnumerable<string> lines)
    {
        stream.Write(System.Text.Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))));
        stream.Flush(flushToDisk: true);
    }

    private static void WriteText(string path, string text) => AtomicFile.Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    private static T Guard<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"run folder {path} cannot be used ({e.Message.TrimEnd('.')}); expected a writable folder with free space that no other process has open", e);
        }
    }
}
