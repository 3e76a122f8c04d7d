using Dst.Training.Experiments.Runs;

namespace Dst.Training.Experiments.Spread;

/// <summary>
/// The folder of a run whose arms several ranks make. The files of an arm that is not finished are in a folder <c>ARM.part</c> in it.
/// </summary>
internal sealed class SpreadFolder
{
    private readonly RunFolder _run;
    private readonly List<Arm> _order;

    /// <summary>Takes an open run, and the state that one process may have left in it.</summary>
    public SpreadFolder(RunFolder run)
    {
        (_run, _order) = (run, [.. Arm.InOrderOf(run.Recipe)]);
        if (run.ReadOwner() is var (name, _))
        {
            var place = PlaceOf(name);
            if (place >= 0 && run.Summary.Find(_order[place].Name) is null) Keep(_order[place], Read(run.Path, RunFiles.State));
            File.Delete(run.CheckpointPath);
        }

        run.TrimMetrics(arm: "", epochs: 0);
    }

    /// <summary>Compares the data with those that the run was begun with, also where none of its arms is finished.</summary>
    /// <exception cref="InputException">They are others.</exception>
    public static void CheckData(RunFolder run, RunManifest manifest)
    {
        foreach (var folder in Directory.GetDirectories(run.Path, "*.part").Prepend(run.Path))
            new ManifestFile(folder, run.IsForced).CheckData(manifest);
    }

    /// <summary>The files that an arm is made from: the models that it needs, and those of its own that were kept.</summary>
    public IReadOnlyDictionary<string, byte[]> FilesFor(Arm arm)
    {
        var models = NeedsOf(arm).Select(need => need.Name).Concat(ArmNames.AutoEncoders)
            .Select(name => Path.GetFileName(_run.ModelPath(name)));
        var files = Read(_run.Path, [.. RunFiles.Inputs, .. models]);
        if (!Directory.Exists(PartOf(arm))) return files;
        var own = Directory.GetFiles(PartOf(arm)).Select(path => Path.GetFileName(path)).Except(RunFiles.Tables)
            .Append(RunFolder.MetricsName);
        foreach (var (name, bytes) in Read(PartOf(arm), own)) files[name] = bytes;
        return files;
    }

    /// <summary>Keeps the files of an arm that is not finished.</summary>
    public void Keep(Arm arm, IReadOnlyDictionary<string, byte[]> files) =>
        RunPaths.Guard(_run.Path, () => RunFiles.Write(PartOf(arm), files));

    /// <summary>Adds a finished arm. Its row comes last, when all else is there.</summary>
    public void Merge(Arm arm, IReadOnlyDictionary<string, byte[]> files)
    {
        Keep(arm, files);
        var (part, autoEncoder) = (PartOf(arm), arm.AutoEncoderIn(_run.Recipe));
        var hasTrainedEncoder = autoEncoder is not null && !File.Exists(_run.ModelPath(autoEncoder));
        RunPaths.Guard(_run.Path, () => MoveFiles(part));
        foreach (var row in MetricsTable.Load(Path.Combine(part, RunFolder.MetricsName)))
            if (row.Arm == arm.Name || row.Arm == autoEncoder && hasTrainedEncoder) _run.AddMetrics(row);
        foreach (var (name, forms) in RunManifest.Load(Path.Combine(part, ManifestFile.Name)).Convolutions)
            _run.Manifest.Record(name, forms);
        _run.AddArm(RunSummary.Load(Path.Combine(part, RunFolder.SummaryName)).Find(arm.Name)!);
        Directory.Delete(part, recursive: true);
    }

    /// <summary>Puts the rows of finished arms in the order in which one process makes them.</summary>
    public void Sort() => _run.SortArms(name => 2 * PlaceOf(name) - (ArmNames.AutoEncoders.Contains(name) ? 1 : 0));

    /// <summary>Moves the files of an arm that the run keeps into its folder.</summary>
    private void MoveFiles(string part)
    {
        // The manifest comes first, as a run with rows has one.
        if (!File.Exists(_run.Manifest.Path)) File.Copy(Path.Combine(part, ManifestFile.Name), _run.Manifest.Path);
        foreach (var path in Directory.GetFiles(part))
        {
            var name = Path.GetFileName(path);
            if (name != RunFiles.Checkpoint && !RunFiles.Tables.Contains(name))
                File.Move(path, Path.Combine(_run.Path, name), overwrite: true);
        }
    }

    /// <summary>The place of an arm; an auto-encoder is trained by the first that begins with its encoder.</summary>
    private int PlaceOf(string name) => _order.FindIndex(arm => arm.Name == name || arm.AutoEncoderIn(_run.Recipe) == name);

    private IEnumerable<Arm> NeedsOf(Arm arm) => arm.NeedsIn(_run.Recipe).SelectMany(need => NeedsOf(need).Prepend(need)).Distinct();

    private string PartOf(Arm arm) => RunPaths.PartOf(_run.Path, arm.Name);

    private static Dictionary<string, byte[]> Read(string folder, IEnumerable<string> names) =>
        names.Where(name => File.Exists(Path.Combine(folder, name))).ToDictionary(name => name, name => RunFiles.Read(folder, name));
}
