using Dst.Training.Autodiff;

namespace Dst.Training.Experiments.Runs;

/// <summary>The file <c>manifest.json</c> of a run folder.</summary>
/// <param name="folder">The run folder.</param>
/// <param name="isForced">Whether the run goes on although something is different that may change its result.</param>
public sealed class ManifestFile(string folder, bool isForced)
{
    /// <summary>Name of the file.</summary>
    public const string Name = "manifest.json";

    internal string Path { get; } = System.IO.Path.Combine(folder, Name);

    /// <summary>
    /// Writes the manifest, or compares it with that of the run that is resumed. If the run is forced, what has changed is written too.
    /// </summary>
    /// <param name="manifest">Program, machine and data of this process.</param>
    /// <param name="ofRecipe">What is different in the recipe.</param>
    /// <returns>What is different and may change the result.</returns>
    /// <exception cref="InputException">It cannot be written, or it is not that of the run and the run is not forced.</exception>
    internal IReadOnlyList<string> Write(RunManifest manifest, IReadOnlyList<string> ofRecipe)
    {
        if (File.Exists(Path)) return Compare(manifest, Load(), ofRecipe);
        manifest.Save(Path);
        return [];
    }

    /// <summary>Compares the data with those that the run was begun with, if it was.</summary>
    /// <exception cref="InputException">They are others.</exception>
    internal void CheckData(RunManifest manifest)
    {
        if (File.Exists(Path)) manifest.CheckData(Load(), Path);
    }

    /// <summary>
    /// Compares program and machine with those that the run was begun with, if it was. Its data may be another than that of
    /// <paramref name="manifest"/>.
    /// </summary>
    /// <returns>What is different and may change the result.</returns>
    /// <exception cref="InputException">Something is, and the run is not forced.</exception>
    internal IReadOnlyList<string> CompareProgram(RunManifest manifest, IReadOnlyList<string> ofRecipe)
    {
        if (!File.Exists(Path)) return [];
        var earlier = Load();
        return Compare(manifest with { Data = earlier.Data }, earlier, ofRecipe);
    }

    /// <summary>Adds an arm's measured convolutions.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="forms">What was measured.</param>
    /// <exception cref="InputException">The manifest cannot be read or written.</exception>
    public void Record(string arm, ConvolutionForms forms)
    {
        var manifest = Load();
        var convolutions = new Dictionary<string, ConvolutionForms>(manifest.Convolutions) { [arm] = forms };
        (manifest with { Convolutions = convolutions }).Save(Path);
    }

    private RunManifest Load() => RunPaths.Read(() => RunManifest.Load(Path), "begin a new run without --resume");

    private IReadOnlyList<string> Compare(RunManifest manifest, RunManifest earlier, IReadOnlyList<string> ofRecipe)
    {
        manifest.CheckData(earlier, Path);
        IReadOnlyList<string> differences = [.. manifest.Differences(earlier), .. ofRecipe];
        if (differences.Count == 0) return [];
        if (!isForced)
            throw new InputException(
                $"run folder {folder} would end with other bits than an unbroken run: {string.Join("; ", differences)}; expected the same "
                + $"to resume, or {RunFolder.ForceOption}");
        (manifest with
        {
            Command = earlier.Command,
            Started = earlier.Started,
            Convolutions = earlier.Convolutions,
            Changes = [.. earlier.Changes, string.Join("; ", differences)],
        }).Save(Path);
        return differences;
    }
}
