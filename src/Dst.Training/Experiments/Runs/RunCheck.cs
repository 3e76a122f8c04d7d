namespace Dst.Training.Experiments.Runs;

/// <summary>Finds files that are gone from the folder of a run, or are others, before the run goes on without them.</summary>
internal static class RunCheck
{
    /// <summary>Checks the manifest, the tables and the models of finished arms.</summary>
    /// <exception cref="InputException">One is gone or damaged, or a model is not the one that the run wrote.</exception>
    public static void Check(RunFolder run)
    {
        if (!run.HasResults) return;
        // The manifest is written before anything is trained.
        if (!File.Exists(run.Manifest.Path))
            throw new InputException(
                $"{run.Path} has no {ManifestFile.Name}, without which other data would not be noticed; expected the file that the run "
                + "wrote, or a new run without --resume");
        var epochs = run.ReadMetrics();
        if (!File.Exists(run.SummaryPath)) CheckNoneIsFinished(run, epochs.Select(row => row.Arm).Distinct());
        foreach (var arm in run.Summary.Arms) CheckModel(run, arm);
    }

    // An arm that was stopped while it was tested has its model already, and the checkpoint is still its own. One that the run was taking
    // over from another rank still has its part.
    private static void CheckNoneIsFinished(RunFolder run, IEnumerable<string> trained)
    {
        var last = run.ReadOwner()?.Arm;
        var finished = trained.FirstOrDefault(arm => arm != last && ArmNames.All.Contains(arm) && File.Exists(run.ModelPath(arm))
            && !Directory.Exists(RunPaths.PartOf(run.Path, arm)));
        if (finished is not null)
            throw new InputException(
                $"{run.Path} has no {RunFolder.SummaryName}, and {run.ModelPath(finished)}, the model of the finished arm {finished}, "
                + "would be made again; put back the file that the run wrote, or remove the models of all arms to train them again");
    }

    private static void CheckModel(RunFolder run, ArmSummary arm)
    {
        var path = run.ModelPath(arm.Arm);
        if (FindProblem(path, arm) is not { } problem) return;
        throw new InputException(
            $"{path}, the model of the finished arm {arm.Arm}, {problem}; put back the file that the run wrote, or remove the row of "
            + $"{arm.Arm} from {run.SummaryPath} to train the arm again");
    }

    private static string? FindProblem(string path, ArmSummary arm) =>
        !File.Exists(path) ? "does not exist"
        : !arm.HasModel(path) ? "is another file"
        : null;
}
