namespace Dst.Training.Experiments.Runs;

/// <summary>Finds files that are gone from the folder of a run, or are others, before the run goes on without them.</summary>
internal static class RunCheck
{
    /// <summary>Checks the manifest and the models of finished arms.</summary>
    /// <exception cref="InputException">One is gone, or a model is not the one that the run wrote.</exception>
    public static void Check(RunFolder run)
    {
        // The manifest is written before anything is trained.
        if (run.HasResults && !File.Exists(run.Manifest.Path))
            throw new InputException(
                $"{run.Path} has no {ManifestFile.Name}, without which other data would not be noticed; expected the file that the run "
                + "wrote, or a new run without --resume");
        foreach (var arm in run.Summary.Arms) CheckModel(run, arm);
    }

    private static void CheckModel(RunFolder run, ArmSummary arm)
    {
        var path = run.ModelPath(arm.Arm);
        if (FindProblem(path, arm) is not { } problem) return;
        throw new InputException(
            $"{path}, the model of the finished arm {arm.Arm}, {problem}; put back the file that the run wrote, or remove the row of "
            + $"{arm.Arm} from {Path.Combine(run.Path, RunFolder.SummaryName)} to train the arm again");
    }

    // Rows of older versions have no hash.
    private static string? FindProblem(string path, ArmSummary arm) =>
        !File.Exists(path) ? "does not exist"
        : arm.ModelHash is { } hash && hash != RunManifest.HashOfFile(path) ? "is another file"
        : null;
}
