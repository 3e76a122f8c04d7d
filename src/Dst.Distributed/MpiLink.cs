using Dst.Training.Ranks;

namespace Dst.Distributed;

/// <summary>The processes of an MPI job. MPI is loaded only where a starter says that there are several.</summary>
/// <example>
/// <code>
/// var link = MpiLink.Join(Launch.Current); // null without mpirun
/// using var pool = new WorkerPool(threads: 1);
/// var compute = new ComputeContext(pool) { Ranks = link is null ? RankGroup.Single : new RankGroup(link) };
/// link?.End();
/// </code>
/// </example>
public sealed unsafe class MpiLink : IRankLink
{
    private readonly MpiLibrary _library;

    private MpiLink(MpiLibrary library) => (_library, Rank, Count) = (library, library.ReadRank(), library.ReadCount());

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>Joins the job of this process, or returns null if it has one process.</summary>
    /// <exception cref="InputException">
    /// There is no MPI library, it is not that of the starter, or it serves no process of several threads.
    /// </exception>
    public static MpiLink? Join(Launch launch)
    {
        ArgumentNullException.ThrowIfNull(launch);
        if (launch.Count == 1) return null;
        var library = MpiLibrary.Load(launch.IsOpenMpi);
        library.Start();
        var link = new MpiLink(library);
        if (link.Count == launch.Count) return link;
        throw new InputException(
            $"{launch.Count} processes were started, and MPI sees {link.Count} of them; the starter of the same MPI was expected, such as "
            + "mpirun of the loaded library, or srun --mpi=pmix");
    }

    /// <inheritdoc/>
    public IRankExchange Begin(int partner, int channel, byte* send, int sendLength, byte* receive, int receiveLength) =>
        new Requests(
            _library, _library.BeginReceive(partner, channel, receive, receiveLength),
            _library.BeginSend(partner, channel, send, sendLength));

    /// <summary>Leaves the job at its end. A process that fails leaves without this call, and the starter ends the others.</summary>
    public void End() => _library.End();

    /// <summary>The requests of two messages.</summary>
    private sealed class Requests(MpiLibrary library, nint receive, nint send) : IRankExchange
    {
        public bool HasEnded() => library.HasEnded(ref receive) && library.HasEnded(ref send);
    }
}
