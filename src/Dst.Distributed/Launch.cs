using System.Globalization;

namespace Dst.Distributed;

/// <summary>What the program's starter, such as mpirun or srun, says of this process.</summary>
/// <param name="Rank">Number of the process, from 0.</param>
/// <param name="Count">Processes of the job.</param>
/// <param name="IsOpenMpi">Whether Open MPI's mpirun started it.</param>
public sealed record Launch(int Rank, int Count, bool IsOpenMpi)
{
    private static readonly (string Rank, string Count)[] Variables =
    [
        ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), // Open MPI
        ("PMI_RANK", "PMI_SIZE"), // MPICH, Intel MPI, and srun --mpi=pmi2
        ("SLURM_PROCID", "SLURM_STEP_NUM_TASKS"), // srun --mpi=pmix
    ];

    /// <summary>This process; one of one if nothing says otherwise.</summary>
    public static Launch Current { get; } = Read(Environment.GetEnvironmentVariable);

    /// <summary>Whether this process writes files and speaks to the user.</summary>
    public bool IsFirst => Rank == 0;

    /// <summary>Reads the environment.</summary>
    /// <param name="variable">The value of a variable, or null.</param>
    public static Launch Read(Func<string, string?> variable)
    {
        foreach (var (rankName, countName) in Variables)
        {
            if (Number(variable(rankName)) is { } rank && Number(variable(countName)) is { } count && count > 1)
                return new(rank, count, rankName == Variables[0].Rank);
        }

        return new(0, 1, IsOpenMpi: false);
    }

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
