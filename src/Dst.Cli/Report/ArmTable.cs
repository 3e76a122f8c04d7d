using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Report;

/// <summary>The table of arms of one run.</summary>
internal static class ArmTable
{
    /// <summary>A row an arm.</summary>
    public static TextTable Of(RunSummary summary)
    {
        var table = new TextTable("arm", "network", "test top-1", "validation", "weights", "kept", "MACs kept", "file", "ms", "ms dense", "best epoch", "time");
        foreach (var arm in summary.Arms)
        {
            table.Add(
                arm.Arm, arm.Network, Format.Percent(arm.TestTop1), Format.Percent(arm.ValidationTop1), Format.Count(arm.Weights), Format.Count(arm.Nonzero),
                Format.Count(arm.EffectiveMacs), Format.Bytes(arm.FileBytes), $"{arm.LatencyMs.Min:F3}", $"{(arm.LatencyDenseMs ?? arm.LatencyMs).Min:F3}",
                $"{arm.BestEpoch}/{arm.Epochs}", Format.Duration(TimeSpan.FromSeconds(arm.Seconds)));
        }

        return table;
    }
}
