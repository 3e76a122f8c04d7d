using System.Runtime.InteropServices;

namespace Dst.Distributed;

/// <summary>
/// The few functions of the system's MPI library that training calls. MPI has no common binary interface: handles are addresses in Open MPI
/// and numbers in MPICH and its relatives (Intel MPI, MVAPICH2).
/// </summary>
/// <remarks>MPI Forum, "MPI: A Message-Passing Interface Standard, Version 3.1", 2015.</remarks>
internal sealed unsafe class MpiLibrary
{
    /// <summary>MPI_THREAD_FUNNELED: of the threads of a process only one calls MPI.</summary>
    private const int ThreadFunneled = 1;

    private const int Success = 0;
    private const nint MpichWorld = 0x44000000;
    private const nint MpichByte = 0x4c00010d;
    private const nint MpichStatusIgnore = 1;

    private static readonly string[] OpenMpiNames = ["libmpi.so.40", "libmpi.40.dylib"];
    private static readonly string[] MpichNames = ["libmpich.so.12", "libmpi.so.12", "libmpi.12.dylib"];

    private readonly delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int> _send;
    private readonly delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int> _receive;
    private readonly delegate* unmanaged<nint*, int*, nint, int> _test;
    private readonly nint _library;
    private readonly nint _world;
    private readonly nint _byte;
    private readonly nint _statusIgnore;

    private MpiLibrary(nint library)
    {
        _library = library;
        if (NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _world))
        {
            _byte = NativeLibrary.GetExport(library, "ompi_mpi_byte");
        }
        else
        {
            (_world, _byte, _statusIgnore) = (MpichWorld, MpichByte, MpichStatusIgnore);
        }

        _send = (delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)NativeLibrary.GetExport(library, "MPI_Isend");
        _receive = (delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)NativeLibrary.GetExport(library, "MPI_Irecv");
        _test = (delegate* unmanaged<nint*, int*, nint, int>)NativeLibrary.GetExport(library, "MPI_Test");
    }

    /// <summary>Loads the library, that of the starter first.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static MpiLibrary Load(bool prefersOpenMpi)
    {
        string[] names = prefersOpenMpi ? [.. OpenMpiNames, .. MpichNames] : [.. MpichNames, .. OpenMpiNames];
        foreach (var name in names)
        {
            if (NativeLibrary.TryLoad(name, out var library)) return new(library);
        }

        throw new InputException(
            $"no MPI library was found, and the job has several processes; one of {string.Join(", ", names)} was expected, which the "
            + "packages libopenmpi3 and libmpich12 bring");
    }

    /// <summary>Joins the job.</summary>
    /// <exception cref="InputException">The library serves no process of several threads.</exception>
    public void Start()
    {
        int provided;
        var start = (delegate* unmanaged<int*, byte***, int, int*, int>)NativeLibrary.GetExport(_library, "MPI_Init_thread");
        Check(start(null, null, ThreadFunneled, &provided), "MPI_Init_thread");
        if (provided < ThreadFunneled)
            throw new InputException(
                $"the MPI library gives thread level {provided}; {ThreadFunneled} (MPI_THREAD_FUNNELED) or more was expected: an MPI that "
                + "was built with support of threads");
    }

    /// <summary>Number of this process.</summary>
    public int ReadRank() => Ask("MPI_Comm_rank");

    /// <summary>Processes of the job.</summary>
    public int ReadCount() => Ask("MPI_Comm_size");

    /// <summary>Begins to send. A request is an address in Open MPI, and in MPICH the lower half of one.</summary>
    public nint BeginSend(int partner, int tag, byte* bytes, int length)
    {
        nint request = 0;
        Check(_send(bytes, length, _byte, partner, tag, _world, &request), "MPI_Isend");
        return request;
    }

    /// <summary>Begins to receive.</summary>
    public nint BeginReceive(int partner, int tag, byte* bytes, int length)
    {
        nint request = 0;
        Check(_receive(bytes, length, _byte, partner, tag, _world, &request), "MPI_Irecv");
        return request;
    }

    /// <summary>Whether a request has ended. MPI makes it a null request then, which has ended too.</summary>
    public bool HasEnded(ref nint request)
    {
        int flag;
        fixed (nint* own = &request) Check(_test(own, &flag, _statusIgnore), "MPI_Test");
        return flag != 0;
    }

    /// <summary>Leaves the job; every process must do so.</summary>
    public void End() => Check(((delegate* unmanaged<int>)NativeLibrary.GetExport(_library, "MPI_Finalize"))(), "MPI_Finalize");

    private int Ask(string function)
    {
        int value;
        Check(((delegate* unmanaged<nint, int*, int>)NativeLibrary.GetExport(_library, function))(_world, &value), function);
        return value;
    }

    private static void Check(int status, string function)
    {
        if (status != Success) throw new IOException(Invariant($"{function} failed with status {status}"));
    }
}
