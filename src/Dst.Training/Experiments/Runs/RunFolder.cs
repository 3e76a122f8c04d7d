using Dst.Training.Engine;
using Dst.Training.Experiments.Recipes;

namespace Dst.Training.Experiments.Runs;

/// <summary>
/// The folder of one run: <c>recipe.yaml</c>, <c>manifest.json</c>, <c>metrics.csv</c>, <c>summary.json</c>,
/// <c>checkpoint-last.safetensors</c>, one model file and one <see cref="TestRecord"/> for each arm. It is open for one process at a time.
/// </summary>
public sealed partial class RunFolder : IDisposable
{
    internal const string ForceOption = "--force to go on nevertheless";

    /// <summary>Name of the file of the finished arms.</summary>
    public const string SummaryName = "summary.json";

    /// <summary>Name of the file of the epochs.</summary>
    public const string MetricsName = "metrics.csv";

    internal const string CheckpointName = "checkpoint-last.safetensors";

    private readonly RunLock _lock;
    private readonly MetricsFile _metrics;

    /// <summary>Path of the folder.</summary>
    public string Path { get; }

    /// <summary>The recipe of the run.</summary>
    public Recipe Recipe { get; }

    /// <summary>Hash of the recipe: summary, manifest and checkpoint have it too.</summary>
    public string RecipeHash { get; }

    /// <summary>The arms that are finished.</summary>
    public RunSummary Summary { get; private set; }

    /// <summary>Whether no arm is missing.</summary>
    internal bool IsFinished => Summary.HasAllArmsOf(Recipe);

    /// <summary>Whether something of it was trained, or taken as given.</summary>
    internal bool HasResults => _metrics.HasRows || File.Exists(CheckpointPath) || Summary.Arms.Count > 0;

    /// <summary>Whether the finished arms are of another recipe, or of another build.</summary>
    internal bool HasOtherResults { get; private set; }

    /// <summary>Whether the run goes on although something is different that may change its result.</summary>
    public bool IsForced { get; private init; }

    /// <summary>Whether this is the copy of a rank other than 0. It keeps no checkpoints, and is removed at the end.</summary>
    internal bool IsCopy { get; private init; }

    /// <summary>Whether rank 0 has sent its files, all or some, and checked them.</summary>
    private bool IsFromFirstRank { get; init; }

    /// <summary>Whether the run began in this process.</summary>
    private bool IsNew { get; init; }

    /// <summary>What is different in the recipe since the run began.</summary>
    private IReadOnlyList<string> RecipeChanges { get; init; } = [];

    /// <summary>The set that it is a run of, or null.</summary>
    private RunSet? Set { get; init; }

    /// <summary>The checkpoint: the state of the arm in training.</summary>
    public string CheckpointPath => In(Path, CheckpointName);

    /// <summary>The file of the finished arms.</summary>
    internal string SummaryPath => In(Path, SummaryName);

    /// <summary>What the run was made with.</summary>
    public ManifestFile Manifest => new(Path, IsForced);

    /// <summary>The model file of an arm.</summary>
    public string ModelPath(string arm) => In(Path, $"{arm}.safetensors");

    /// <summary>Validation images above what the auto-encoder makes of them, if there is one.</summary>
    /// <param name="autoEncoder">Of <see cref="ArmNames.AutoEncoders"/>.</param>
    public string ReconstructionsPath(string autoEncoder) =>
        In(Path, autoEncoder == ArmNames.Pretrain ? "reconstructions.png" : "reconstructions-teacher.png");

    /// <summary>The model file that an arm starts from, if that is a repaired network.</summary>
    public string StartPath(string arm) => In(Path, $"{arm}-start.safetensors");

    /// <summary>The file of what an arm says of each test image (<see cref="TestRecord"/>).</summary>
    public string TestPath(string arm) => In(Path, TestRecord.FileOf(arm));

    /// <summary>Whether a run was begun in the folder.</summary>
    public static bool IsRun(string path) => RunRecipe.IsIn(path) && File.Exists(In(path, MetricsName));

    /// <summary>Whether a name is that of a file that a run needs: a table, its recipe, a checkpoint, or a file of an arm.</summary>
    /// <param name="name">Name of a file in the folder of a run.</param>
    public static bool IsOwnFile(string name) =>
        name is SummaryName or MetricsName or RunRecipe.FileName or ManifestFile.Name or CheckpointName
        || ArmNames.All.Concat(ArmNames.AutoEncoders).Any(
            arm => name == $"{arm}.safetensors" || name == $"{arm}-start.safetensors" || name == TestRecord.FileOf(arm));

