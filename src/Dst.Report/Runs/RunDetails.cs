using Dst.ModelFiles;
using Dst.Training.Engine;
using Dst.Training.Experiments.Runs;

namespace Dst.Report.Runs;

/// <summary>
/// What a run folder holds beside its summary. A file that is not there, as in folders of older versions, or cannot be read is named
/// in <see cref="Missing"/>; everything else is still of use.
/// </summary>
/// <example>
/// <code>
/// var run = RunResults.FindAll("runs/latest", Console.WriteLine)[0];
/// foreach (var epoch in new RunDetails(run).Metrics) Console.WriteLine($"{epoch.Arm} {epoch.Epoch}: {epoch.TrainLoss}");
/// </code>
/// </example>
public sealed class RunDetails
{
    private readonly List<string> _missing = [];
    private readonly Dictionary<string, TestRecord> _tests = [];
    private readonly Dictionary<string, Model?> _models = [];

    /// <summary>Reads the files of a run.</summary>
    public RunDetails(RunResults run)
    {
        ArgumentNullException.ThrowIfNull(run);
        Run = run;
        Manifest = Read(ManifestFile.Name, "command, versions and processor", RunManifest.Load);
        Metrics = Read(RunFolder.MetricsName, "learning curves", MetricsTable.Load) ?? [];
        ReadTests();
    }

    /// <summary>The run that these files belong to.</summary>
    public RunResults Run { get; }

    /// <summary>Its manifest, or null.</summary>
    public RunManifest? Manifest { get; }

    /// <summary>A row for each epoch.</summary>
    public IReadOnlyList<EpochMetrics> Metrics { get; }

    /// <summary>What is not there, a sentence for each file.</summary>
    public IReadOnlyList<string> Missing => _missing;

    /// <summary>What an arm says of each test image, or null.</summary>
    public TestRecord? TestOf(string arm) => _tests.GetValueOrDefault(arm);

    /// <summary>
    /// The network of an arm, or null if its file is not the one that the run made. It is read when it is asked for first.
    /// </summary>
    public Model? ModelOf(string arm)
    {
        if (!_models.TryGetValue(arm, out var model))
            _models[arm] = model = Read($"{arm}.safetensors", $"layers and masks of {arm}", path => LoadModel(path, arm));
        return model;
    }

    private Model LoadModel(string path, string arm) => Run.Summary.Find(arm)?.HasModel(path) == false
        ? throw new InputException($"{path} is not the file that the run made")
        : ModelFile.Load(path);

    private void ReadTests()
    {
        var arms = Run.Summary.Arms.ToLookup(arm => File.Exists(Path.Combine(Run.Folder, TestRecord.FileOf(arm.Arm))));
        if (arms[false].Any())
            _missing.Add(
                $"there is no {TestRecord.FileOf("<arm>")} of {string.Join(", ", arms[false].Select(arm => arm.Arm))}, so calibration and "
                + "pictures of mistakes are left out");
        foreach (var arm in arms[true])
        {
            var name = TestRecord.FileOf(arm.Arm);
            if (Read(name, $"calibration and mistakes of {arm.Arm}", TestRecord.Load) is not { } test) continue;
            if (IsOf(test, arm)) _tests[arm.Arm] = test;
            else _missing.Add($"{name} has other predictions than {RunFolder.SummaryName} counts, so it is left out");
        }
    }

    private static bool IsOf(TestRecord test, ArmSummary arm) =>
        arm.Confusion.Count == test.ClassNames.Count
        && arm.Confusion.Zip(test.Confusion.Rows).All(row => row.First.SequenceEqual(row.Second));

    private T? Read<T>(string name, string what, Func<string, T> read) where T : class
    {
        var path = Path.Combine(Run.Folder, name);
        try
        {
            if (File.Exists(path)) return read(path);
            _missing.Add($"{name} is not there, so {what} are left out");
        }
        catch (InputException e)
        {
            _missing.Add($"{what} are left out: {e.Message}");
        }

        return null;
    }
}
