using System.CommandLine;
using Dst.Cli.Output;
using Dst.Cli.Usage;
using Dst.Training.Experiments.Runs;

namespace Dst.Cli.Actions;

/// <summary>The options that serve the report of a run while it goes on.</summary>
internal static class DashboardOptions
{
    private static readonly Option<bool> HasDashboard = new("--dashboard")
    {
        Description = "Serves the report as it grows, to a browser on this machine, until the run ends.",
    };

    private static readonly Option<int?> Port = SharedOptions.Number(
        "--port", $"With --dashboard: its port. Default: the first free one from {Dashboard.FirstPort} on.", 1, ushort.MaxValue);

    /// <summary>Adds the options.</summary>
    public static void AddTo(Verb verb)
    {
        verb.Add(HasDashboard);
        verb.Add(Port);
    }

    /// <summary>Whether a call asks for a dashboard.</summary>
    public static bool IsAsked(Invocation call) => call.Arguments.GetValue(HasDashboard);

    /// <summary>Refuses a port without a dashboard.</summary>
    /// <exception cref="InputException">There is one.</exception>
    public static void Check(Invocation call)
    {
        if (call.Arguments.GetValue(Port) is not null && !IsAsked(call))
            throw new InputException("option --port goes with --dashboard, which was expected too");
    }

    /// <summary>Begins to serve a run, on rank 0 and if that is asked.</summary>
    /// <returns>The dashboard, or null if there is none.</returns>
    public static Dashboard? Begin(Invocation call, RunFolder run)
    {
        if (!IsAsked(call) || !call.Ranks.IsFirst) return null;
        var dashboard = Dashboard.Begin(run, call.Arguments.GetValue(Port));
        call.Report.Log($"dashboard: http://127.0.0.1:{dashboard.Port}/");
        return dashboard;
    }
}
