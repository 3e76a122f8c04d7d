using System.Globalization;

namespace Dst.Distributed;

/// <summary>What the program's starter, such as mpirun or srun, says of this process.</summary>
/// <param name="Rank">Number of the process, from 0.</param>
/// <param name="Count">Processes of the job.</param>
/// <param name="IsOpenMpi">Whether its MPI is probably Open MPI.</param>
public sealed record Launch(int Rank, int Count, bool IsOpenMpi)
{
    private static readonly (string Rank, string Count, bool IsOpenMpi)[] Variables =
    [
        ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", true), // its mpirun
        ("PMIX_RANK", "SLURM_STEP_NUM_TASKS", true), // srun --mpi=pmix
        ("PMI_RANK", "PMI_SIZE", false), // MPICH, Intel MPI, and srun --mpi=pmi2
        ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS", false),
    ];

    /// <summary>This process; one of one if nothing says otherwise.</summary>
    public static Launch Current { get; } = Read(Environment.GetEnvironmentVariable);

    /// <summary>Whether this process writes files and speaks to the user.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>Reads the environment.</summary>
    /// <param name="variable">The value of a variable, or null.</param>
    public static Launch Read(Func<string, string?> variable)
    {
        foreach (var (rankName, countName, isOpenMpi) in Variables)
        {
            if (Number(variable(rankName)) is { } rank && Number(variable(countName)) is { } count && count > 1)
                return new(rank, count, isOpenMpi);
        }

        return new(0, 1, IsOpenMpi: false);
    }

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
