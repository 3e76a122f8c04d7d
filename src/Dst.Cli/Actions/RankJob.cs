using System.Globalization;
using Dst.Cli.Usage;
using Dst.Distributed;
using Dst.Training.Ranks;

namespace Dst.Cli.Actions;

/// <summary>Work that the processes of mpirun or srun share.</summary>
internal static class RankJob
{
    /// <summary>Name of the environment variable that says for how many seconds a rank waits for another.</summary>
    private const string PatienceVariable = "DST_RANK_PATIENCE";

    /// <summary>Joins the other processes, if there are any, and works with them: <see cref="Invocation.Ranks"/>.</summary>
    /// <param name="call">The call; on all ranks but the first it writes nothing.</param>
    /// <param name="parts">Parts of a batch.</param>
    /// <param name="work">The work.</param>
    public static void Run(Invocation call, int parts, Action work)
    {
        var link = MpiLink.Join(Launch.Current);
        if (link is not null) call.Ranks = new(link, parts) { Patience = ReadPatience() };
        work();
        link?.End();
    }

    private static TimeSpan ReadPatience()
    {
        if (Environment.GetEnvironmentVariable(PatienceVariable) is not { } text) return RankGroup.Single.Patience;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : throw new InputException($"environment variable {PatienceVariable} is '{text}'; a number of seconds was expected");
    }
}