    /// <summary>
    /// Goes on with the run, when all else is checked: compares the manifest with that of its beginning, and gives the folder its recipe.
    /// </summary>
    /// <param name="manifest">Program, machine and data.</param>
    /// <param name="hasData">Whether the data are those of this run, and not of another of its set.</param>
    /// <returns>What is different and may change the result.</returns>
    /// <exception cref="InputException">Something is, and the run is not forced, or the data are others. Nothing is written.</exception>
    internal IReadOnlyList<string> GoOn(RunManifest manifest, bool hasData = true)
    {
        var changes = hasData ? Manifest.Write(manifest, RecipeChanges) : Manifest.CompareProgram(manifest, RecipeChanges);
        if (RecipeChanges.Count > 0) RunRecipe.Write(Path, Recipe);
        Set?.TakeRecipe();
        if (HasOtherResults) Summary.Save(SummaryPath); // or the run could not be resumed without force from here on
        return changes;
    }

    /// <summary>The rows of <c>metrics.csv</c>.</summary>
    /// <exception cref="InputException">It has no header, or a line that is not a row.</exception>
    internal IReadOnlyList<EpochMetrics> ReadMetrics() => _metrics.Read();

    /// <summary>The arm of the checkpoint, and the hash of its recipe; null if there is no checkpoint.</summary>
    /// <exception cref="InputException">It cannot be read.</exception>
    internal (string Arm, string? Recipe)? ReadOwner() => !File.Exists(CheckpointPath) ? null : RunPaths.Read(
        () => CheckpointFile.ReadOwner(CheckpointPath), "remove it to train its arm from the start");

    /// <summary>Adds a row to <c>metrics.csv</c>, on the disk when this returns.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public void AddMetrics(EpochMetrics row) => RunPaths.Guard(Path, () =>
    {
        _metrics.Add(row);
        if (row.Epoch == 1 && !IsCopy) RunPaths.PointLatest(Recipe.Runs, Path);
    });

    /// <summary>
    /// Leaves in <c>metrics.csv</c> the rows of finished arms and of the first <paramref name="epochs"/> epochs of
    /// <paramref name="arm"/>: what follows was not yet in the checkpoint that training goes on from.
    /// </summary>
    /// <returns>How many epochs of the arm were dropped.</returns>
    /// <exception cref="InputException">It cannot be written.</exception>
    public int TrimMetrics(string arm, int epochs) => RunPaths.Guard(Path, () => _metrics
        .Trim(row => row.Arm == arm
            ? row.Epoch <= epochs
            : ArmNames.AutoEncoders.Contains(row.Arm) || Summary.Find(row.Arm) is not null)
        .Count(row => row.Arm == arm));

    /// <summary>Adds a finished arm to <c>summary.json</c>; its model file must be there.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public void AddArm(ArmSummary arm)
    {
        var summary = Summary with { Arms = [.. Summary.Arms, arm] };
        summary.Save(SummaryPath);
        Summary = summary;
    }

    /// <summary>Sorts the rows of all arms by the place of each arm's name; those of one arm keep their order.</summary>
    /// <exception cref="InputException">They cannot be written.</exception>
    internal void SortArms(Func<string, int> place) => RunPaths.Guard(Path, () =>
    {
        _metrics.Sort(row => place(row.Arm));
        var sorted = Summary with { Arms = [.. Summary.Arms.OrderBy(arm => place(arm.Arm))] };
        if (!sorted.Arms.SequenceEqual(Summary.Arms)) sorted.Save(SummaryPath);
        Summary = sorted;
    });

    /// <summary>Removes the folder of a new run that was refused before anything was trained. Any other stays.</summary>
    public void DiscardIfUntrained()
    {
        if (!IsNew || _metrics.HasRows || File.Exists(CheckpointPath)) return;
        Dispose();
        RunPaths.Remove(Path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _metrics.Dispose();
        _lock.Dispose();
        if (IsCopy) RunPaths.Remove(Path);
    }

    private static string In(string folder, string name) => System.IO.Path.Combine(folder, name);
}
